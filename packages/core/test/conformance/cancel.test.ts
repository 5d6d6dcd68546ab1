import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Option } from "effect"
import { CancelScope, Task, TaskGroup } from "@skein/core"

import { DbError, ends } from "../cancellation/fixtures.ts"

const cancelledBy = (outcome: CancelScope.Outcome<unknown>) =>
  outcome._tag === "Cancelled" ? outcome.reason.label : "completed"

describe("cancel", () => {
  it.effect("CN-001: cancelling a scope several times is the same as once", () =>
    Effect.gen(function* () {
      const said: Array<boolean> = []
      let cleanups = 0
      const outcome = yield* CancelScope.run((scope) =>
        Effect.gen(function* () {
          for (const label of ["first", "second", "third"]) said.push(yield* CancelScope.cancel(scope, label))
        }).pipe(
          Effect.uninterruptible,
          Effect.andThen(Effect.never),
          Effect.ensuring(Effect.sync(() => cleanups++))
        )
      )
      assert.deepStrictEqual(said, [true, false, false])
      assert.strictEqual(cleanups, 1)
      assert.strictEqual(cancelledBy(outcome), "first")
    })
  )

  it.effect(
    "CN-003: a scope cancelled before its body suspends for the first time cancels that suspension",
    () =>
      Effect.gen(function* () {
        const { at, exit } = yield* ends(
          CancelScope.run((scope) =>
            Effect.andThen(
              Effect.uninterruptible(CancelScope.cancel(scope, "early")),
              Effect.sleep("1 second")
            )
          )
        )
        assert.strictEqual(at, 0)
        assert.isTrue(Exit.isSuccess(exit) && cancelledBy(exit.value) === "early")
      })
  )

  it.effect("CN-005: a scope cannot be entered twice: running it again makes another one", () =>
    Effect.gen(function* () {
      const seen = new Set<CancelScope.CancelScope>()
      const scope = CancelScope.run((scope) =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => seen.add(scope))
        )
      )
      yield* Effect.all([scope, scope], { concurrency: 2 })
      yield* scope
      assert.strictEqual(seen.size, 3)
    })
  )

  it.effect("CN-006: a cancel in the turn in which the body ends cancels nothing, then or later", () =>
    Effect.gen(function* () {
      const go = yield* Deferred.make<void>()
      const said = yield* Deferred.make<boolean>()
      let kept: CancelScope.CancelScope | undefined
      const outcome = yield* CancelScope.run((scope) => {
        kept = scope
        return Effect.gen(function* () {
          yield* Effect.forkDetach(
            Effect.andThen(
              Deferred.succeed(go, undefined),
              Effect.flatMap(CancelScope.cancel(scope), (cancelled) => Deferred.succeed(said, cancelled))
            )
          )
          yield* Deferred.await(go)
          return "value"
        })
      })
      assert.deepStrictEqual(outcome, { _tag: "Completed", value: "value" })
      assert.isFalse(yield* Deferred.await(said))
      assert.isFalse(yield* CancelScope.isCancelled(kept!))
      yield* Effect.yieldNow
    })
  )

  it.effect(
    "CN-007: of two nested scopes cancelled at once the outer one absorbs, code between them does not run",
    () =>
      Effect.gen(function* () {
        let between = false
        let inner: CancelScope.CancelScope | undefined
        const outcome = yield* CancelScope.run((outer) =>
          Effect.andThen(
            CancelScope.run((scope) => {
              inner = scope
              return Effect.andThen(
                Effect.uninterruptible(
                  Effect.andThen(CancelScope.cancel(scope, "inner"), CancelScope.cancel(outer, "outer"))
                ),
                Effect.never
              )
            }),
            Effect.sync(() => (between = true))
          )
        )
        assert.strictEqual(cancelledBy(outcome), "outer")
        assert.isFalse(between)
        assert.isTrue(yield* CancelScope.isCancelled(inner!))
      })
  )

  it.effect(
    "CN-008: the outer scope cancelled while the inner one unwinds: the cancellation travels on to it",
    () =>
      Effect.gen(function* () {
        let between = false
        const { at, exit } = yield* ends(
          CancelScope.run(
            () =>
              Effect.andThen(
                CancelScope.run(() => Effect.ensuring(Effect.never, Effect.sleep("2 seconds")), {
                  timeout: "1 second"
                }),
                Effect.sync(() => (between = true))
              ),
            { timeout: "2 seconds", name: "outer" }
          )
        )
        assert.strictEqual(at, 3000)
        assert.isTrue(Exit.isSuccess(exit) && cancelledBy(exit.value) === "outer")
        assert.isFalse(between)
      })
  )

  it.effect("CN-010: cancelled inside a shield, the middle scope's code after the shield is cancelled", () =>
    Effect.gen(function* () {
      const order: Array<string> = []
      const note = (text: string) => Effect.sync(() => order.push(text))
      const outcome = yield* CancelScope.run((outer) =>
        CancelScope.run((middle) =>
          Effect.gen(function* () {
            yield* Effect.gen(function* () {
              yield* CancelScope.cancel(outer, "outer")
              yield* CancelScope.cancel(middle, "middle")
              yield* Effect.yieldNow
              yield* note("shielded")
            }).pipe(CancelScope.shield({ atMost: "1 second" }))
            yield* note("middle")
            return yield* Effect.never
          })
        )
      )
      assert.deepStrictEqual(order, ["shielded"])
      assert.strictEqual(cancelledBy(outcome), "outer")
    })
  )

  it.effect("CN-015: cleanup sees that it is being cancelled, and no deadline but its shield's own", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      yield* ends(
        CancelScope.run(
          (scope) => {
            const look = Effect.gen(function* () {
              const deadline = Option.map(yield* CancelScope.deadline, Number)
              seen.push([yield* CancelScope.isCancelled(scope), Option.isSome(deadline)])
            })
            const cleanup = Effect.all([look, CancelScope.shield(look, { atMost: "1 second" }), look])
            return Effect.ensuring(Effect.never, cleanup)
          },
          { timeout: "1 second" }
        )
      )
      assert.deepStrictEqual(seen, [
        [true, false],
        [true, true],
        [true, false]
      ])
    })
  )

  it.effect("CN-017: another task cancels a scope inside a child task: only that block ends", () =>
    Effect.gen(function* () {
      const said = yield* TaskGroup.run(
        Effect.gen(function* () {
          const inside = yield* Deferred.make<CancelScope.CancelScope>()
          const child = yield* TaskGroup.fork(
            Effect.map(
              CancelScope.run((scope) => Effect.andThen(Deferred.succeed(inside, scope), Effect.never)),
              (outcome) => `block ${cancelledBy(outcome)}, task goes on`
            )
          )
          const other = yield* TaskGroup.fork(Effect.as(Effect.yieldNow, "undisturbed"))
          yield* TaskGroup.fork(
            Effect.flatMap(Deferred.await(inside), (scope) => CancelScope.cancel(scope, "asked"))
          )
          return [yield* Task.join(child), yield* Task.join(other)]
        })
      )
      assert.deepStrictEqual(said, ["block asked, task goes on", "undisturbed"])
    })
  )

  it.effect(
    "CN-018: what a scope's own cancellation leaves of a mixed Cause are the real failures, as they were",
    () =>
      Effect.gen(function* () {
        const failing = (code: string) =>
          Effect.onExit(Effect.never, () =>
            Effect.andThen(Effect.yieldNow, Effect.fail(new DbError({ code })))
          )
        const { exit } = yield* ends(
          CancelScope.run(
            () =>
              TaskGroup.run(
                Effect.gen(function* () {
                  yield* TaskGroup.fork(failing("a"))
                  return yield* TaskGroup.run(Effect.andThen(TaskGroup.fork(failing("b")), Effect.never))
                })
              ),
            { timeout: "1 second" }
          )
        )
        assert.isTrue(Exit.isFailure(exit))
        const codes = (exit as Exit.Failure<never, DbError>).cause.reasons.map((reason) =>
          reason._tag === "Fail" ? reason.error.code : reason._tag
        )
        assert.deepStrictEqual(codes.toSorted(), ["a", "b"])
      })
  )

  it.effect(
    "CN-019: a cancelled scope whose body failed with real errors only does not claim to be cancelled",
    () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          CancelScope.run((scope) =>
            Effect.uninterruptible(
              Effect.andThen(CancelScope.cancel(scope), Effect.fail(new DbError({ code: "x" })))
            )
          )
        )
        assert.deepStrictEqual(exit, Exit.fail(new DbError({ code: "x" })))
      })
  )

  it.effect("CN-021: thousands of nested scopes, the outermost cancelled: no stack overflow", () =>
    Effect.gen(function* () {
      const ready = yield* Deferred.make<void>()
      let nested: Effect.Effect<unknown> = Effect.andThen(Deferred.succeed(ready, undefined), Effect.never)
      for (let i = 0; i < 5000; i++) {
        const inner = nested
        nested = CancelScope.run(() => inner)
      }
      const outcome = yield* CancelScope.run((scope) =>
        Effect.andThen(
          Effect.forkDetach(Effect.andThen(Deferred.await(ready), CancelScope.cancel(scope, "top"))),
          nested
        )
      )
      assert.strictEqual(cancelledBy(outcome), "top")
    })
  )
})
