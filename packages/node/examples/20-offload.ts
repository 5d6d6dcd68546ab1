// `run_in_executor(None, f, arg)`: blocking or CPU-bound work elsewhere. The functions of a module become typed effects that
// run in worker threads; the event loop stays free, cancelling a call stops its function, an error is a value of this side.
import { CancelScope, Gather } from "@skein/core"
import { Console, Effect, Fiber, Option } from "effect"

import { Offload, Runner } from "@skein/node"

const program = Effect.gen(function* () {
  const hash = yield* Offload.module<typeof import("./support/hash.ts")>(
    new URL("./support/hash.ts", import.meta.url),
    { workers: 2 }
  )

  // meanwhile this side goes on
  let ticks = 0
  const ticker = yield* Effect.forkChild(
    Effect.forever(
      Effect.andThen(
        Effect.sync(() => ticks++),
        Effect.sleep("1 millis")
      )
    )
  )
  const digests = yield* Gather.map(["ada", "grace", "barbara"], (password) => hash.stretch(password, 40_000))
  yield* Console.log(digests.join(" "))
  yield* Fiber.interrupt(ticker)
  yield* Console.log(`the loop was free: ${ticks > 10}`)

  // what a function throws arrives as it was, wrapped in what call it came from
  const failure = yield* Effect.flip(hash.parse("{"))
  yield* Console.log(
    `${failure.function}: ${failure.reason._tag} ${(failure.reason as { error: Error }).error.name}`
  )

  // a deadline reaches the worker as an abort signal; one that heeds none is terminated after a grace
  const guess = yield* hash.guess("no such hash").pipe(CancelScope.moveOnAfter("100 millis"))
  yield* Console.log(`guessed: ${Option.isSome(guess)}`)
})

program.pipe(Effect.scoped, Runner.main)
