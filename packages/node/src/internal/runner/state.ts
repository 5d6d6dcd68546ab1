/** What the program may know of the Runner that runs it. */
import type { CancelReason } from "@skein/core"
import * as Context from "effect/Context"

export type Phase = "running" | "draining" | "cancelling" | "abandoned"

const longest = 2 ** 31 - 1

/** One per run; the program finds it in its context. */
export class State {
  phase: Phase = "running"
  /** Set with the first request to shut down, and kept. */
  reason: CancelReason.CancelReason | undefined = undefined
  /** True once somebody in the program took note of the shutdown: then there is something to drain. */
  heeded = false
  private readonly listeners = new Set<(reason: CancelReason.CancelReason) => void>()

  /** How many are to hear of the request. */
  get waiting(): number {
    return this.listeners.size
  }

  request(reason: CancelReason.CancelReason): void {
    if (this.reason !== undefined) return
    this.reason = reason
    const listeners = [...this.listeners]
    this.listeners.clear()
    for (const listener of listeners) listener(reason)
  }

  /** Calls back at the request; returns how to forget it. Ask for `reason` first. */
  onRequest(listener: (reason: CancelReason.CancelReason) => void): () => void {
    this.heeded = true
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}

export const Current: Context.Reference<State | undefined> = Context.Reference<State | undefined>(
  "~skein/node/Runner",
  { defaultValue: () => undefined }
)

/** Keeps the process alive until the returned function is called. */
export const keepAlive = (): (() => void) => {
  const timer = setInterval(() => {}, longest)
  return () => clearInterval(timer)
}
