/** A borrower of a `Pool` that was woken and lost the item to another one can sleep for ever beside a free item. */
import { Effect, Pool } from "effect"
import { Explore } from "@skein/testing"
import { hangsOfRandomYields } from "./plain.ts"
import type { Defect } from "./plain.ts"

/** Four fibers borrow the only item and give it back. Outside the explorer `named` does nothing. */
const program = () =>
  Effect.gen(function* () {
    const pool = yield* Pool.make({ acquire: Effect.succeed("item"), size: 1 })
    const borrow = Effect.scoped(Pool.get(pool))
    yield* Effect.all(
      ["a", "b", "c", "d"].map((name) => Explore.named(borrow, name)),
      { concurrency: "unbounded", discard: true }
    )
  }).pipe(Effect.scoped)

export const defect: Defect = {
  program,
  interrupts: false,
  problem: "Deadlock",
  seed: "x1:o:0.16*1-1.3*0-0.19*1-1.8*0-1.11*5-5.9*3-3.9*5-5.11*2-2.5*1-1.21*3-3.12*4-5.14*3-3.16.1>1f-1.25.1>5f-4.21.1>4t0f-5.22*1t0-2.20*5-5.25*2-2.23.1>2t0f",
  plain: hangsOfRandomYields(600, program)
}
