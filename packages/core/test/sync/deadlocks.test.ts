import { assert, describe, it } from "@effect/vitest"
import {
  Barrier,
  CapacityLimiter,
  Condition,
  Event,
  Lock,
  Semaphore,
  Task,
  TaskGroup,
  TaskTree,
  WorkQueue
} from "@skein/core"
import { Effect, Option } from "effect"

import { settle } from "./fixtures.ts"

/** Runs the tasks until all are blocked and gives the cycles, each as the sorted names of its tasks. */
const cyclesOf = (tasks: Record<string, Effect.Effect<unknown, unknown>>) =>
  Effect.scoped(
    TaskGroup.supervise(
      Effect.gen(function* () {
        for (const [name, effect] of Object.entries(tasks)) yield* TaskGroup.fork(effect, { name })
        yield* settle
        const snapshot = yield* TaskTree.snapshot
        yield* TaskGroup.cancel()
        return TaskTree.deadlocks(snapshot).map((cycle) => cycle.map((node) => node.name).toSorted())
      }),
      { name: "main" }
    )
  )

describe("deadlocks", () => {
  it.effect("two locks taken in opposite order", () =>
    Effect.gen(function* () {
      const [a, b] = [yield* Lock.make({ name: "a" }), yield* Lock.make({ name: "b" })]
      const both = (first: Lock.Lock, second: Lock.Lock) =>
        Lock.withLock(first, Effect.andThen(Effect.yieldNow, Lock.withLock(second, Effect.void)))
      const cycles = yield* cyclesOf({
        ab: both(a, b),
        ba: both(b, a),
        bystander: Lock.withLock(a, Effect.void)
      })
      assert.deepStrictEqual(cycles, [["ab", "ba"]])
    })
  )

  it.effect("a lock, a semaphore and a limiter", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make()
      const semaphore = yield* Semaphore.make(1)
      const limiter = yield* CapacityLimiter.make(1)
      const withLock = Lock.withLock(lock)
      const withPermit = Semaphore.withPermit(semaphore)
      const withToken = CapacityLimiter.withToken(limiter)
      const after = <A>(effect: Effect.Effect<A>) => Effect.andThen(Effect.yieldNow, effect)
      const cycles = yield* cyclesOf({
        one: withLock(after(withPermit(Effect.void))),
        two: withPermit(after(withToken(Effect.void))),
        three: withToken(after(withLock(Effect.void)))
      })
      assert.deepStrictEqual(cycles, [["one", "three", "two"]])
    })
  )

  it.effect("a task that holds a lock joins one that waits for it", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make()
      const owner = TaskGroup.run(
        Effect.gen(function* () {
          const child = yield* TaskGroup.fork(Lock.withLock(lock, Effect.void), { name: "child" })
          yield* Task.join(child)
        })
      )
      const cycles = yield* cyclesOf({ owner: Lock.withLock(lock, owner) })
      assert.strictEqual(cycles.length, 1)
      assert.include(cycles[0]!, "child")
    })
  )

  it.effect("a lock that a scope holds, and one that was handed over", () =>
    Effect.gen(function* () {
      const [a, b] = [yield* Lock.make(), yield* Lock.make()]
      const cycles = yield* cyclesOf({
        scoped: Effect.scoped(
          Effect.gen(function* () {
            yield* Lock.acquire(a)
            yield* Effect.yieldNow
            yield* Lock.acquire(b)
          })
        ),
        first: Lock.withLock(b, Effect.yieldNow),
        second: Lock.withLock(b, Lock.withLock(a, Effect.void))
      })
      assert.deepStrictEqual(cycles, [["scoped", "second"]])
    })
  )

  it.effect("a task that holds a lock waits for the queue whose handlers need it", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make()
      const handled = yield* WorkQueue.unbounded<number>()
      yield* WorkQueue.offer(handled, 1)
      const full = yield* WorkQueue.bounded<number>(1)
      const handler = () => Lock.withLock(lock, Effect.void)
      const after = <A, E>(effect: Effect.Effect<A, E>) => Effect.andThen(Effect.yieldNow, effect)
      const joining = {
        owner: Lock.withLock(lock, after(WorkQueue.join(handled))),
        consumer: WorkQueue.consume(handled, handler, { workers: 2 })
      }
      assert.deepStrictEqual(yield* cyclesOf(joining), [["owner", "worker:1"]])
      const offering = {
        owner: Lock.withLock(lock, after(WorkQueue.offerAll(full, [1, 2, 3, 4]))),
        consumer: WorkQueue.consume(full, handler, { workers: 2 })
      }
      assert.deepStrictEqual(yield* cyclesOf(offering), [["owner", "worker:1"]])
    })
  )

  it.effect("two queues, both full, whose handlers feed each other", () =>
    Effect.gen(function* () {
      const [a, b] = [yield* WorkQueue.bounded<number>(1), yield* WorkQueue.bounded<number>(1)]
      yield* WorkQueue.offer(a, 1)
      const pass = (to: WorkQueue.WorkQueue<number>) => (n: number) => WorkQueue.offerAll(to, [n, n, n])
      const cycles = yield* cyclesOf({
        ab: WorkQueue.consume(a, pass(b), { workers: 1, name: "a" }),
        ba: WorkQueue.consume(b, pass(a), { workers: 1, name: "b" })
      })
      assert.deepStrictEqual(cycles, [["worker:1", "worker:1"]])
    })
  )

  it.effect("none where a queue has a worker to spare, or one that goes on by itself", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make()
      const event = yield* Event.make()
      const queue = yield* WorkQueue.bounded<number>(1)
      const handler = (n: number) => (n === 1 ? Event.wait(event) : Lock.withLock(lock, Effect.void))
      const cycles = yield* cyclesOf({
        owner: Lock.withLock(lock, Effect.andThen(Effect.yieldNow, WorkQueue.offerAll(queue, [1, 2, 3, 4]))),
        consumer: WorkQueue.consume(queue, handler, { workers: 2 })
      })
      assert.deepStrictEqual(cycles, [])
    })
  )

  it.effect("none where somebody may still come: events, conditions, barriers, queues, bare permits", () =>
    Effect.gen(function* () {
      const event = yield* Event.make()
      const condition = yield* Condition.make()
      const barrier = yield* Barrier.make(2)
      const queue = yield* WorkQueue.bounded<number>(1)
      const semaphore = yield* Semaphore.make(1)
      yield* Semaphore.take(semaphore, 1)
      const cycles = yield* cyclesOf({
        event: Event.wait(event),
        condition: Condition.withLock(condition, Condition.wait(condition)),
        barrier: Barrier.wait(barrier),
        taker: WorkQueue.take(queue),
        permit: Semaphore.withPermit(semaphore, Effect.void)
      })
      assert.deepStrictEqual(cycles, [])
    })
  )

  it.effect("none where a task has been handed what it waits for, and has not gone on yet", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make()
      const semaphore = yield* Semaphore.make(1)
      const limiter = yield* CapacityLimiter.make(1)
      const around: ReadonlyArray<(effect: Effect.Effect<void>) => Effect.Effect<void>> = [
        Lock.withLock(lock),
        Semaphore.withPermit(semaphore),
        CapacityLimiter.withToken(limiter)
      ]
      for (const hold of around) {
        const [cycles, waits] = yield* TaskGroup.run(
          Effect.gen(function* () {
            const waiter = yield* TaskGroup.fork(Effect.andThen(Effect.yieldNow, hold(Effect.void)))
            yield* hold(settle)
            const snapshot = yield* TaskTree.snapshot
            const node = snapshot.nodes.find((one) => one.id === waiter.id)!
            return [TaskTree.deadlocks(snapshot), node.waitingOn]
          })
        )
        assert.deepStrictEqual([cycles, waits], [[], Option.none()])
      }
    })
  )

  it.effect("none where one holder of several is free to go on", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(2)
      const event = yield* Event.make()
      const cycles = yield* cyclesOf({
        stuck: Semaphore.withPermit(
          semaphore,
          Effect.andThen(Effect.yieldNow, Semaphore.withPermit(semaphore, Effect.void))
        ),
        free: Semaphore.withPermit(semaphore, Event.wait(event))
      })
      assert.deepStrictEqual(cycles, [])
    })
  )

  it.effect("none where a bare permit may be given back by anybody", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(2, { name: "s" })
      yield* Semaphore.take(semaphore, 1)
      const stuck = Semaphore.withPermit(
        semaphore,
        Effect.andThen(Effect.yieldNow, Semaphore.withPermit(semaphore, Effect.void))
      )
      assert.deepStrictEqual(yield* cyclesOf({ stuck }), [])
      yield* Semaphore.release(semaphore, 1)
      yield* Semaphore.resize(semaphore, 1)
      assert.deepStrictEqual(yield* cyclesOf({ stuck }), [["stuck"]])
    })
  )
})
