import { assert, describe, it } from "@effect/vitest"
import { CancelReason, CancelScope, Condition, Lock, Semaphore, Task, TaskGroup } from "@skein/core"
import { Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"

import { defectOf, interruptNow, note, settle, spawn } from "../sync/fixtures.ts"

const waiter = <A>(condition: Condition.Condition, log: Array<A>, entry: A) =>
  spawn(Condition.withLock(condition, Effect.andThen(Condition.wait(condition), note(log)(entry))))

const inside = <A, E, R>(condition: Condition.Condition, effect: Effect.Effect<A, E, R>) =>
  Condition.withLock(condition, effect)

describe("conformance: condition", () => {
  it.effect("CV-001: exactly as many as notified proceed, in order, each with the lock", () =>
    Effect.gen(function* () {
      const condition = yield* Condition.make()
      const log: Array<number> = []
      let running = 0
      for (const n of [1, 2, 3]) {
        yield* spawn(
          inside(
            condition,
            Effect.gen(function* () {
              yield* Condition.wait(condition)
              assert.strictEqual(++running, 1)
              log.push(n)
              yield* Effect.yieldNow
              running--
            })
          )
        )
      }
      yield* inside(condition, Condition.notify(condition))
      yield* settle
      assert.deepStrictEqual(log, [1])
      yield* inside(condition, Condition.notify(condition, 5))
      yield* settle
      assert.deepStrictEqual(log, [1, 2, 3])
      yield* inside(condition, Condition.notifyAll(condition))
      assert.isFalse(yield* Lock.isLocked(condition.lock))
    })
  )

  it.effect("CV-003: wait, waitFor, notify and notifyAll without the lock die", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make({ name: "l" })
      const condition = yield* Condition.make({ lock, name: "c" })
      const operations = {
        wait: Condition.wait(condition),
        waitFor: Condition.waitFor(condition, () => false),
        notify: Condition.notify(condition),
        notifyAll: Condition.notifyAll(condition)
      }
      for (const [name, effect] of Object.entries(operations)) {
        assert.match(
          yield* defectOf(effect),
          new RegExp(`^Condition.${name}: fiber:\\d+ must hold l, the lock of c$`)
        )
      }
      const other = yield* spawn(Lock.withLock(lock, Effect.never))
      assert.include(yield* defectOf(operations.notify), "must hold l")
      yield* Fiber.interrupt(other)
    })
  )

  it.effect("CV-004: a cancelled waiter holds the lock again before it unwinds", () =>
    Effect.gen(function* () {
      const condition = yield* Condition.make()
      const log: Array<string> = []
      const waiting = yield* spawn(
        inside(
          condition,
          Effect.onInterrupt(Condition.wait(condition), () =>
            Effect.map(Lock.statistics(condition.lock), (statistics) => {
              log.push(Option.getOrElse(statistics.owner, () => "nobody"))
            })
          )
        )
      )
      const busy = yield* spawn(inside(condition, Effect.andThen(settle, note(log)("other"))))
      yield* interruptNow(waiting)
      yield* Fiber.await(waiting)
      yield* Fiber.await(busy)
      assert.deepStrictEqual(log, ["other", `fiber:${waiting.id}`])
      assert.isFalse(yield* Lock.isLocked(condition.lock))
    })
  )

  it.effect("CV-006: notified and cancelled in the same step: the other waiter gets the notification", () =>
    Effect.gen(function* () {
      for (const afterRelease of [false, true]) {
        const condition = yield* Condition.make()
        const log: Array<string> = []
        const first = yield* waiter(condition, log, "first")
        const second = yield* waiter(condition, log, "second")
        yield* inside(
          condition,
          Effect.andThen(Condition.notify(condition), afterRelease ? Effect.void : interruptNow(first))
        )
        if (afterRelease) yield* interruptNow(first)
        yield* Fiber.join(second)
        yield* Fiber.await(first)
        assert.deepStrictEqual(log, ["second"])
        assert.isFalse(yield* Lock.isLocked(condition.lock))
      }
    })
  )

  it.effect("CV-008: the cancellation that leaves the wait is the original one, with its reason", () =>
    Effect.gen(function* () {
      const condition = yield* Condition.make()
      yield* TaskGroup.run(
        Effect.gen(function* () {
          const task = yield* TaskGroup.fork(inside(condition, Condition.wait(condition)))
          yield* settle
          yield* Task.cancel(task, "no longer needed")
          const exit = yield* Task.outcome(task)
          const reason = Exit.isFailure(exit) ? CancelReason.fromCause(exit.cause) : Option.none()
          assert.strictEqual(Option.getOrThrow(reason).label, "no longer needed")
        })
      )
    })
  )

  it.effect("CV-009: waitFor checks again after each notification and returns when it holds", () =>
    Effect.gen(function* () {
      const condition = yield* Condition.make()
      let value = 0
      const waiting = yield* spawn(
        inside(
          condition,
          Condition.waitFor(condition, () => value >= 2)
        )
      )
      for (let i = 0; i < 2; i++) {
        assert.isUndefined(waiting.pollUnsafe())
        yield* inside(condition, Condition.notifyAll(condition))
        yield* settle
        value++
      }
      yield* inside(condition, Condition.notify(condition))
      yield* Fiber.join(waiting)
      yield* inside(condition, condition.pipe(Condition.waitFor(() => true)))
    })
  )

  it.effect("CV-010: waitFor needs the lock even when the predicate holds", () =>
    Effect.gen(function* () {
      const condition = yield* Condition.make()
      assert.include(yield* defectOf(Condition.waitFor(condition, () => true)), "must hold")
      yield* inside(
        condition,
        Condition.waitFor(condition, () => true)
      )
    })
  )

  it.effect("CV-011: after a timeout around a wait the lock is held inside the block", () =>
    Effect.gen(function* () {
      const condition = yield* Condition.make()
      const fiber = yield* spawn(
        inside(
          condition,
          Effect.gen(function* () {
            const result = yield* CancelScope.moveOnAfter(Condition.wait(condition), "1 second")
            assert.isTrue(Option.isNone(result))
            // It needs the lock.
            yield* Condition.notify(condition)
            return "held"
          })
        )
      )
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "held")
      assert.isFalse(yield* Lock.isLocked(condition.lock))
    })
  )

  it.effect("CV-012: on an existing lock both show the same state; other things are refused", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make()
      const condition = yield* Condition.make({ lock })
      assert.strictEqual(condition.lock, lock)
      yield* Lock.withLock(
        lock,
        Effect.gen(function* () {
          assert.isTrue(yield* Lock.isLocked(condition.lock))
          yield* Condition.notify(condition)
        })
      )
      const semaphore = yield* Semaphore.make(1)
      assert.include(
        yield* defectOf(Condition.make({ lock: semaphore as never })),
        "Condition.make: lock must be a Lock"
      )
    })
  )

  it.effect("CV-013: those notified move from the condition's count to the lock's", () =>
    Effect.gen(function* () {
      const condition = yield* Condition.make()
      const counts = Effect.gen(function* () {
        return [
          (yield* Condition.statistics(condition)).waiting.length,
          (yield* Lock.statistics(condition.lock)).waiting.length
        ]
      })
      const fibers = []
      for (let i = 0; i < 3; i++) fibers.push(yield* waiter(condition, [], i))
      yield* inside(
        condition,
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* counts, [3, 0])
          yield* Condition.notify(condition, 2)
          assert.deepStrictEqual(yield* counts, [1, 2])
        })
      )
      yield* settle
      assert.deepStrictEqual(yield* counts, [1, 0])
      assert.deepInclude(yield* Condition.statistics(condition), { maxWaiting: 3 })
      yield* Fiber.interruptAll(fibers)
    })
  )
})
