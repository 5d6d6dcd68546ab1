import { assert, describe, it } from "@effect/vitest"
import { Barrier } from "@skein/core"
import { InterruptSweep } from "@skein/testing"
import { Effect } from "effect"

import { settle, spawn } from "./fixtures.ts"

describe("Barrier", () => {
  it.effect("wait is cancel-safe: either it has not arrived, or the round is complete", () =>
    InterruptSweep.run({
      setup: Effect.gen(function* () {
        const barrier = yield* Barrier.make(2)
        yield* Effect.forkDetach(Effect.andThen(Effect.yieldNow, Barrier.wait(barrier)))
        return barrier
      }),
      subject: Barrier.wait,
      check: (barrier) =>
        Effect.gen(function* () {
          yield* settle
          const { waiting } = yield* Barrier.statistics(barrier)
          assert.isAtMost(waiting.length, 1)
          // The next round begins with those who wait.
          const missing = 2 - waiting.length
          for (let i = 1; i < missing; i++) yield* spawn(Barrier.wait(barrier))
          assert.strictEqual(yield* Barrier.wait(barrier), 1)
          assert.isFalse(yield* Barrier.isBroken(barrier))
        })
    })
  )

  it.effect("names its waiters", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(2, { name: "start" })
      assert.deepInclude(barrier, { name: "start", parties: 2 })
      const fiber = yield* spawn(Barrier.wait(barrier))
      assert.deepStrictEqual(yield* Barrier.statistics(barrier), {
        waiting: [`fiber:${fiber.id}`],
        maxWaiting: 1
      })
      yield* Barrier.wait(barrier)
    })
  )
})
