import { assert, describe, it } from "@effect/vitest"
import { Event } from "@skein/core"
import { InterruptSweep } from "@skein/testing"
import { Effect, Fiber } from "effect"

import { settle, spawn } from "./fixtures.ts"

describe("Event", () => {
  it.effect("setUnsafe resumes nobody inline, and works from outside of fibers", () =>
    Effect.gen(function* () {
      const event = yield* Event.make({ name: "ready" })
      let woke = 0
      const all = yield* spawn(
        Effect.forEach(
          Array.from({ length: 5_000 }),
          () =>
            Effect.andThen(
              Event.wait(event),
              Effect.sync(() => woke++)
            ),
          { concurrency: "unbounded", discard: true }
        )
      )
      assert.strictEqual((yield* Event.statistics(event)).maxWaiting, 5_000)
      assert.isTrue(Event.setUnsafe(event))
      assert.isFalse(Event.setUnsafe(event))
      assert.strictEqual(woke, 0)
      yield* Fiber.join(all)
      assert.strictEqual(woke, 5_000)
      assert.isTrue(yield* Event.isSet(event))
    })
  )

  it.effect("wait is cancel-safe", () =>
    InterruptSweep.run({
      setup: Effect.gen(function* () {
        const event = yield* Event.make()
        yield* Effect.forkDetach(Effect.andThen(Effect.yieldNow, Event.set(event)))
        return event
      }),
      subject: Event.wait,
      check: (event) =>
        Effect.gen(function* () {
          yield* settle
          assert.deepStrictEqual((yield* Event.statistics(event)).waiting, [])
          yield* Event.wait(event)
        })
    })
  )
})
