import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"

import * as Effect from "effect/Effect"
import { Piscina } from "piscina"

import { Offload } from "@skein/node"

import { define } from "../work.ts"
import type { Round } from "../work.ts"

const workers = Math.max(1, availableParallelism() - 1)
const module = new URL("../fixtures/hash.ts", import.meta.url)
const echo = new URL("../fixtures/hashWorker.ts", import.meta.url)
const text = "a small call"

/** So many calls under way at a time: a caller waits for an answer. */
const callers = 16

const byHand: Round = async (n, timer) => {
  const waiting = new Map<number, () => void>()
  const threads = Array.from({ length: workers }, () => new Worker(echo))
  for (const thread of threads) {
    thread.on("message", ([id]: readonly [number, string]) => {
      const resume = waiting.get(id)
      waiting.delete(id)
      resume?.()
    })
  }
  let last = 0
  const call = () =>
    new Promise<void>((resolve) => {
      const id = last++
      waiting.set(id, resolve)
      threads[id % workers]!.postMessage([id, text])
    })
  await Promise.all(threads.map(call))
  timer.begin()
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (let i = 0; i < n / callers; i++) await call()
    })
  )
  timer.end()
  await Promise.all(threads.map((thread) => thread.terminate()))
}

export const offload = define({
  id: "offload",
  title: "A small call in a worker thread",
  description:
    "Sixteen callers, each sends a small text to be hashed in another thread and waits for the answer, again and again.",
  unit: "call",
  n: 5_000,
  essential: true,
  floor: "floor",
  remarks:
    "The floor is a message to a worker and one back, with neither limit nor cancellation. Effect's workers speak a schema-checked protocol and are no counterpart to calling a function; they are left out. Python's threads take turns at one interpreter lock.",
  systems: {
    floor: { round: byHand, note: "postMessage" },
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
  },
  python: ["asyncio", "trio"],
  mostPython: 2_000
})
