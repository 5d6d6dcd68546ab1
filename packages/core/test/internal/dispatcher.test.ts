import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Scheduler } from "effect"
import { AsyncLocalStorage } from "node:async_hooks"
import { vi } from "vitest"

import { Barrier, Event, Lock, Semaphore, Task, TaskGroup } from "../../src/index.ts"

/** Effect's own scheduler, with a count of the turns of the event loop that it asked for. */
const counting = () => {
  const counted = {
    turns: 0,
    scheduler: new Scheduler.MixedScheduler("async", (run) => {
      counted.turns++
      const immediate = setImmediate(run)
      return () => clearImmediate(immediate)
    })
  }
  return counted
}

const runOn = <A, E>(scheduler: Scheduler.Scheduler, effect: Effect.Effect<A, E>) =>
  Effect.runPromise(effect, { scheduler })

const forkAll = <E>(count: number, task: (i: number) => Effect.Effect<unknown, E>, limit?: number) =>
  TaskGroup.run(
    Effect.gen(function* () {
      for (let i = 0; i < count; i++) yield* TaskGroup.fork(task(i))
    }),
    { limit }
  )

const note = (seen: Array<unknown>, what: unknown) => Effect.sync(() => void seen.push(what))

describe("dispatcher", () => {
  it("gives all tasks one turn of the event loop, in the order in which they yielded", async () => {
    const { scheduler, ...counted } = counting()
    const seen: Array<unknown> = []
    await runOn(
      scheduler,
      forkAll(5, (i) => Effect.andThen(Effect.yieldNow, note(seen, i)))
    )
    assert.deepStrictEqual(seen, [0, 1, 2, 3, 4])
    assert.isAtMost(counted.turns, 2)
  })

  it("lets the event loop and other fibers have their turn between two yields", async () => {
    const seen: Array<unknown> = []
    const thrice = (what: string) =>
      Effect.gen(function* () {
        for (let i = 0; i < 3; i++) {
          yield* Effect.yieldNow
          seen.push(what)
        }
      })
    await Promise.all([
      Effect.runPromise(TaskGroup.run(TaskGroup.fork(thrice("task")))),
      Effect.runPromise(thrice("fiber")),
      (async () => {
        for (let i = 0; i < 3; i++) {
          await new Promise((resolve) => setImmediate(resolve))
          seen.push("loop")
        }
      })()
    ])
    for (const round of [0, 3, 6])
      assert.deepStrictEqual(seen.slice(round, round + 3).toSorted(), ["fiber", "loop", "task"])
  })

  it("keeps the order in which fibers and tasks yielded", async () => {
    const seen: Array<unknown> = []
    const yielding = (what: string) => Effect.andThen(Effect.yieldNow, note(seen, what))
    await Effect.runPromise(
      Effect.gen(function* () {
        const group = yield* TaskGroup.scoped({ onFailure: () => Effect.void })
        // Tasks yield before, between and after fibers of Effect.
        yield* TaskGroup.forkIn(group, yielding("task 1"))
        yield* Effect.promise(() => Promise.resolve())
        yield* Effect.forkChild(note(seen, "fiber 2"))
        yield* Effect.promise(() => Promise.resolve())
        yield* TaskGroup.forkIn(group, yielding("task 3"))
        yield* Effect.promise(() => Promise.resolve())
        yield* Effect.forkChild(yielding("fiber 4"), { startImmediately: true })
        yield* Effect.promise(() => Promise.resolve())
        yield* TaskGroup.forkIn(group, yielding("task 5"))
        yield* Effect.yieldNow
        yield* Effect.yieldNow
      }).pipe(Effect.scoped)
    )
    assert.deepStrictEqual(seen, ["task 1", "fiber 2", "task 3", "fiber 4", "task 5"])
  })

  it("lets promises have their turn between many tasks", async () => {
    const seen: Array<unknown> = []
    let tell!: () => void
    const told = new Promise<void>((resolve) => (tell = resolve)).then(() => seen.push("told"))
    await Effect.runPromise(
      forkAll(500, (i) =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => {
            if (i === 0) tell()
            seen.push(i)
          })
        )
      )
    )
    await told
    assert.isAtMost(seen.indexOf("told"), 64)
    assert.deepStrictEqual(
      seen.filter((what) => what !== "told"),
      Array.from({ length: 500 }, (_, i) => i)
    )
  })

  it("resumes who was handed a lock, a permit or a slot in the same turn", async () => {
    for (const program of [
      Effect.flatMap(Lock.make(), (lock) =>
        forkAll(20, () => Effect.andThen(Effect.yieldNow, Lock.withLock(lock, Effect.yieldNow)))
      ),
      Effect.flatMap(Semaphore.make(10), (semaphore) =>
        forkAll(200, () => Semaphore.withPermits(semaphore, 1)(Effect.yieldNow))
      ),
      forkAll(200, () => Effect.yieldNow, 10)
    ]) {
      const counted = counting()
      await runOn(counted.scheduler, program)
      assert.isAtLeast(counted.turns, 20)
      assert.isAtMost(counted.turns, 24)
    }
  })

  it("resumes so many in one turn and no more", async () => {
    const counted = counting()
    const [woken, turns] = await runOn(
      counted.scheduler,
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(1)
        let woken = 0
        yield* Semaphore.take(semaphore, 1)
        const waiting = yield* Effect.forkChild(
          forkAll(5000, () => Semaphore.withPermits(semaphore, 1)(Effect.sync(() => void woken++)))
        )
        while ((yield* Semaphore.statistics(semaphore)).waiting.length < 5000) yield* Effect.yieldNow
        const before = counted.turns
        yield* Semaphore.release(semaphore, 1)
        yield* Fiber.join(waiting)
        return [woken, counted.turns - before]
      })
    )
    assert.strictEqual(woken, 5000)
    assert.isAtLeast(turns, 4)
    assert.isAtMost(turns, 12)
  })

  it("resumes no more because tasks yielded one after the other", async () => {
    let handovers = 0
    let most = 0
    let before = 0
    let over = false
    const sample = () => {
      most = Math.max(most, handovers - before)
      before = handovers
      if (!over) setImmediate(sample)
    }
    setImmediate(sample)
    await Effect.runPromise(
      Effect.gen(function* () {
        const group = yield* TaskGroup.scoped<Barrier.BrokenBarrier>({ onFailure: () => Effect.void })
        const tasks: Array<Task.Task<void, Barrier.BrokenBarrier>> = []
        for (let i = 0; i < 10; i++) {
          const barrier = yield* Barrier.make(2)
          const often = Effect.gen(function* () {
            yield* Effect.yieldNow
            for (let k = 0; k < 1000; k++) {
              yield* Barrier.wait(barrier)
              handovers++
            }
          })
          tasks.push(yield* TaskGroup.forkIn(group, often), yield* TaskGroup.forkIn(group, often))
          yield* Effect.promise(() => Promise.resolve())
        }
        yield* Effect.forEach(tasks, Task.join)
      }).pipe(Effect.scoped)
    )
    over = true
    assert.strictEqual(handovers, 20_000)
    // Of two at a barrier one is woken.
    assert.isAtMost(Math.max(most, handovers - before), 2 * 1200)
  })

  it("does not let those who wake each other keep the event loop from turning", async () => {
    let stop = false
    setImmediate(() => setImmediate(() => (stop = true)))
    const handovers = await Effect.runPromise(
      Effect.gen(function* () {
        const lock = yield* Lock.make()
        let handovers = 0
        yield* forkAll(3, () =>
          Effect.gen(function* () {
            yield* Effect.yieldNow
            while (!stop)
              yield* Lock.withLock(
                lock,
                Effect.sync(() => void handovers++)
              )
          })
        )
        return handovers
      })
    )
    assert.isAbove(handovers, 0)
  })

  it("goes on with the others after one that throws", async () => {
    const later: Array<() => void> = []
    const seen: Array<unknown> = []
    const spy = vi.spyOn(globalThis, "queueMicrotask").mockImplementation((run) => void later.push(run))
    try {
      await Effect.runPromise(
        forkAll(3, (i) =>
          Effect.gen(function* () {
            if (i === 0) {
              const fiber = yield* Effect.withFiber((fiber) => Effect.succeed(fiber))
              fiber.addObserver(() => {
                throw new Error("an observer's")
              })
            }
            yield* Effect.yieldNow
            seen.push(i)
          })
        )
      )
    } finally {
      spy.mockRestore()
    }
    assert.deepStrictEqual(seen, [0, 1, 2])
    const thrown = later.flatMap((run) => {
      try {
        run()
        return []
      } catch (error) {
        return [(error as Error).message]
      }
    })
    assert.deepStrictEqual(thrown, ["an observer's"])
  })

  it("keeps each task's async context apart", async () => {
    const storage = new AsyncLocalStorage<number>()
    const seen: Array<unknown> = []
    await Effect.runPromise(
      Effect.gen(function* () {
        const event = yield* Event.make()
        yield* TaskGroup.run(
          Effect.gen(function* () {
            const fork = yield* TaskGroup.runtime(yield* TaskGroup.current())()
            for (let i = 0; i < 3; i++)
              storage.run(i, () =>
                fork(
                  Effect.gen(function* () {
                    yield* Effect.yieldNow
                    yield* Event.wait(event)
                    seen.push([i, storage.getStore()])
                  })
                )
              )
            yield* Effect.yieldNow
            yield* Effect.yieldNow
            yield* Event.set(event)
          })
        )
      })
    )
    assert.deepStrictEqual(seen, [
      [0, 0],
      [1, 1],
      [2, 2]
    ])
  })

  it("keeps the async context of whoever forked for tasks that wait for permits first", async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: Array<unknown> = []
    const semaphore = Semaphore.makeUnsafe(1)
    await Effect.runPromise(Semaphore.take(semaphore, 1))
    const noting = Semaphore.withPermits(semaphore, 1)(Effect.sync(() => seen.push(storage.getStore())))
    const running = ["a", "b"].map((store) =>
      storage.run(store, () => Effect.runPromise(forkAll(2, () => noting)))
    )
    storage.run("of the one who releases", () => Effect.runSync(Semaphore.release(semaphore, 1)))
    await Promise.all(running)
    assert.deepStrictEqual(seen, ["a", "a", "b", "b"])
  })

  it("does not make priorities count among tasks", async () => {
    const seen: Array<unknown> = []
    await Effect.runPromise(
      forkAll(4, (i) => Effect.andThen(Effect.yieldNowWith((4 - i) % 3), note(seen, i)))
    )
    assert.deepStrictEqual(seen, [0, 1, 2, 3])
  })

  it("leaves a scheduler that makes dispatchers of its own to itself", async () => {
    let made = 0
    class Own extends Scheduler.MixedScheduler {
      override makeDispatcher() {
        made++
        return super.makeDispatcher()
      }
    }
    await runOn(
      new Own(),
      forkAll(3, () => Effect.yieldNow)
    )
    assert.isAtLeast(made, 3)
  })

  it("runs all that is due when it is flushed, and each once", async () => {
    const seen: Array<unknown> = []
    await Effect.runPromise(
      forkAll(3, (i) =>
        Effect.gen(function* () {
          yield* Effect.yieldNow
          seen.push(i)
          if (i < 2) return
          const { currentDispatcher } = yield* Effect.withFiber((fiber) => Effect.succeed(fiber))
          for (const more of [3, 4]) currentDispatcher.scheduleTask(() => seen.push(more), 0)
          currentDispatcher.flush()
          assert.deepStrictEqual(seen, [0, 1, 2, 3, 4])
          currentDispatcher.scheduleTask(() => seen.push(5), 0)
          yield* Effect.yieldNow
        })
      )
    )
    assert.deepStrictEqual(seen, [0, 1, 2, 3, 4, 5])
  })

  it("is not there under runSync, which runs what does not suspend", () => {
    const seen: Array<unknown> = []
    Effect.runSync(forkAll(3, (i) => note(seen, i)))
    assert.deepStrictEqual(seen, [0, 1, 2])
    const exit = Effect.runSyncExit(forkAll(3, () => Effect.yieldNow))
    assert.strictEqual(exit._tag, "Failure")
  })
})
