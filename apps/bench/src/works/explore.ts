import * as Effect from "effect/Effect"

import { Lock } from "@skein/core"
import { Explore } from "@skein/testing"

import { define } from "../work.ts"

/** Three tasks at one lock. */
const program = () =>
  Effect.gen(function* () {
    const lock = yield* Lock.make()
    const task = Lock.withLock(lock)(Effect.yieldNow)
    yield* Effect.all([task, task, task], { concurrency: "unbounded", discard: true })
  })

export const explore = define({
  id: "explore",
  title: "Explored schedules",
  description: "A program of three tasks at one lock is run under many schedules.",
  unit: "schedule",
  n: 2_000,
  essential: true,
  systems: {
    "Skein Explore": {
      round: async (n) => {
        await Effect.runPromise(Explore.run(program, { schedules: n, strategy: "random" }))
      }
    }
  }
})
