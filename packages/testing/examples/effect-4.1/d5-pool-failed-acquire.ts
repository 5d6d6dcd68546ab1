/** When `acquire` of a `Pool` fails, the borrowers that wait can be left asleep with nobody acquiring for them. */
import { Effect, Pool } from "effect"
import { Explore } from "@skein/testing"
import { hangsOfRandomYields } from "./plain.ts"
import type { Defect } from "./plain.ts"

/** Refused once, and never again. */
const refusedOnce = () => {
  let attempts = 0
  return Effect.suspend(() =>
    ++attempts === 1 ? Effect.andThen(Effect.yieldNow, Effect.fail("refused")) : Effect.succeed("item")
  )
}

/** Three fibers borrow the only item. Outside the explorer `named` does nothing. */
const program = () =>
  Effect.gen(function* () {
    const pool = yield* Pool.make({ acquire: refusedOnce(), size: 1 })
    const borrow = Effect.ignore(Effect.scoped(Pool.get(pool)))
    yield* Effect.all(
      ["a", "b", "c"].map((name) => Explore.named(borrow, name)),
      { concurrency: "unbounded", discard: true }
    )
  }).pipe(Effect.scoped)

export const defect: Defect = {
  program,
  interrupts: false,
  problem: "Deadlock",
  seed: "x1:o:1.28*3",
  plain: hangsOfRandomYields(60, program)
}
