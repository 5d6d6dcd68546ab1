import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import { action, run, spawn } from "effection"
import type { Operation, Task } from "effection"

import { Gather, TaskGroup } from "@skein/core"

import { forkAll } from "../floor.ts"
import { define, setImmediatePromise } from "../work.ts"
import type { Round, System } from "../work.ts"

const task = Effect.yieldNow

const range = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)

/** `group` starts that many tasks and waits for them; done as often as it takes to make n. */
const inGroups =
  (size: number, group: (size: number) => Promise<void>): Round =>
  async (n) => {
    for (let done = 0; done < n; done += size) await group(Math.min(size, n - done))
  }

const effects = (group: (size: number) => Effect.Effect<void>) => (size: number) =>
  Effect.runPromise(group(size))

const floor = (size: number) => forkAll(size, () => task)

const forEach = (size: number) =>
  Effect.forEach(range(size), () => task, { concurrency: "unbounded", discard: true })

const fiberSet = (size: number) =>
  Effect.scoped(
    Effect.gen(function* () {
      const set = yield* FiberSet.make<void>()
      for (let i = 0; i < size; i++) yield* FiberSet.run(set, task)
      yield* FiberSet.awaitEmpty(set)
    })
  )

const skein = (size: number) =>
  TaskGroup.run(
    Effect.gen(function* () {
      for (let i = 0; i < size; i++) yield* TaskGroup.fork(task)
    })
  )

const gather = (size: number) => Effect.asVoid(Gather.all(range(size).map(() => task)))

const microtask = async (size: number): Promise<void> => {
  await Promise.all(range(size).map(async () => await null))
}

const immediate = async (size: number): Promise<void> => {
  await Promise.all(range(size).map(() => setImmediatePromise()))
}

const tick: Operation<void> = action((resolve) => {
  const handle = setImmediate(() => resolve(undefined))
  return () => clearImmediate(handle)
})

const effection = (size: number): Promise<void> =>
  run(function* () {
    const tasks: Array<Task<void>> = []
    for (let i = 0; i < size; i++) tasks.push(yield* spawn(() => tick))
    for (const one of tasks) yield* one
  }) as unknown as Promise<void>

const systems = (size: (n: number) => number): Readonly<Record<string, System>> => {
  const round =
    (group: (size: number) => Promise<void>): Round =>
    (n, timer) =>
      inGroups(size(n), group)(n, timer)
  return {
    floor: { round: round(effects(floor)) },
    "promises (microtask)": { round: round(microtask) },
    "promises (setImmediate)": { round: round(immediate) },
    "Effect forEach": { round: round(effects(forEach)), note: "a fixed list of effects" },
    "Effect FiberSet": { round: round(effects(fiberSet)), note: "does not report failures" },
    "Skein TaskGroup": { round: round(effects(skein)) },
    "Skein Gather.all": { round: round(effects(gather)), note: "a fixed list of effects" },
    Effection: { round: round(effection), most: 1_000 }
  }
}

const goals = [
  { system: "Skein TaskGroup", against: "floor", ratio: 1.2 },
  { system: "Skein TaskGroup", against: "Effect forEach", ratio: 1 }
]

const remarks =
  "The promises of the first variant yield to the microtask queue, those of the second to the event loop, as all others here do; neither has an owner or can be cancelled."

export const groups = define({
  id: "fork-join-groups",
  title: "Fork and join, groups of 1,000",
  description: "Tasks that yield once, a thousand to a group, one group after the other.",
  unit: "task",
  n: 50_000,
  essential: true,
  floor: "floor",
  effect: "Effect forEach",
  goals,
  remarks,
  collected: true,
  systems: systems(() => 1_000),
  python: ["asyncio", "trio"]
})

export const large = define({
  id: "fork-join-large",
  title: "Fork and join, one large group",
  description: "Tasks that yield once, all in one group.",
  unit: "task",
  n: 50_000,
  essential: false,
  scales: true,
  floor: "floor",
  effect: "Effect forEach",
  goals,
  remarks: `${remarks} The floor, forEach and Gather.all start all tasks before the first goes on; a body that forks gives way now and then, so that fewer of them are alive at the same time.`,
  systems: systems((n) => n),
  python: ["asyncio", "trio"]
})
