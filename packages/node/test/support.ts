import * as Effect from "effect/Effect"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { syncBuiltinESMExports } from "node:module"
import threads from "node:worker_threads"

export type FunctionsModule = typeof import("./fixtures/functions.ts")

export const functionsUrl = new URL("./fixtures/functions.ts", import.meta.url)

/** Polls a condition that another thread or process brings about; the limit is for a machine under load. */
export const eventually = (what: string, condition: () => boolean, limit = 30_000): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const start = performance.now()
    const timer = setInterval(() => {
      if (condition()) {
        clearInterval(timer)
        resume(Effect.void)
      } else if (performance.now() - start > limit) {
        clearInterval(timer)
        resume(Effect.die(new Error(`${what}: not within ${limit} ms`)))
      }
    }, 2)
    return Effect.sync(() => clearInterval(timer))
  })

/** Words shared with a worker: [state, count, release]. */
export const sharedState = (): Int32Array => new Int32Array(new SharedArrayBuffer(12))

/** Watches every thread and port that is opened from now on; `open` counts those that still are. */
export const watchThreads = (): {
  readonly open: () => { workers: number; ports: number }
  readonly started: () => number
  readonly stop: () => void
} => {
  const workers = new Set<threads.Worker>()
  let ports = 0
  const onWorker = (message: unknown): void =>
    void workers.add((message as { worker: threads.Worker }).worker)
  subscribe("worker_threads", onWorker)
  const { MessageChannel } = threads
  class Counted extends MessageChannel {
    constructor() {
      super()
      ports++
      this.port1.once("close", () => ports--)
    }
  }
  threads.MessageChannel = Counted
  syncBuiltinESMExports()
  return {
    open: () => ({ workers: [...workers].filter((worker) => worker.threadId !== -1).length, ports }),
    started: () => workers.size,
    stop: () => {
      unsubscribe("worker_threads", onWorker)
      threads.MessageChannel = MessageChannel
      syncBuiltinESMExports()
    }
  }
}

/** Listeners on what outlives the workers. */
export const listeners = (): number =>
  [process, process.stdout, process.stderr].reduce(
    (sum, emitter) => sum + emitter.eventNames().reduce((n, name) => n + emitter.listenerCount(name), 0),
    0
  )
