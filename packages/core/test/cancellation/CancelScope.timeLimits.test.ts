import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Deferred, Duration, Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"

import { CancelReason, CancelScope } from "../../src/index.ts"
import { DbError, ends, inCause, interrupted, launch, logs } from "./fixtures.ts"

class PageTooSlow extends Data.TaggedError("PageTooSlow")<{ readonly after: Duration.Duration }> {}

const exceeded = (scope: string | undefined, timeout: Duration.Input, waitingOn?: string) =>
  new CancelScope.DeadlineExceeded({
    scope,
    timeout: Duration.fromInputUnsafe(timeout),
    waitingOn
  })

describe("CancelScope", () => {
  describe("failAfter", () => {
    it.effect("fails with DeadlineExceeded at the deadline, not before", () =>
      Effect.gen(function* () {
        const { at, exit } = yield* ends(
          Effect.never.pipe(CancelScope.failAfter("5 seconds", { name: "user" }))
        )
        assert.deepStrictEqual(exit, Exit.fail(exceeded("user", "5 seconds")))
        assert.strictEqual(at, 5000)
      })
    )

    it.effect("gives the value, the error or the defect of an effect that is done in time", () =>
      Effect.gen(function* () {
        const error = new DbError({ code: "x" })
        for (const exit of [Exit.succeed(1), Exit.fail(error), Exit.die("boom")]) {
          const done = Effect.exit(CancelScope.failAfter(exit, "1 second"))
          const atOnce = Effect.exit(
            CancelScope.failAfter(
              Effect.suspend(() => exit),
              "1 second"
            )
          )
          const later = Effect.exit(CancelScope.failAfter(Effect.andThen(Effect.yieldNow, exit), "1 second"))
          assert.deepStrictEqual([yield* done, yield* atOnce, yield* later], [exit, exit, exit])
        }
      })
    )

    it.effect("sees to the cleanup before it fails", () =>
      Effect.gen(function* () {
        const { at } = yield* ends(
          Effect.never.pipe(Effect.ensuring(Effect.sleep("2 seconds")), CancelScope.failAfter("5 seconds"))
        )
        assert.strictEqual(at, 7000)
      })
    )

    it.effect("keeps what else failed beside DeadlineExceeded, after it", () =>
      Effect.gen(function* () {
        const dying = yield* ends(
          Effect.never.pipe(Effect.ensuring(Effect.die("cleanup")), CancelScope.failAfter("5 seconds"))
        )
        assert.deepStrictEqual(inCause(dying.exit), ["Fail DeadlineExceeded", "Die cleanup"])
        const failing = yield* ends(
          Effect.never.pipe(
            Effect.onExit(() => Effect.fail(new DbError({ code: "x" }))),
            CancelScope.failAfter("5 seconds")
          )
        )
        assert.deepStrictEqual(inCause(failing.exit), ["Fail DeadlineExceeded", "Fail DbError"])
      })
    )

    it.effect("fails with what onTimeout makes of it; a throw in it is a defect", () =>
      Effect.gen(function* () {
        const { exit } = yield* ends(
          Effect.never.pipe(
            CancelScope.failAfter("5 seconds", {
              onTimeout: (error) => new PageTooSlow({ after: error.timeout })
            })
          )
        )
        assert.deepStrictEqual(exit, Exit.fail(new PageTooSlow({ after: Duration.seconds(5) })))
        const thrown = yield* ends(
          Effect.never.pipe(
            CancelScope.failAfter("5 seconds", {
              onTimeout: () => {
                throw new Error("oops")
              }
            })
          )
        )
        assert.deepStrictEqual(inCause(thrown.exit), ["Die oops"])
      })
    )

    it.effect("does not start an effect that it gives no time, nor refuse one that is done", () =>
      Effect.gen(function* () {
        for (const timeout of [0, -1, Duration.zero, "0 seconds"] as const) {
          const exit = yield* Effect.exit(
            CancelScope.failAfter(Effect.die("started"), timeout, { name: "page" })
          )
          // A value that is there is not too late.
          assert.deepStrictEqual(exit, Exit.die("started"))
          const lazy = yield* Effect.exit(
            CancelScope.failAfter(
              Effect.sync(() => assert.fail("started")),
              timeout
            )
          )
          assert.deepStrictEqual(lazy, Exit.fail(exceeded(undefined, 0)))
        }
        assert.strictEqual(yield* CancelScope.failAfter(Effect.succeed(1), 0), 1)
      })
    )

    it.effect("is no limit when infinite", () =>
      Effect.gen(function* () {
        const { exit } = yield* ends(
          Effect.as(Effect.sleep("50 seconds"), 1).pipe(CancelScope.failAfter(Infinity))
        )
        assert.deepStrictEqual(exit, Exit.succeed(1))
      })
    )

    it.effect("dies on what is no duration, naming it", () =>
      Effect.gen(function* () {
        const of = (timeout: any) =>
          Effect.map(Effect.exit(CancelScope.failAfter(Effect.void, timeout)), inCause)
        assert.deepStrictEqual(yield* of(NaN), [
          "Die CancelScope.failAfter: timeout must be a duration, got NaN"
        ])
        assert.deepStrictEqual(yield* of("soon"), [
          'Die CancelScope.failAfter: timeout must be a duration, got "soon"'
        ])
      })
    )

    it.effect("counts from when it is run, not from when it was made", () =>
      Effect.gen(function* () {
        const made = CancelScope.failAfter(Effect.never, "5 seconds")
        yield* TestClock.adjust("4 seconds")
        assert.strictEqual((yield* ends(made)).at, 9000)
      })
    )

    it.effect("keeps a value produced in the same turn as the deadline", () =>
      Effect.gen(function* () {
        // Both at 5 s: whichever the clock wakes first.
        const value = yield* ends(
          Effect.as(Effect.sleep("5 seconds"), 1).pipe(CancelScope.failAfter("5 seconds"))
        )
        assert.deepStrictEqual(value.exit, Exit.succeed(1))
        const ready = yield* Deferred.make<number>()
        const work = Effect.ensuring(Effect.never, Effect.void)
        yield* launch(Effect.andThen(Effect.sleep("4 seconds"), Deferred.succeed(ready, 2)))
        const both = yield* ends(
          Effect.raceFirst(Deferred.await(ready), work).pipe(CancelScope.failAfter("4 seconds"))
        )
        assert.deepStrictEqual(both.exit, Exit.succeed(2))
      })
    )

    it.effect("ends interrupted, not late, when its caller is interrupted first; the work is awaited", () =>
      Effect.gen(function* () {
        yield* TestClock.adjust(0)
        let cleaned = false
        const fiber = yield* Effect.forkChild(
          Effect.never.pipe(
            Effect.ensuring(
              Effect.andThen(
                Effect.sleep("1 second"),
                Effect.sync(() => (cleaned = true))
              )
            ),
            CancelScope.failAfter("5 seconds")
          ),
          { startImmediately: true }
        )
        yield* launch(Fiber.interrupt(fiber))
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 second")
        assert.isTrue(cleaned)
        assert.deepStrictEqual(inCause(fiber.pollUnsafe()!), ["Interrupt ?"])
      })
    )

    it.effect("keeps the failures of the cleanup when its caller is interrupted", () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(
          Effect.never.pipe(Effect.ensuring(Effect.die("cleanup")), CancelScope.failAfter("5 seconds")),
          { startImmediately: true }
        )
        assert.deepStrictEqual(inCause(yield* interrupted(fiber)), ["Interrupt ?", "Die cleanup"])
      })
    )

    it.effect("names the innermost span where nothing better is known", () =>
      Effect.gen(function* () {
        const { exit } = yield* ends(
          Effect.never.pipe(
            Effect.withSpan("connect"),
            CancelScope.failAfter("9 seconds"),
            Effect.withSpan("fetch"),
            CancelScope.failAfter("5 seconds", { name: "page" })
          )
        )
        assert.deepStrictEqual(exit, Exit.fail(exceeded("page", "5 seconds", "connect")))
        assert.strictEqual(
          (exit as any).cause.reasons[0].error.message,
          '"page" was not done within 5s; it waited on connect'
        )
      })
    )

    it.effect("names the span it is in, not one of a scope that has ended", () =>
      Effect.gen(function* () {
        const { exit } = yield* ends(
          Effect.yieldNow.pipe(
            Effect.withSpan("first"),
            CancelScope.failAfter("1 second"),
            Effect.andThen(Effect.withSpan(Effect.never, "second")),
            CancelScope.failAfter("5 seconds")
          )
        )
        assert.deepStrictEqual(exit, Exit.fail(exceeded(undefined, "5 seconds", "second")))
      })
    )

    it.effect("says at the deadline that an uninterruptible effect is stuck, and waits for it", () =>
      Effect.gen(function* () {
        const { layer, lines } = logs()
        const fiber = yield* launch(
          Effect.sleep("8 seconds").pipe(
            Effect.withSpan("commit"),
            Effect.uninterruptible,
            CancelScope.failAfter("9 seconds", { name: "inner" }),
            CancelScope.failAfter("5 seconds", { name: "save" }),
            Effect.provide(layer)
          )
        )
        yield* TestClock.adjust("5 seconds")
        assert.isUndefined(fiber.pollUnsafe())
        assert.deepStrictEqual(lines, [
          'Warn CancelScope.failAfter "save" is past its deadline, but its work cannot be interrupted now; it waits on commit'
        ])
        yield* TestClock.adjust("3 seconds")
        const { at, exit } = yield* Fiber.join(fiber)
        assert.strictEqual(at, 8000)
        assert.deepStrictEqual(exit, Exit.fail(exceeded("save", "5 seconds", "commit")))
      })
    )
  })

  describe("moveOnAfter", () => {
    it.effect("gives Some with the value, None when it took too long", () =>
      Effect.gen(function* () {
        const value = yield* ends(
          Effect.as(Effect.sleep("1 second"), 1).pipe(CancelScope.moveOnAfter("2 seconds"))
        )
        assert.deepStrictEqual(value.exit, Exit.succeed(Option.some(1)))
        const none = yield* ends(CancelScope.moveOnAfter(Effect.never, "2 seconds"))
        assert.deepStrictEqual(none.exit, Exit.succeed(Option.none()))
        assert.deepStrictEqual(yield* CancelScope.moveOnAfter(Effect.succeed(1), 0), Option.some(1))
        assert.deepStrictEqual(
          yield* CancelScope.moveOnAfter(
            Effect.sync(() => assert.fail("started")),
            0
          ),
          Option.none()
        )
        assert.deepStrictEqual(
          yield* CancelScope.moveOnAfter(
            Effect.sync(() => 1),
            Infinity
          ),
          Option.some(1)
        )
      })
    )

    it.effect("absorbs neither an inner DeadlineExceeded nor a failing cleanup", () =>
      Effect.gen(function* () {
        const inner = yield* ends(
          Effect.never.pipe(
            CancelScope.failAfter("1 second", { name: "inner" }),
            CancelScope.moveOnAfter("5 seconds")
          )
        )
        assert.deepStrictEqual(inner.exit, Exit.fail(exceeded("inner", "1 second")))
        const failing = yield* ends(
          Effect.never.pipe(Effect.ensuring(Effect.die("cleanup")), CancelScope.moveOnAfter("1 second"))
        )
        assert.deepStrictEqual(inCause(failing.exit), ["Die cleanup"])
      })
    )

    it.effect("absorbs its own cancellation of fibers that the work waits for", () =>
      Effect.gen(function* () {
        const works = [
          Effect.forEach([1, 2], () => Effect.never, { concurrency: "unbounded" }),
          Effect.timeout(Effect.never, "9 seconds"),
          Effect.race(Effect.never, Effect.never),
          Effect.flatMap(Effect.forkChild(Effect.never), Fiber.join),
          Effect.scoped(Effect.flatMap(Effect.forkScoped(Effect.never), Fiber.await)),
          Effect.all([Effect.never, CancelScope.failAfter(Effect.never, "8 seconds")], { concurrency: 2 })
        ]
        for (const work of works) {
          const { exit } = yield* ends(CancelScope.moveOnAfter(work as Effect.Effect<unknown>, "1 second"), 2)
          assert.deepStrictEqual(exit, Exit.succeed(Option.none()))
        }
      })
    )

    const awaited = <A, E>(self: Effect.Effect<A, E>) =>
      Effect.flatten(Effect.flatMap(Effect.forkChild(self), Fiber.await))

    it.effect("does not absorb an interruption of its work's fiber by somebody else", () =>
      Effect.gen(function* () {
        const { exit } = yield* ends(
          awaited(
            CancelScope.moveOnAfter(
              Effect.withFiber((self) =>
                Effect.andThen(
                  Effect.forkDetach(Effect.delay(Fiber.interrupt(self), "1 second")),
                  Effect.never
                )
              ),
              "5 seconds"
            )
          )
        )
        assert.deepStrictEqual(inCause(exit), ["Interrupt ?"])
      })
    )

    it.effect("nor one that comes on top of its own, during the cleanup", () =>
      Effect.gen(function* () {
        const work = Effect.withFiber((self) =>
          Effect.ensuring(
            Effect.never,
            Effect.andThen(
              Effect.sync(() => self.interruptUnsafe(7)),
              Effect.sleep("1 second")
            )
          )
        )
        const moved = yield* ends(awaited(CancelScope.moveOnAfter(work, "5 seconds")))
        assert.deepStrictEqual(inCause(moved.exit), ["Interrupt ?"])
        const failed = yield* ends(awaited(CancelScope.failAfter(work, "5 seconds")))
        assert.deepStrictEqual(inCause(failed.exit), ["Interrupt ?"])
      })
    )
  })

  describe("the error", () => {
    it("has a message", () => {
      assert.strictEqual(exceeded(undefined, "1500 millis").message, "not done within 1s 500ms")
      assert.strictEqual(
        exceeded("page", "5 seconds", "Lock.withLock db").message,
        '"page" was not done within 5s; it waited on Lock.withLock db'
      )
    })
    it.effect("the work sees the reason, CancelReason.pretty prints it", () =>
      Effect.gen(function* () {
        let seen = ""
        yield* ends(
          Effect.never.pipe(
            Effect.onInterrupt(() => Effect.void),
            Effect.onExit((exit) =>
              Effect.sync(() => {
                if (Exit.isFailure(exit)) seen = CancelReason.pretty(exit.cause as Cause.Cause<never>)
              })
            ),
            CancelScope.failAfter("5 seconds", { name: "page" })
          )
        )
        assert.strictEqual(seen, 'Interrupted: deadline of "page" passed at 1970-01-01T00:00:05.000Z')
      })
    )
  })
})
