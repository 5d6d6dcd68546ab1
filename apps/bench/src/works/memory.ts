import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import { action, run, spawn } from "effection"

import { TaskGroup } from "@skein/core"

import { start } from "../floor.ts"
import { Started } from "../started.ts"
import { define, setImmediatePromise } from "../work.ts"
import type { Round, System } from "../work.ts"

const gc = globalThis.gc ?? (() => {})

const started = new Started()

/** Bytes that are live only while the n tasks are. */
const between = async (n: number, begin: () => Promise<() => Promise<unknown>>): Promise<number> => {
  await setImmediatePromise()
  gc()
  const before = process.memoryUsage().heapUsed
  const end = await begin()
  await started.all(n)
  gc()
  const bytes = process.memoryUsage().heapUsed - before
  await end()
  return bytes
}

const inEffect =
  (
    begin: (n: number, task: Effect.Effect<void>) => Effect.Effect<unknown>,
    task: Effect.Effect<void>
  ): Round =>
  (n) =>
    between(n, async () => {
      const fiber = Effect.runFork(begin(n, task))
      return () => Effect.runPromise(Fiber.interrupt(fiber))
    })

const floor = (n: number, task: Effect.Effect<void>) =>
  Effect.flatMap(start(n, task), (fibers) =>
    Effect.onInterrupt(Effect.never, () => Fiber.interruptAll(fibers))
  )

const forEach = (n: number, task: Effect.Effect<void>) =>
  Effect.forEach(Array.from({ length: n }), () => task, { concurrency: "unbounded", discard: true })

const fiberSet = (n: number, task: Effect.Effect<void>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const set = yield* FiberSet.make<void>()
      for (let i = 0; i < n; i++) yield* FiberSet.run(set, task)
      yield* Effect.never
    })
  )

const skein = (n: number, task: Effect.Effect<void>) =>
  TaskGroup.run(
    Effect.gen(function* () {
      for (let i = 0; i < n; i++) yield* TaskGroup.fork(task)
    })
  )

const promisesSuspended: Round = (n) =>
  between(n, async () => {
    const held: Array<() => void> = []
    const all = Promise.all(
      Array.from({ length: n }, async () => {
        started.one()
        await new Promise<void>((resolve) => held.push(resolve))
      })
    )
    return async () => {
      for (const resume of held) resume()
      await all
    }
  })

const promisesSleeping: Round = (n) =>
  between(n, async () => {
    const held: Array<() => void> = []
    const all = Promise.all(
      Array.from({ length: n }, async () => {
        started.one()
        await new Promise<void>((resolve) => {
          const handle = setTimeout(resolve, 3_600_000)
          held.push(() => {
            clearTimeout(handle)
            resolve()
          })
        })
      })
    )
    return async () => {
      for (const resume of held) resume()
      await all
    }
  })

const effection =
  (sleeps: boolean): Round =>
  (n) =>
    between(n, async () => {
      const root = run(function* () {
        for (let i = 0; i < n; i++) {
          yield* spawn(() =>
            action<void>((resolve) => {
              started.one()
              if (!sleeps) return () => {}
              const handle = setTimeout(() => resolve(undefined), 3_600_000)
              return () => clearTimeout(handle)
            })
          )
        }
        yield* action<void>(() => () => {})
      })
      return () => root.halt() as unknown as Promise<void>
    })

const systems = (
  task: Effect.Effect<void>,
  native: Round,
  sleeps: boolean
): Readonly<Record<string, System>> => ({
  floor: { round: inEffect(floor, task) },
  promises: { round: native },
  "Effect forEach": { round: inEffect(forEach, task) },
  "Effect FiberSet": { round: inEffect(fiberSet, task) },
  "Skein TaskGroup": { round: inEffect(skein, task) },
  Effection: { round: effection(sleeps), most: 1_000 }
})

export const suspended = define({
  id: "memory-suspended",
  title: "Bytes per suspended task",
  description: "Heap that is live while so many tasks of one group are suspended, per task.",
  unit: "task",
  n: 10_000,
  memory: true,
  essential: true,
  floor: "floor",
  effect: "Effect forEach",
  goals: [
    { system: "Skein TaskGroup", bytes: 550 },
    { system: "Skein TaskGroup", against: "Effect forEach", ratio: 1 }
  ],
  remarks: "Of Python, what its allocator gave out meanwhile (tracemalloc).",
  systems: systems(Effect.callback<void>(started.one), promisesSuspended, false),
  python: ["asyncio", "trio"]
})

export const sleeping = define({
  id: "memory-sleeping",
  title: "Bytes per sleeping task",
  description: "The same for tasks that sleep, each with its timer.",
  unit: "task",
  n: 10_000,
  memory: true,
  essential: false,
  floor: "floor",
  effect: "Effect forEach",
  goals: [{ system: "Skein TaskGroup", against: "Effect forEach", ratio: 1 }],
  systems: systems(started.counted(Effect.sleep("1 hour")), promisesSleeping, true),
  python: ["asyncio", "trio"]
})
