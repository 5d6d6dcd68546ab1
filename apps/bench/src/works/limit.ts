import { Semaphore as MutexSemaphore, Mutex } from "async-mutex"
import { Sema } from "async-sema"
import * as Effect from "effect/Effect"
import * as EffectSemaphore from "effect/Semaphore"
import pLimit from "p-limit"
import PQueue from "p-queue"

import { Gather, Lock, Semaphore, TaskGroup } from "@skein/core"

import { forkAll } from "../floor.ts"
import { define } from "../work.ts"
import type { Round } from "../work.ts"

const permits = 10
const task = Effect.yieldNow
const range = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)
const effect =
  (make: (n: number) => Effect.Effect<unknown>): Round =>
  async (n) => {
    await Effect.runPromise(make(n))
  }

/** What a task of the promise libraries does: it yields once, to the microtask queue, the cheapest there is. */
const work = async (): Promise<void> => {
  await null
}

const all = (n: number, one: () => Promise<unknown>): Promise<unknown> => Promise.all(range(n).map(one))

export const limit = define({
  id: "limit",
  title: "Many tasks through ten permits",
  description: "Tasks that yield once, all started, at most ten of them running at a time.",
  unit: "task",
  n: 50_000,
  essential: true,
  scales: true,
  effect: "Effect forEach",
  goals: [
    {
      text: "a limited group at most 1.15 times forEach",
      system: "Skein TaskGroup",
      against: "Effect forEach",
      ratio: 1.15
    },
    {
      text: "Semaphore at most 1.15 times forEach",
      system: "Skein Semaphore",
      against: "Effect forEach",
      ratio: 1.15
    }
  ],
  remarks:
    "The libraries on promises yield to the microtask queue, which is cheaper than a turn of the event loop, and cannot cancel. Effect's Semaphore takes time that grows with the square of its waiters, hence the smaller number.",
  systems: {
    "Effect forEach": {
      round: effect((n) => Effect.forEach(range(n), () => task, { concurrency: permits, discard: true })),
      note: "ten fibers"
    },
    "Effect Semaphore": {
      most: 2_000,
      round: effect((n) =>
        Effect.flatMap(EffectSemaphore.make(permits), (semaphore) =>
          forkAll(n, () => semaphore.withPermits(1)(task))
        )
      )
    },
    "Skein TaskGroup": {
      note: "limit: 10",
      round: effect((n) =>
        TaskGroup.run(
          Effect.gen(function* () {
            for (let i = 0; i < n; i++) yield* TaskGroup.fork(task)
          }),
          { limit: permits }
        )
      )
    },
    "Skein Gather.map": {
      round: effect((n) => Gather.map(range(n), () => task, { concurrency: permits }))
    },
    "Skein Semaphore": {
      round: effect((n) =>
        Effect.flatMap(Semaphore.make(permits), (semaphore) =>
          forkAll(n, () => Semaphore.withPermits(semaphore, 1)(task))
        )
      )
    },
    "p-limit": {
      round: async (n) => {
        const limited = pLimit(permits)
        await all(n, () => limited(work))
      }
    },
    "p-queue": {
      round: async (n) => {
        const queue = new PQueue({ concurrency: permits })
        await all(n, () => queue.add(work))
      }
    },
    "async-sema": {
      round: async (n) => {
        const sema = new Sema(permits)
        await all(n, async () => {
          await sema.acquire()
          await work()
          sema.release()
        })
      }
    },
    "async-mutex": {
      most: 5_000,
      round: async (n) => {
        const semaphore = new MutexSemaphore(permits)
        await all(n, () => semaphore.runExclusive(work))
      }
    }
  },
  python: ["asyncio", "trio"]
})

const tasks = 1_000

const lockEffect = (withLock: (effect: Effect.Effect<void>) => Effect.Effect<void>, n: number) =>
  forkAll(tasks, () =>
    Effect.gen(function* () {
      for (let i = 0; i < n / tasks; i++) yield* withLock(task)
    })
  )

const lockPromise = (withLock: () => Promise<unknown>, n: number) =>
  all(tasks, async () => {
    for (let i = 0; i < n / tasks; i++) await withLock()
  })

export const lock = define({
  id: "lock",
  title: "A lock that everybody wants",
  description: "A thousand tasks take one lock again and again and yield once inside it.",
  unit: "acquisition",
  n: 20_000,
  essential: true,
  scales: true,
  effect: "Effect Semaphore(1)",
  goals: [
    {
      text: "linear, where Semaphore(1) is not",
      system: "Skein Lock",
      against: "Effect Semaphore(1)",
      ratio: 0.5
    }
  ],
  systems: {
    "Effect Semaphore(1)": {
      most: 4_000,
      round: effect((n) =>
        Effect.flatMap(EffectSemaphore.make(1), (semaphore) => lockEffect(semaphore.withPermits(1), n))
      )
    },
    "Skein Lock": {
      round: effect((n) => Effect.flatMap(Lock.make(), (lock) => lockEffect(Lock.withLock(lock), n)))
    },
    "async-mutex": {
      round: async (n) => {
        const mutex = new Mutex()
        await lockPromise(() => mutex.runExclusive(work), n)
      }
    },
    "async-sema": {
      round: async (n) => {
        const sema = new Sema(1)
        await lockPromise(async () => {
          await sema.acquire()
          await work()
          sema.release()
        }, n)
      }
    }
  },
  python: ["asyncio", "trio"]
})
