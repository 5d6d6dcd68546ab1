import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Scheduler } from "effect"
import { vi } from "vitest"

import { Event, Lock, Semaphore, TaskGroup } from "../../src/index.ts"

// real time: what is looked at are the turns of the event loop; nothing is slept through

const runOn = <A, E>(scheduler: Scheduler.Scheduler, effect: Effect.Effect<A, E>) =>
  Effect.runPromise(effect, { scheduler })

const turn = () => new Promise((resolve) => setImmediate(resolve))

const yielding = (count: number) =>
  TaskGroup.run(Effect.forEach(Array.from({ length: count }), () => TaskGroup.fork(Effect.yieldNow)))

/** What was rethrown while it ran, which is otherwise for `uncaughtException`. */
const rethrownBy = async (run: () => Promise<unknown>): Promise<ReadonlyArray<unknown>> => {
  const later: Array<() => void> = []
  const spy = vi.spyOn(globalThis, "queueMicrotask").mockImplementation((run) => void later.push(run))
  try {
    await run()
  } finally {
    spy.mockRestore()
  }
  return later.flatMap((run) => {
    try {
      run()
      return []
    } catch (error) {
      return [error]
    }
  })
}

const thrown = new Error("an observer's")

const throwAtTheEnd = Effect.withFiber((fiber) =>
  Effect.sync(() => {
    fiber.addObserver(() => {
      throw thrown
    })
  })
)

describe("dispatcher, with what throws", () => {
  for (const who of ["tasks", "fibers"] as const)
    it(`resumes all ${who} that were handed something together, though the observer of one throws`, async () => {
      const seen: Array<number> = []
      const program = Effect.gen(function* () {
        const event = yield* Event.make()
        const fork = yield* TaskGroup.runtime(yield* TaskGroup.current())()
        for (let i = 0; i < 5; i++) {
          const waits = Effect.gen(function* () {
            if (i === 1) yield* throwAtTheEnd
            yield* Event.wait(event)
            seen.push(i)
          })
          if (who === "tasks") fork(waits)
          else Effect.runFork(waits)
        }
        yield* Effect.yieldNow
        yield* Event.set(event)
        for (let i = 0; i < 3; i++) yield* Effect.promise(turn)
      })
      const rethrown = await rethrownBy(() => Effect.runPromise(TaskGroup.run(program)))
      assert.deepStrictEqual(seen, [0, 1, 2, 3, 4])
      assert.deepStrictEqual(rethrown, [thrown])
    })

  it("goes on after a scheduler whose setImmediate threw", async () => {
    let broken = true
    const scheduler = new Scheduler.MixedScheduler("async", (run) => {
      if (broken) throw new Error("no timers here")
      const immediate = setImmediate(run)
      return () => clearImmediate(immediate)
    })
    const lock = Lock.makeUnsafe()
    const failed = await Effect.runPromiseExit(yielding(1), { scheduler })
    assert.strictEqual(failed._tag, "Failure")
    // A hand-over that could not be scheduled goes with the next.
    const semaphore = Semaphore.makeUnsafe(2)
    await runOn(scheduler, Semaphore.take(semaphore, 2))
    const first = Effect.runFork(Semaphore.take(semaphore, 1), { scheduler })
    const second = Effect.runFork(Semaphore.take(semaphore, 1), { scheduler })
    assert.strictEqual((await Effect.runPromiseExit(Semaphore.release(semaphore, 1)))._tag, "Failure")
    broken = false
    await runOn(scheduler, Semaphore.release(semaphore, 1))
    await runOn(scheduler, Effect.andThen(Fiber.join(first), Fiber.join(second)))
    await runOn(scheduler, Lock.withLock(lock, yielding(3)))
  })
})

describe("dispatcher, with timers that are faked", () => {
  it("runs in their turns", async () => {
    vi.useFakeTimers({ toFake: ["setImmediate", "clearImmediate"] })
    try {
      let done = false
      const running = Effect.runPromise(yielding(100)).then(() => (done = true))
      for (let i = 0; i < 100; i++) await Promise.resolve()
      assert.isFalse(done)
      await vi.runAllTimersAsync()
      await running
    } finally {
      vi.useRealTimers()
    }
  })

  it("is not held up by a turn that never comes", async () => {
    const scheduler = new Scheduler.MixedScheduler()
    vi.useFakeTimers({ toFake: ["setImmediate", "clearImmediate", "queueMicrotask"] })
    const left = Effect.runFork(yielding(3), { scheduler })
    vi.useRealTimers()
    left.interruptUnsafe()
    await turn()
    let done = 0
    for (let i = 0; i < 3; i++) void runOn(scheduler, yielding(3)).then(() => done++)
    for (let i = 0; i < 20; i++) await turn()
    assert.strictEqual(done, 3)
  })
})

