import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { CancelScope, Task, TaskGroup } from "@skein/core"

import { ends, inCause, reasonIn } from "../cancellation/fixtures.ts"

const cancelledBy = (outcome: CancelScope.Outcome<unknown>) =>
  outcome._tag === "Cancelled" ? outcome.reason.label : "completed"

/** Sees the reason of its interruption. */
const watched = (seen: (reason: ReturnType<typeof reasonIn>) => void) =>
  Effect.onExit(Effect.never, (exit) => Effect.sync(() => seen(reasonIn(exit))))

const active = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length

describe("cancel", () => {
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
