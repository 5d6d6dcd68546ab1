import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"

import { CancelScope } from "../../src/index.ts"

describe("CancelScope", () => {
  describe("failAfter", () => {
    it.effect("fails with DeadlineExceeded when the deadline passes", () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(
          Effect.never.pipe(CancelScope.failAfter("5 seconds", { name: "user" })),
          {
            startImmediately: true
          }
        )
        yield* TestClock.adjust("4999 millis")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        const exit = yield* Fiber.await(fiber)
        assert.deepStrictEqual(
          exit,
          Exit.fail(
            new CancelScope.DeadlineExceeded({
              scope: "user",
              timeout: Duration.seconds(5),
              waitingOn: undefined
            })
          )
        )
      })
    )
    it.effect("interrupts the work when the owner is interrupted", () =>
      Effect.gen(function* () {
        let cleaned = false
        const fiber = yield* Effect.forkChild(
          Effect.never.pipe(
            Effect.ensuring(
              Effect.andThen(
                Effect.yieldNow,
                Effect.sync(() => (cleaned = true))
              )
            ),
            CancelScope.failAfter("5 seconds")
          ),
          { startImmediately: true }
        )
        yield* Fiber.interrupt(fiber)
        assert.isTrue(cleaned)
        const exit = yield* Fiber.await(fiber)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      })
    )
    it.effect("gives the value", () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* Effect.sync(() => 1).pipe(CancelScope.failAfter("5 seconds")), 1)
        assert.strictEqual(yield* Effect.as(Effect.yieldNow, 1).pipe(CancelScope.failAfter("5 seconds")), 1)
      })
    )
  })
})
