import { assert, describe, it } from "@effect/vitest"
import { Event } from "@skein/core"
import { Effect, Fiber } from "effect"

import { interrupted, interruptNow, note, settle, spawn } from "../sync/fixtures.ts"

describe("conformance: event", () => {
  it.effect("EV-001: all waiters wake in order of waiting; later waits return at once", () =>
    Effect.gen(function* () {
      const event = yield* Event.make()
      const log: Array<number> = []
      for (const n of [1, 2, 3]) yield* spawn(Effect.andThen(Event.wait(event), note(log)(n)))
      assert.isTrue(yield* Event.set(event))
      assert.isFalse(yield* Event.set(event))
      yield* settle
      assert.deepStrictEqual(log, [1, 2, 3])
      yield* Event.wait(event)
    })
  )

  it.effect("EV-002: set and cleared, or set twice, before the waiter runs: it wakes, once", () =>
    Effect.gen(function* () {
      const event = yield* Event.make()
      const log: Array<number> = []
      const waiter = yield* spawn(Effect.andThen(Event.wait(event), note(log)(1)))
      yield* Event.set(event)
      assert.isTrue(yield* Event.clear(event))
      assert.isFalse(yield* Event.clear(event))
      yield* Event.set(event)
      yield* Event.clear(event)
      yield* Fiber.join(waiter)
      assert.deepStrictEqual(log, [1])
      const next = yield* spawn(Event.wait(event))
      assert.isUndefined(next.pollUnsafe())
      yield* Fiber.interrupt(next)
    })
  )

  it.effect("EV-003: a cancelled waiter leaves the list and does not wake", () =>
    Effect.gen(function* () {
      const event = yield* Event.make()
      let woke = false
      const waiter = yield* spawn(
        Effect.andThen(
          Event.wait(event),
          Effect.sync(() => (woke = true))
        )
      )
      yield* Fiber.interrupt(waiter)
      assert.deepStrictEqual((yield* Event.statistics(event)).waiting, [])
      yield* Event.set(event)
      yield* settle
      assert.isFalse(woke)
    })
  )

  it.effect("EV-004: set, then cancelled in the same step: the cancellation wins", () =>
    Effect.gen(function* () {
      const event = yield* Event.make()
      const waiter = yield* spawn(Event.wait(event))
      yield* Event.set(event)
      yield* interruptNow(waiter)
      assert.isTrue(interrupted(yield* Fiber.await(waiter)))
    })
  )
})
