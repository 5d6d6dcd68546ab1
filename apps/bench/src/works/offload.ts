import { availableParallelism } from "node:os"

import * as Effect from "effect/Effect"
import { Piscina } from "piscina"

import { Offload } from "@skein/node"

import { define } from "../work.ts"

const workers = Math.max(1, availableParallelism() - 1)
const module = new URL("../fixtures/hash.ts", import.meta.url)
const text = "a small call"

/** So many calls under way at a time: a caller waits for an answer. */
const callers = 16

export const offload = define({
  id: "offload",
  title: "A small call in a worker thread",
  description:
    "Sixteen callers, each sends a small text to be hashed in another thread and waits for the answer, again and again.",
  unit: "call",
  n: 5_000,
  effect: "Skein Offload",
  remarks:
    "Effect's workers speak a schema-checked protocol and are no counterpart to calling a function; they are left out.",
  systems: {
    Piscina: {
      round: async (n, timer) => {
        const pool = new Piscina({ filename: module.href, minThreads: workers, maxThreads: workers })
        await pool.run(text)
        timer.begin()
        await Promise.all(
          Array.from({ length: callers }, async () => {
            for (let i = 0; i < n / callers; i++) await pool.run(text)
          })
        )
        timer.end()
        await pool.destroy()
      }
    },
    "Skein Offload": {
      round: (n, timer) =>
        Effect.runPromise(
          Effect.scoped(
            Effect.gen(function* () {
              const { hash } = yield* Offload.module<typeof import("../fixtures/hash.ts")>(module, {
                workers,
                minWorkers: workers
              })
              yield* hash(text)
              timer.begin()
              const caller = Effect.gen(function* () {
                for (let i = 0; i < n / callers; i++) yield* hash(text)
              })
              yield* Effect.all(
                Array.from({ length: callers }, () => caller),
                { concurrency: "unbounded", discard: true }
              )
              timer.end()
            })
          )
        )
    }
  }
})
