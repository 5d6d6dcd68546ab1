import { assert, describe, it } from "@effect/vitest"
import { Cause, DateTime, Deferred, Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"

import { CancelReason, CancelScope } from "../../src/index.ts"
import { DbError, ends, inCause, interrupted, launch, reasonIn } from "./fixtures.ts"

describe("CancelScope", () => {
  describe("run", () => {
    it.effect("gives Completed with the value of a body that is done at once, and of one that suspends", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* CancelScope.run(() => Effect.sync(() => 1)), {
          _tag: "Completed",
          value: 1
        })
        assert.deepStrictEqual(yield* CancelScope.run(() => Effect.as(Effect.yieldNow, 2)), {
          _tag: "Completed",
          value: 2
        })
      })
    )

    it.effect("fails with the body's error and dies with its defect, as they are", () =>
      Effect.gen(function* () {
        const error = new DbError({ code: "x" })
        assert.deepStrictEqual(
          yield* Effect.exit(CancelScope.run(() => Effect.fail(error))),
          Exit.fail(error)
        )
        assert.deepStrictEqual(
          yield* Effect.exit(CancelScope.run(() => Effect.andThen(Effect.yieldNow, Effect.die("boom")))),
          Exit.die("boom")
        )
      })
    )

    it.effect("dies with what the body function throws", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          CancelScope.run((): Effect.Effect<number> => {
            throw new Error("no body")
          })
        )
        assert.deepStrictEqual(inCause(exit), ["Die no body"])
      })
    )

    it.effect("gives Cancelled with the deadline when it passes, after the cleanup", () =>
      Effect.gen(function* () {
        const { at, exit } = yield* ends(
          CancelScope.run(() => Effect.ensuring(Effect.never, Effect.sleep("2 seconds")), {
            timeout: "5 seconds",
            name: "page"
          })
        )
        assert.strictEqual(at, 7000)
        assert.isTrue(Exit.isSuccess(exit) && exit.value._tag === "Cancelled")
        const { reason } = (exit as Exit.Success<CancelScope.Cancelled>).value
        assert.deepStrictEqual(
          { ...reason },
          {
            ...reason,
            _tag: "Deadline",
            label: "page",
            by: undefined,
            at: DateTime.makeUnsafe(5000),
            deadline: DateTime.makeUnsafe(5000)
          }
        )
      })
    )

    it.effect("takes an absolute deadline", () =>
      Effect.gen(function* () {
        yield* TestClock.adjust("3 seconds")
        const { at, exit } = yield* ends(
          CancelScope.run(() => Effect.never, { deadline: DateTime.makeUnsafe(5000) })
        )
        assert.strictEqual(at, 5000)
        assert.isTrue(Exit.isSuccess(exit))
      })
    )

    it.effect("does not start a body whose deadline is in the past", () =>
      Effect.gen(function* () {
        yield* TestClock.adjust("3 seconds")
        for (const when of [
          { timeout: 0 },
          { timeout: -5 },
          { deadline: DateTime.makeUnsafe(2999) }
        ] as const) {
          const outcome = yield* CancelScope.run(() => Effect.die("started"), when)
          assert.strictEqual(outcome._tag, "Cancelled")
        }
      })
    )

    it.effect("keeps what the cleanup failed with instead of absorbing the cancellation", () =>
      Effect.gen(function* () {
        const { exit } = yield* ends(
          CancelScope.run(() => Effect.ensuring(Effect.never, Effect.die("cleanup")), { timeout: "1 second" })
        )
        assert.deepStrictEqual(inCause(exit), ["Die cleanup"])
      })
    )

    it.effect("passes an interruption of its caller on, reason included, and waits for the cleanup", () =>
      Effect.gen(function* () {
        yield* TestClock.adjust(0)
        let heard: CancelReason.CancelReason | undefined
        const fiber = yield* Effect.forkChild(
          CancelScope.run(() =>
            CancelScope.run(() => Effect.never).pipe(
              Effect.onExit((exit) =>
                Effect.andThen(
                  Effect.sleep("1 second"),
                  Effect.sync(() => (heard = reasonIn(exit)))
                )
              )
            )
          ),
          { startImmediately: true }
        )
        const outer = yield* launch(interrupted(fiber))
        yield* TestClock.adjust("999 millis")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        assert.isDefined(outer.pollUnsafe())
        assert.deepStrictEqual(inCause(fiber.pollUnsafe()!), ["Interrupt ?"])
        assert.strictEqual(heard?._tag, "Requested")
        assert.isUndefined(heard?.by)
      })
    )

    it.effect("keeps the failures of the cleanup when its caller is interrupted", () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(
          CancelScope.run(() => Effect.ensuring(Effect.never, Effect.die("cleanup"))),
          { startImmediately: true }
        )
        assert.deepStrictEqual(inCause(yield* interrupted(fiber)), ["Interrupt ?", "Die cleanup"])
      })
    )

    it.effect("ends cancelled when its body interrupts itself, with a reason", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          CancelScope.run(() => Effect.andThen(Effect.yieldNow, Effect.interrupt))
        )
        assert.deepStrictEqual(inCause(exit), ["Interrupt Requested"])
      })
    )

    it.effect("dies on a timeout or a deadline that is none", () =>
      Effect.gen(function* () {
        const message = (options: any) =>
          Effect.map(Effect.exit(CancelScope.run(() => Effect.void, options)), inCause)
        assert.deepStrictEqual(yield* message({ timeout: NaN }), [
          "Die CancelScope.run: timeout must be a duration, got NaN"
        ])
        assert.deepStrictEqual(yield* message({ deadline: 5 }), [
          "Die CancelScope.run: deadline must be a DateTime, got 5"
        ])
      })
    )

    it.effect("nests 10,000 deep; cancelled at the top, all of them end", () =>
      Effect.gen(function* () {
        let cleaned = 0
        const started = yield* Deferred.make<void>()
        let inner: Effect.Effect<unknown> = Effect.andThen(Deferred.succeed(started, undefined), Effect.never)
        for (let i = 0; i < 10_000; i++) {
          const body = inner
          inner = CancelScope.run(() =>
            Effect.ensuring(
              body,
              Effect.sync(() => cleaned++)
            )
          )
        }
        const fiber = yield* launch(CancelScope.moveOnAfter(inner, "1 second"))
        yield* Deferred.await(started)
        yield* TestClock.adjust("1 second")
        const ended = yield* Fiber.join(fiber)
        assert.deepStrictEqual(ended.exit, Exit.succeed(Option.none()))
        assert.strictEqual(cleaned, 10_000)
      })
    )
  })

  describe("cancel", () => {
    it.effect("ends the work of the scope only, with the reason; the first one stays", () =>
      Effect.gen(function* () {
        const answers: Array<boolean> = []
        const outcome = yield* CancelScope.run(
          (scope) =>
            Effect.gen(function* () {
              yield* Effect.forkDetach(
                Effect.gen(function* () {
                  answers.push(yield* CancelScope.cancel(scope, "changed my mind"))
                  answers.push(yield* CancelScope.cancel(scope, "again"))
                })
              )
              return yield* Effect.never
            }),
          { name: "page" }
        )
        yield* Effect.yieldNow
        assert.deepStrictEqual(answers, [true, false])
        assert.strictEqual(outcome._tag, "Cancelled")
        const { reason } = outcome as CancelScope.Cancelled
        assert.deepStrictEqual([reason._tag, reason.label], ["Requested", "changed my mind"])
      })
    )

    it.effect("by the work itself stops it at its next step; the scope's name is the label", () =>
      Effect.gen(function* () {
        let went = false
        const outcome = yield* CancelScope.run(
          (scope) =>
            Effect.andThen(
              CancelScope.cancel(scope),
              Effect.sync(() => (went = true))
            ),
          { name: "page" }
        )
        assert.isFalse(went)
        assert.strictEqual((outcome as CancelScope.Cancelled).reason.label, "page")
      })
    )

    it.effect("does nothing to a scope that has ended", () =>
      Effect.gen(function* () {
        let kept: CancelScope.CancelScope | undefined
        yield* CancelScope.run((scope) => Effect.sync(() => (kept = scope)))
        assert.isFalse(yield* CancelScope.cancel(kept!))
        assert.isFalse(yield* CancelScope.isCancelled(kept!))
      })
    )

    it.effect("does nothing to a scope whose caller is being interrupted", () =>
      Effect.gen(function* () {
        yield* TestClock.adjust(0)
        let kept: CancelScope.CancelScope | undefined
        const fiber = yield* Effect.forkChild(
          CancelScope.run((scope) => {
            kept = scope
            return Effect.ensuring(Effect.never, Effect.sleep("1 second"))
          }),
          { startImmediately: true }
        )
        yield* launch(Fiber.interrupt(fiber))
        assert.isFalse(yield* CancelScope.cancel(kept!))
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(inCause(fiber.pollUnsafe()!), ["Interrupt ?"])
      })
    )

    it.effect("takes a reason, also one written by hand", () =>
      Effect.gen(function* () {
        const made = yield* CancelReason.requested("quota")
        const byHand: CancelReason.Shutdown = {
          _tag: "Shutdown",
          label: "SIGTERM",
          by: undefined,
          at: DateTime.makeUnsafe(0)
        }
        for (const reason of [made, byHand]) {
          const outcome = yield* CancelScope.run((scope) =>
            Effect.andThen(CancelScope.cancel(scope, reason), Effect.never)
          )
          const got = (outcome as CancelScope.Cancelled).reason
          assert.isTrue(CancelReason.isCancelReason(got))
          assert.deepStrictEqual([got._tag, got.label], [reason._tag, reason.label])
        }
      })
    )

    it.effect("does not take a value back that the work produced in the same turn", () =>
      Effect.gen(function* () {
        const ready = yield* Deferred.make<number>()
        const answer = yield* Deferred.make<boolean>()
        const outcome = yield* CancelScope.run((scope) =>
          Effect.gen(function* () {
            yield* Effect.forkDetach(
              Effect.gen(function* () {
                yield* Deferred.succeed(ready, 1)
                yield* Deferred.succeed(answer, yield* CancelScope.cancel(scope))
              })
            )
            return yield* Deferred.await(ready)
          })
        )
        assert.deepStrictEqual(outcome, { _tag: "Completed", value: 1 })
        assert.isFalse(yield* Deferred.await(answer))
      })
    )

    it.effect("of two scopes at once is absorbed by the outer one; the code in between does not run", () =>
      Effect.gen(function* () {
        let between = false
        const outcome = yield* CancelScope.run((outer) =>
          Effect.gen(function* () {
            yield* CancelScope.run((inner) =>
              Effect.gen(function* () {
                yield* CancelScope.cancel(inner, "inner").pipe(
                  Effect.andThen(CancelScope.cancel(outer, "outer")),
                  Effect.uninterruptible
                )
                return yield* Effect.never
              })
            )
            between = true
          })
        )
        assert.isFalse(between)
        assert.strictEqual((outcome as CancelScope.Cancelled).reason.label, "outer")
      })
    )
  })

  describe("reschedule", () => {
    const rescheduled = (when: CancelScope.When, timeout: number) =>
      ends(
        CancelScope.run(
          (scope) =>
            Effect.andThen(
              Effect.delay(CancelScope.reschedule(scope, when), "1 second"),
              Effect.andThen(Effect.sleep("30 seconds"), Effect.succeed("done"))
            ),
          { timeout }
        ),
        60
      )

    it.effect("moves the deadline: later", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* rescheduled({ timeout: "9 seconds" }, 5000)).at, 10_000)
      })
    )
    it.effect("earlier", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* rescheduled({ timeout: "1 second" }, 5000)).at, 2000)
      })
    )
    it.effect("to none", () =>
      Effect.gen(function* () {
        const { at, exit } = yield* rescheduled({ timeout: Infinity }, 5000)
        assert.deepStrictEqual(exit, Exit.succeed({ _tag: "Completed", value: "done" }))
        assert.strictEqual(at, 31_000)
      })
    )
    it.effect("to an instant", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* rescheduled({ deadline: DateTime.makeUnsafe(7000) }, 5000)).at, 7000)
      })
    )
    it.effect("into the past cancels at once", () =>
      Effect.gen(function* () {
        const { at, exit } = yield* rescheduled({ timeout: -1 }, 5000)
        assert.strictEqual(at, 1000)
        assert.strictEqual((exit as any).value.reason._tag, "Deadline")
      })
    )
    it.effect("before the body first suspends holds too", () =>
      Effect.gen(function* () {
        const { at } = yield* ends(
          CancelScope.run((scope) =>
            Effect.andThen(CancelScope.reschedule(scope, { timeout: "2 seconds" }), Effect.never)
          )
        )
        assert.strictEqual(at, 2000)
      })
    )
    it.effect("does nothing to a scope that is being cancelled, and dies on one that has ended", () =>
      Effect.gen(function* () {
        let kept: CancelScope.CancelScope | undefined
        const { at, exit } = yield* ends(
          CancelScope.run(
            (scope) => {
              kept = scope
              return Effect.ensuring(
                Effect.never,
                Effect.andThen(
                  CancelScope.reschedule(scope, { timeout: "9 seconds" }),
                  Effect.sleep("1 second")
                )
              )
            },
            { timeout: "5 seconds", name: "page" }
          )
        )
        assert.strictEqual(at, 6000)
        assert.strictEqual((exit as any).value.reason._tag, "Deadline")
        assert.deepStrictEqual(inCause(yield* Effect.exit(CancelScope.reschedule(kept!, { timeout: 1 }))), [
          "Die CancelScope.reschedule: CancelScope(page) has ended"
        ])
      })
    )
  })

  describe("match", () => {
    it("folds both cases", () => {
      const told = CancelScope.match({
        onCompleted: (n: number) => `done ${n}`,
        onCancelled: (reason) => reason._tag
      })
      assert.strictEqual(told({ _tag: "Completed", value: 1 }), "done 1")
    })
  })

  describe("causes", () => {
    it.effect("fromCause finds the reason of a cancelled scope's work in its finalizer", () =>
      Effect.gen(function* () {
        const seen: Array<Option.Option<CancelReason.CancelReason>> = []
        yield* ends(
          CancelScope.moveOnAfter(
            Effect.onExit(Effect.never, (exit) =>
              Effect.sync(() => {
                if (Exit.isFailure(exit)) seen.push(CancelReason.fromCause(exit.cause))
              })
            ),
            "1 second"
          )
        )
        assert.deepStrictEqual(seen.map(Option.map((reason) => reason._tag)), [
          Option.some("Deadline" as const)
        ])
        assert.deepStrictEqual(CancelReason.fromCause(Cause.fail(1)), Option.none())
      })
    )
  })
})
