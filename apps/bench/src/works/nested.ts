import * as Effect from "effect/Effect"
import { action, run, scoped, spawn } from "effection"
import type { Operation, Task } from "effection"

import { TaskGroup } from "@skein/core"

import { define } from "../work.ts"

const fan = 10
const items = Array.from({ length: fan })

/** A tree of groups of ten with n leaves. */
const levels = (n: number): number => Math.round(Math.log10(n))

const forEach = (level: number): Effect.Effect<void> =>
  level === 0
    ? Effect.yieldNow
    : Effect.forEach(items, () => forEach(level - 1), { concurrency: "unbounded", discard: true })

const skein = (level: number): Effect.Effect<void> =>
  level === 0
    ? Effect.yieldNow
    : TaskGroup.run(
        Effect.gen(function* () {
          for (let i = 0; i < fan; i++) yield* TaskGroup.fork(skein(level - 1))
        })
      )

const effection = function* (level: number): Operation<void> {
  if (level === 0) {
    return yield* action<void>((resolve) => {
      const handle = setImmediate(() => resolve(undefined))
      return () => clearImmediate(handle)
    })
  }
  yield* scoped(function* () {
    const tasks: Array<Task<void>> = []
    for (let i = 0; i < fan; i++) tasks.push(yield* spawn(() => effection(level - 1)))
    for (const task of tasks) yield* task
  })
}

export const nested = define({
  id: "nested",
  title: "Groups inside groups",
  description: "A tree of groups of ten; its leaves yield once.",
  unit: "leaf",
  n: 10_000,
  essential: false,
  effect: "Effect forEach",
  systems: {
    "Effect forEach": { round: (n) => Effect.runPromise(forEach(levels(n))) },
    "Skein TaskGroup": { round: (n) => Effect.runPromise(skein(levels(n))) },
    Effection: {
      most: 1_000,
      round: async (n) => {
        await run(() => effection(levels(n)))
      }
    }
  },
  python: ["asyncio", "trio"],
  mostPython: 1_000
})
