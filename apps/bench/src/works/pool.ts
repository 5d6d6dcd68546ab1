import * as Effect from "effect/Effect"
import * as EffectPool from "effect/Pool"

import { Pool } from "@skein/core"

import { forkAll, forkTasks } from "../floor.ts"
import type { ForkAll } from "../floor.ts"
import { define, setImmediatePromise } from "../work.ts"
import type { Round } from "../work.ts"

const size = 10
const tasks = 100

const leases = (use: Effect.Effect<unknown, unknown>, n: number, fork: ForkAll = forkAll) =>
  fork(tasks, () =>
    Effect.gen(function* () {
      for (let i = 0; i < n / tasks; i++) yield* use
    })
  )

const work = () => Effect.yieldNow

const skein =
  (fork: ForkAll): Round =>
  (n) =>
    Effect.runPromise(
      Effect.scoped(
        Effect.flatMap(
          Pool.make({ acquire: Effect.sync(() => ({})), min: size, max: size, acquireTimeout: "1 minute" }),
          (items) => leases(Pool.use(items, work), n, fork)
        )
      )
    )

/** What one writes by hand: an array of items and one of waiters. */
const byHand: Round = async (n) => {
  const idle = Array.from({ length: size }, () => ({}))
  const waiting: Array<(item: object) => void> = []
  const lease = (): Promise<object> | object =>
    idle.pop() ?? new Promise<object>((resolve) => waiting.push(resolve))
  const release = (item: object) => {
    const next = waiting.shift()
    if (next === undefined) idle.push(item)
    else next(item)
  }
  await Promise.all(
    Array.from({ length: tasks }, async () => {
      for (let i = 0; i < n / tasks; i++) {
        const item = await lease()
        await setImmediatePromise()
        release(item)
      }
    })
  )
}

export const pool = define({
  id: "pool",
  title: "A pool of ten for a hundred tasks",
  description: "A hundred tasks lease one of ten items again and again, and yield once while they hold it.",
  unit: "lease",
  n: 20_000,
  essential: true,
  floor: "floor",
  effect: "Effect Pool",
  remarks:
    "The floor is the same without a pool. Skein's pool is shown with tasks of a group, which share a dispatcher (docs/adr/0066), and with the same bare fibers as Effect's pool. By hand there is no limit in time, no check of the items, and a failing task keeps its item.",
  goals: [{ system: "Skein Pool", against: "Effect Pool", ratio: 0.39 }],
  systems: {
    floor: { round: (n) => Effect.runPromise(leases(work(), n)), note: "no pool" },
    "promises (setImmediate)": { round: byHand, note: "by hand" },
    "Effect Pool": {
      round: async (n) => {
        await Effect.runPromise(
          Effect.scoped(
            Effect.flatMap(EffectPool.make({ acquire: Effect.sync(() => ({})), size }), (items) =>
              leases(EffectPool.use(items, work), n)
            )
          )
        )
      }
    },
    "Skein Pool": { round: skein(forkTasks), note: "tasks of a group" },
    "Skein Pool (fibers)": { round: skein(forkAll), note: "Effect's fibers" }
  },
  python: ["asyncio", "trio"]
})
