import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"

import { CancelScope } from "../../src/index.ts"
import { DbError, ends, inCause, launch, logs } from "./fixtures.ts"

/** Interrupts the effect after a second and gives its exit and the time of its end. */
const cancelledAfterASecond = <A, E>(self: Effect.Effect<A, E>, seconds = 60) =>
  Effect.gen(function* () {
    const { layer, lines } = logs()
    yield* TestClock.adjust(0)
    let at = NaN
    const fiber = yield* Effect.forkChild(Effect.provide(self, layer), { startImmediately: true })
    const note = Effect.clockWith((clock) => Effect.sync(() => (at = clock.currentTimeMillisUnsafe())))
    yield* Effect.forkChild(Effect.andThen(Fiber.await(fiber), note), { startImmediately: true })
    yield* launch(Effect.andThen(Effect.sleep("1 second"), Fiber.interrupt(fiber)))
    yield* TestClock.adjust(seconds * 1000)
    return { exit: fiber.pollUnsafe(), at, lines }
  })

describe("CancelScope", () => {
  describe("shield", () => {
    it.effect("gives value, error and defect of the effect", () =>
      Effect.gen(function* () {
        for (const exit of [Exit.succeed(1), Exit.fail(new DbError({ code: "x" })), Exit.die("boom")]) {
          const later = Effect.andThen(Effect.yieldNow, exit)
          for (const effect of [exit, Effect.suspend(() => exit), later]) {
            assert.deepStrictEqual(
              yield* Effect.exit(CancelScope.shield(effect, { atMost: "1 second" })),
              exit
            )
          }
        }
      })
    )

    it.effect("holds an interruption off until the effect is done", () =>
      Effect.gen(function* () {
        let done = false
        let after = false
        const { at, exit, lines } = yield* cancelledAfterASecond(
          Effect.andThen(
            Effect.andThen(
              Effect.sleep("3 seconds"),
              Effect.sync(() => (done = true))
            ).pipe(CancelScope.shield({ atMost: "5 seconds" })),
            Effect.sync(() => (after = true))
          )
        )
        assert.isTrue(done)
        assert.isFalse(after)
        assert.strictEqual(at, 3000)
        assert.deepStrictEqual(inCause(exit!), ["Interrupt ?"])
        assert.deepStrictEqual(lines, [])
      })
    )

    it.effect("interrupts it at its bound, counted from its start, and says what it waited on", () =>
      Effect.gen(function* () {
        let cleaned = false
        const { at, exit, lines } = yield* cancelledAfterASecond(
          Effect.never.pipe(
            Effect.withSpan("flush"),
            Effect.ensuring(
              Effect.andThen(
                Effect.sleep("1 second"),
                Effect.sync(() => (cleaned = true))
              )
            ),
            CancelScope.shield({ atMost: "5 seconds", name: "commit" })
          )
        )
        assert.isTrue(cleaned)
        assert.strictEqual(at, 6000)
        assert.deepStrictEqual(inCause(exit!), ["Interrupt ?"])
        assert.deepStrictEqual(lines, [
          'Warn CancelScope.shield "commit" held cancellation off for as long as it may and is interrupted now; it waits on flush'
        ])
      })
    )

    it.effect("lets an interruption after its bound through at once", () =>
      Effect.gen(function* () {
        const { at } = yield* cancelledAfterASecond(
          CancelScope.shield(Effect.never, { atMost: "500 millis" })
        )
        assert.strictEqual(at, 1000)
      })
    )

    it.effect("lets the effect run beyond the bound when nobody cancels", () =>
      Effect.gen(function* () {
        const { at, exit } = yield* ends(
          Effect.as(Effect.sleep("9 seconds"), 1).pipe(CancelScope.shield({ atMost: "5 seconds" }))
        )
        assert.deepStrictEqual(exit, Exit.succeed(1))
        assert.strictEqual(at, 9000)
      })
    )

    it.effect("and also where nobody can", () =>
      Effect.gen(function* () {
        const { at, exit } = yield* ends(
          Effect.as(Effect.sleep("9 seconds"), 1).pipe(
            CancelScope.shield({ atMost: "5 seconds" }),
            Effect.uninterruptible
          )
        )
        assert.deepStrictEqual(exit, Exit.succeed(1))
        assert.strictEqual(at, 9000)
      })
    )

    it.effect("its bound converts nothing: a time limit inside that is equal to it is on time", () =>
      Effect.gen(function* () {
        const { at, exit } = yield* ends(
          Effect.never.pipe(CancelScope.moveOnAfter("5 seconds"), CancelScope.shield({ atMost: "5 seconds" }))
        )
        assert.deepStrictEqual(exit, Exit.succeed(Option.none()))
        assert.strictEqual(at, 5000)
      })
    )

    it.effect("keeps the failure of the effect that an interruption waited for", () =>
      Effect.gen(function* () {
        const { exit } = yield* cancelledAfterASecond(
          CancelScope.shield(Effect.andThen(Effect.sleep("2 seconds"), Effect.die("commit")), {
            atMost: "5 seconds"
          })
        )
        assert.deepStrictEqual(inCause(exit!), ["Interrupt ?", "Die commit"])
      })
    )

    it.effect("holds a deadline off: the scope converts when the effect is done", () =>
      Effect.gen(function* () {
        const { at, exit } = yield* ends(
          Effect.as(Effect.sleep("3 seconds"), 1).pipe(
            CancelScope.shield({ atMost: "5 seconds" }),
            CancelScope.moveOnAfter("1 second")
          )
        )
        assert.deepStrictEqual(exit, Exit.succeed(Option.none()))
        assert.strictEqual(at, 3000)
      })
    )

    it.effect("replaces the outer deadlines by its bound", () =>
      Effect.gen(function* () {
        const asked = Effect.all([CancelScope.deadline, CancelScope.remaining])
        const inside = asked.pipe(
          CancelScope.shield({ atMost: "5 seconds" }),
          CancelScope.failAfter("1 second")
        )
        assert.deepStrictEqual(yield* inside, [Option.some(DateTime.makeUnsafe(5000)), Duration.seconds(5)])
      })
    )

    it.effect("bounds a finalizer: pending cancellation interrupts it at the bound", () =>
      Effect.gen(function* () {
        const { layer, lines } = logs()
        const { at, exit } = yield* ends(
          Effect.never.pipe(
            Effect.ensuring(CancelScope.shield(Effect.never, { atMost: "2 seconds", name: "close" })),
            CancelScope.moveOnAfter("1 second"),
            Effect.provide(layer)
          )
        )
        assert.deepStrictEqual(exit, Exit.succeed(Option.none()))
        assert.strictEqual(at, 3000)
        assert.deepStrictEqual(lines, [
          'Warn CancelScope.shield "close" held cancellation off for as long as it may and is interrupted now'
        ])
      })
    )

    it.effect("a cancellation that comes while a finalizer runs counts from its start too", () =>
      Effect.gen(function* () {
        const { at } = yield* ends(
          Effect.void.pipe(
            Effect.ensuring(CancelScope.shield(Effect.never, { atMost: "2 seconds" })),
            CancelScope.moveOnAfter("1 second")
          )
        )
        assert.strictEqual(at, 2000)
      })
    )

    it.effect("dies on a bound that is no duration", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(CancelScope.shield(Effect.void, { atMost: NaN }))
        assert.deepStrictEqual(inCause(exit), ["Die CancelScope.shield: atMost must be a duration, got NaN"])
      })
    )
  })
})
