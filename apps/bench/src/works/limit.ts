import { Semaphore as MutexSemaphore } from "async-mutex"
import { Sema } from "async-sema"
import * as Effect from "effect/Effect"
import * as EffectSemaphore from "effect/Semaphore"
import pLimit from "p-limit"
import PQueue from "p-queue"

import { Gather, Semaphore, TaskGroup } from "@skein/core"

import { forkAll, forkTasks } from "../floor.ts"
import type { ForkAll } from "../floor.ts"
import { both, define } from "../work.ts"
import type { Round } from "../work.ts"

const permits = 10
const task = Effect.yieldNow
const range = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)

const effect =
  (make: (n: number) => Effect.Effect<unknown>): Round =>
  async (n) => {
    await Effect.runPromise(make(n))
  }

const throughPermits = (n: number, fork: ForkAll) =>
  Effect.flatMap(Semaphore.make(permits), (semaphore) =>
    fork(n, () => Semaphore.withPermits(semaphore, 1)(task))
  )

type Work = () => Promise<void>

const all = (n: number, one: () => Promise<unknown>): Promise<unknown> => Promise.all(range(n).map(one))

export const limit = define({
  id: "limit",
  title: "Many tasks through ten permits",
  description: "Tasks that yield once, all asked for at once, at most ten of them running at a time.",
  unit: "task",
  n: 50_000,
  essential: true,
  scales: true,
  floor: "floor",
  effect: "Effect forEach",
  goals: [
    { system: "Skein TaskGroup", against: "Effect forEach", ratio: 1.15 },
    { system: "Skein Semaphore", against: "Effect forEach", ratio: 1.15 }
  ],
  remarks:
    "The floor runs them all at once, without a limit. forEach, a group's limit and Gather.map start a task when there is room for it; a semaphore has all of them in line first: Skein's tasks without a fiber until they are served (docs/adr/0067), the row of fibers, like the floor, with one each. The libraries on promises cannot cancel; they are shown twice, with tasks that yield to the microtask queue and with tasks that yield to the event loop, as all others here do. Effect's Semaphore takes time that grows with the square of its waiters, hence its smaller number.",
  systems: {
    floor: { round: effect((n) => forkAll(n, () => task)), note: "no limit" },
    "Effect forEach": {
      round: effect((n) => Effect.forEach(range(n), () => task, { concurrency: permits, discard: true })),
      note: "concurrency: 10"
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
      note: "concurrency: 10, keeps the results",
      round: effect((n) => Gather.map(range(n), () => task, { concurrency: permits }))
    },
    "Skein Semaphore": {
      note: "tasks of a group",
      round: effect((n) => throughPermits(n, forkTasks))
    },
    "Skein Semaphore (fibers)": {
      note: "Effect's fibers",
      round: effect((n) => throughPermits(n, forkAll))
    },
    ...both("p-limit", (work: Work) => async (n) => {
      const limited = pLimit(permits)
      await all(n, () => limited(work))
    }),
    ...both("p-queue", (work: Work) => async (n) => {
      const queue = new PQueue({ concurrency: permits })
      await all(n, () => queue.add(work))
    }),
    ...both("async-sema", (work: Work) => async (n) => {
      const sema = new Sema(permits)
      await all(n, async () => {
        await sema.acquire()
        await work()
        sema.release()
      })
    }),
    ...both(
      "async-mutex",
      (work: Work) => async (n) => {
        const semaphore = new MutexSemaphore(permits)
        await all(n, () => semaphore.runExclusive(work))
      },
      { most: 5_000 }
    )
  },
  python: ["asyncio", "trio"],
  mostPython: 5_000
})