describe("dispatcher, with a scheduler that makes dispatchers of its own", () => {
  it("resumes through these who was handed something", async () => {
    const due: Array<() => void> = []
    class Own extends Scheduler.MixedScheduler {
      override makeDispatcher(): ReturnType<Scheduler.MixedScheduler["makeDispatcher"]> {
        const dispatcher = super.makeDispatcher()
        dispatcher.scheduleTask = (task) => void due.push(task)
        return dispatcher
      }
    }
    const scheduler = new Own()
    const semaphore = Semaphore.makeUnsafe(2)
    await runOn(scheduler, Semaphore.take(semaphore, 2))
    const waiting = Effect.runFork(Semaphore.take(semaphore, 2), { scheduler })
    Effect.runSync(Semaphore.release(semaphore, 2))
    await turn()
    assert.isUndefined(waiting.pollUnsafe())
    assert.strictEqual(due.length, 1)
    due[0]!()
    assert.strictEqual(waiting.pollUnsafe()?._tag, "Success")
  })
})

describe("dispatcher, where a group has a limit", () => {
  it("starts its tasks in the order of asking, whoever gives the slots back", async () => {
    const starts: Array<number> = []
    // By turns: from a stretch of the dispatcher's, from another's turn of the event loop, from a promise.
    const ways = [Effect.yieldNow, Effect.promise(turn), Effect.promise(() => Promise.resolve())]
    await Effect.runPromise(
      TaskGroup.run(
        Effect.gen(function* () {
          const fork = yield* TaskGroup.runtime(yield* TaskGroup.current())()
          for (let i = 0; i < 500; i++)
            fork(
              Effect.suspend(() => {
                starts.push(i)
                return ways[((i * 7) % 11) % 3]!
              })
            )
        }),
        { limit: 10 }
      )
    )
    assert.deepStrictEqual(
      starts,
      Array.from({ length: 500 }, (_, i) => i)
    )
  })

  it("starts them in that order where there are more than have room in a turn", async () => {
    const starts: Array<number> = []
    await Effect.runPromise(
      TaskGroup.run(
        Effect.gen(function* () {
          const fork = yield* TaskGroup.runtime(yield* TaskGroup.current())()
          for (let i = 0; i < 10_000; i++)
            fork(
              Effect.suspend(() => {
                starts.push(i)
                return Effect.yieldNow
              })
            )
        }),
        { limit: 3000 }
      )
    )
    assert.deepStrictEqual(
      starts,
      Array.from({ length: 10_000 }, (_, i) => i)
    )
  })
})

describe("dispatcher, with many tasks that yielded in one go", () => {
  it("lets process.nextTick have its turn between them", async () => {
    const seen: Array<unknown> = []
    await Effect.runPromise(
      TaskGroup.run(
        Effect.gen(function* () {
          for (let i = 0; i < 500; i++)
            yield* TaskGroup.fork(
              Effect.andThen(
                Effect.yieldNow,
                Effect.sync(() => {
                  if (i === 100) process.nextTick(() => seen.push("tick"))
                  seen.push(i)
                })
              )
            )
        })
      )
    )
    await turn()
    assert.include(seen, "tick")
    assert.isAtMost(seen.indexOf("tick"), 100 + 64)
    assert.deepStrictEqual(
      seen.filter((what) => what !== "tick"),
      Array.from({ length: 500 }, (_, i) => i)
    )
  })

  it("runs them all when it is flushed", async () => {
    const seen: Array<number> = []
    await Effect.runPromise(
      TaskGroup.run(
        Effect.gen(function* () {
          for (let i = 0; i < 200; i++)
            yield* TaskGroup.fork(
              Effect.andThen(
                Effect.yieldNow,
                Effect.withFiber((fiber) => {
                  seen.push(i)
                  if (i > 0) return Effect.void
                  fiber.currentDispatcher.flush()
                  // Those behind it in its own stretch are running already.
                  assert.isAtLeast(seen.length, 200 - 63)
                  return Effect.void
                })
              )
            )
        })
      )
    )
    assert.strictEqual(new Set(seen).size, 200)
    assert.strictEqual(seen.length, 200)
  })
})
