import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { CancelScope, Task, TaskGroup } from "@skein/core"

import { DbError, ends, inCause, reasonIn } from "../cancellation/fixtures.ts"

const cancelledBy = (outcome: CancelScope.Outcome<unknown>) =>
  outcome._tag === "Cancelled" ? outcome.reason.label : "completed"

/** Sees the reason of its interruption. */
const watched = (seen: (reason: ReturnType<typeof reasonIn>) => void) =>
  Effect.onExit(Effect.never, (exit) => Effect.sync(() => seen(reasonIn(exit))))

const active = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length

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
            yield* Effect.never
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
                  yield* TaskGroup.run(Effect.andThen(TaskGroup.fork(failing("b")), Effect.never))
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

  it.effect(
    "CN-022: an operation that cannot be aborted ends, then the cancel is delivered; its hook runs once",
    () =>
      Effect.gen(function* () {
        let ended = 0
        let aborted = 0
        let went = false
        const { at, exit } = yield* ends(
          CancelScope.run(
            (scope) =>
              Effect.gen(function* () {
                yield* Effect.forkDetach(
                  Effect.repeat(Effect.andThen(Effect.sleep("500 millis"), CancelScope.cancel(scope)), {
                    times: 5
                  })
                )
                yield* Effect.uninterruptible(
                  Effect.andThen(
                    Effect.sleep("5 seconds"),
                    Effect.sync(() => ended++)
                  )
                )
                went = true
              }).pipe(Effect.onInterrupt(() => Effect.sync(() => aborted++))),
            { timeout: "1 second" }
          )
        )
        assert.isTrue(Exit.isSuccess(exit) && exit.value._tag === "Cancelled")
        assert.deepStrictEqual([at, ended, aborted, went], [5000, 1, 1, false])
      })
  )

  it.effect("CN-023: the first reason is kept", () =>
    Effect.gen(function* () {
      let seen: unknown
      const { exit } = yield* ends(
        CancelScope.run(
          (scope) =>
            Effect.andThen(
              CancelScope.cancel(scope, "first").pipe(Effect.uninterruptible),
              Effect.ensuring(
                watched((reason) => (seen = reason?.label)),
                Effect.sleep("5 seconds")
              )
            ),
          { timeout: "1 second" }
        )
      )
      assert.isTrue(Exit.isSuccess(exit) && cancelledBy(exit.value) === "first")
      assert.isUndefined(seen)
      const task = yield* ends(
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(
            watched((reason) => (seen = reason?.label)).pipe(
              Effect.ensuring(Effect.sleep("2 seconds")),
              CancelScope.moveOnAfter("1 second", { name: "deadline" })
            ),
            { startImmediately: true }
          )
          yield* Effect.sleep("2 seconds")
          return yield* Effect.andThen(Fiber.interrupt(fiber), Fiber.await(fiber))
        })
      )
      assert.isTrue(Exit.isSuccess(task.exit))
      assert.strictEqual(seen, "deadline")
    })
  )

  it.effect("CN-024: the siblings of a task that failed are told which one", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      yield* Effect.exit(
        TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(
              watched((reason) => seen.push(reason?._tag === "SiblingFailed" ? reason.sibling : reason)),
              { name: "other" }
            )
            yield* TaskGroup.fork(Effect.andThen(Effect.yieldNow, Effect.fail("x")), { name: "failing" })
          }),
          { name: "main" }
        )
      )
      assert.deepStrictEqual(seen, ["main/failing"])
    })
  )

  it.effect("CN-027: a task that cancels itself and returns without suspending ends as cancelled", () =>
    Effect.gen(function* () {
      const status = yield* TaskGroup.run(
        Effect.gen(function* () {
          const task = yield* TaskGroup.fork(
            Effect.withFiber((self) =>
              Effect.sync(() => {
                self.interruptUnsafe(self.id)
                return "value"
              })
            )
          )
          const exit = yield* Task.outcome(task)
          return [yield* Task.status(task), exit._tag]
        })
      )
      assert.deepStrictEqual(status, ["cancelled", "Failure"])
      const scoped = yield* CancelScope.run((scope) => Effect.as(CancelScope.cancel(scope, "self"), "value"))
      assert.strictEqual(cancelledBy(scoped), "self")
    })
  )

  it.effect(
    "CN-028: having cancelled itself, it is cancelled at once where it waits for a scope's work, and that too",
    () =>
      Effect.gen(function* () {
        let passedOn = false
        const { at, exit } = yield* ends(
          CancelScope.run((scope) =>
            Effect.gen(function* () {
              yield* Effect.uninterruptible(CancelScope.cancel(scope, "self"))
              yield* CancelScope.run(() =>
                Effect.onInterrupt(Effect.never, () => Effect.sync(() => (passedOn = true)))
              )
            })
          )
        )
        assert.strictEqual(at, 0)
        assert.isTrue(Exit.isSuccess(exit) && cancelledBy(exit.value) === "self")
        // The inner work never began.
        assert.isFalse(passedOn)
      })
  )

  it.effect("CN-030: cancelling what is finished changes nothing and says so", () =>
    Effect.gen(function* () {
      let kept: CancelScope.CancelScope | undefined
      const outcome = yield* CancelScope.run((scope) => Effect.sync(() => void (kept = scope)))
      assert.isFalse(yield* CancelScope.cancel(kept!))
      assert.strictEqual(outcome._tag, "Completed")
    })
  )

  // real time: the timers that are counted are the process's own; nothing sleeps.
  it.live("CN-032: the timer of what was cancelled is gone", () =>
    Effect.gen(function* () {
      const before = active()
      const works = [
        Effect.sleep("1 hour"),
        CancelScope.failAfter(Effect.never, "2 hours"),
        CancelScope.moveOnAfter(Effect.never, "3 hours")
      ]
      for (const work of works) {
        const fiber = yield* Effect.forkChild(work as Effect.Effect<unknown>, { startImmediately: true })
        assert.strictEqual(active(), before + 1)
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(active(), before)
      }
    })
  )

  it.effect("CN-033: inner cleanup is finished before outer cleanup begins, suspensions in it included", () =>
    Effect.gen(function* () {
      const order: Array<string> = []
      const cleanup = (name: string) =>
        Effect.gen(function* () {
          order.push(`${name} begins`)
          yield* Effect.sleep("1 second")
          order.push(`${name} ends`)
        })
      const { at } = yield* ends(
        Effect.never.pipe(
          Effect.ensuring(cleanup("inner")),
          (work) => CancelScope.run(() => work),
          Effect.ensuring(cleanup("outer")),
          CancelScope.moveOnAfter("1 second")
        )
      )
      assert.strictEqual(at, 3000)
      assert.deepStrictEqual(order, ["inner begins", "inner ends", "outer begins", "outer ends"])
    })
  )

  it.effect("CN-034: a cleanup that fails is reported by the scope that was cancelled", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        CancelScope.run((scope) =>
          Effect.ensuring(Effect.andThen(CancelScope.cancel(scope), Effect.never), Effect.die("cleanup"))
        )
      )
      assert.deepStrictEqual(inCause(exit), ["Die cleanup"])
    })
  )

  it.effect("CN-036: what halts itself, directly or through a child, ends halted, without a deadlock", () =>
    Effect.gen(function* () {
      const through = yield* CancelScope.run((scope) =>
        TaskGroup.run(
          Effect.andThen(
            TaskGroup.fork(CancelScope.run(() => CancelScope.cancel(scope, "by a child"))),
            Effect.never
          )
        )
      )
      assert.strictEqual(cancelledBy(through), "by a child")
      const fiber = yield* Effect.forkChild(
        Effect.withFiber((self) => CancelScope.run(() => Fiber.interrupt(self)))
      )
      assert.deepStrictEqual(inCause(yield* Fiber.await(fiber)), ["Interrupt ?"])
    })
  )

  it.effect("CN-039: cancel returns at once, run waits for the cleanup; Task.cancel waits itself", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust(0)
      const times: Array<string> = []
      const note = (what: string) =>
        Effect.clockWith((clock) =>
          Effect.sync(() => times.push(`${what} ${clock.currentTimeMillisUnsafe()}`))
        )
      const slow = Effect.ensuring(Effect.never, Effect.sleep("2 seconds"))
      yield* ends(
        CancelScope.run((scope) =>
          Effect.andThen(Effect.forkDetach(Effect.andThen(CancelScope.cancel(scope), note("cancel"))), slow)
        ).pipe(Effect.andThen(note("run"))),
        2
      )
      yield* ends(
        TaskGroup.run(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(slow)
            yield* Effect.yieldNow
            yield* Task.cancel(task)
            yield* note("Task.cancel")
          })
        )
      )
      assert.deepStrictEqual(times, ["cancel 0", "run 2000", "Task.cancel 4000"])
    })
  )

  it.effect("CN-041: a loop that yields stops at its next yield", () =>
    Effect.gen(function* () {
      let rounds = 0
      const outcome = yield* CancelScope.run((scope) =>
        Effect.gen(function* () {
          while (true) {
            if (++rounds === 10)
              yield* Effect.forkDetach(CancelScope.cancel(scope), { startImmediately: true })
            yield* Effect.yieldNow
          }
        })
      )
      assert.strictEqual(outcome._tag, "Cancelled")
      assert.strictEqual(rounds, 10)
    })
  )

  it.effect(
    "CN-042: every step is a checkpoint, suspended or not; in an uninterruptible region none is",
    () =>
      Effect.gen(function* () {
        /** Whether the work goes on after the checkpoint in a scope that was cancelled, and whether others ran meanwhile. */
        const went = (
          checkpoint: Effect.Effect<void>,
          region: <A>(effect: Effect.Effect<A>) => Effect.Effect<A>
        ) =>
          Effect.gen(function* () {
            let after = false
            let turns = 0
            let turnsThen = 0
            yield* CancelScope.run((scope) =>
              Effect.gen(function* () {
                yield* Effect.uninterruptible(CancelScope.cancel(scope))
                yield* Effect.forkDetach(Effect.sync(() => turns++))
                yield* checkpoint
                turnsThen = turns
                after = true
              }).pipe(region)
            )
            return [after, turnsThen > 0]
          })
        assert.deepStrictEqual(yield* went(Effect.void, (effect) => effect), [false, false])
        assert.deepStrictEqual(yield* went(Effect.yieldNow, (effect) => effect), [false, false])
        assert.deepStrictEqual(yield* went(Effect.void, Effect.uninterruptible), [true, false])
        assert.deepStrictEqual(yield* went(Effect.yieldNow, Effect.uninterruptible), [true, true])
      })
  )
})
