/** The threads of one module and the calls that wait for them. Knows nothing of Effect. */
import type { ResourceLimits } from "node:worker_threads"

import { Call, CallQueue } from "./call.ts"
import type { Ended } from "./call.ts"
import { fromPlain } from "./plainError.ts"
import type { PlainError } from "./plainError.ts"
import { NOT_LOADED, NOT_TRANSFERABLE, READY, RETURNED } from "./protocol.ts"
import type { AbortReason, FromWorker } from "./protocol.ts"
import { Thread, UNREADABLE } from "./thread.ts"
import type { Listener } from "./thread.ts"

export interface PoolOptions {
  readonly module: string
  readonly name: string
  readonly workers: number
  readonly minWorkers: number
  /** Milliseconds; may be Infinity. */
  readonly grace: number
  /** Milliseconds; may be Infinity. */
  readonly idleTimeToLive: number
  readonly resourceLimits: ResourceLimits | undefined
}

const longest = 2 ** 31 - 1
/** An idle thread is swept this many times before it ends. */
const sweeps = 4

export class Pool implements Listener {
  private readonly options: PoolOptions
  private readonly waiting = new CallQueue()
  /** Every thread that has not exited. */
  private readonly threads = new Set<Thread>()
  /** Ready threads without a call; the one used last is used next, so that the others can end. */
  private readonly idle: Array<Thread> = []
  private starting = 0
  private lastId = 0
  private closed = false
  private onClosed: (() => void) | undefined = undefined
  private sweeper: NodeJS.Timeout | undefined = undefined
  /** Threads themselves keep no process alive; this does, while a call or the closing is under way. */
  private readonly keepAlive = setInterval(() => {}, longest)
  private holds = 0

  constructor(options: PoolOptions) {
    this.options = options
    this.keepAlive.unref()
    this.startMinimum()
  }

  submit(name: string, args: ReadonlyArray<unknown>, onEnd: (ended: Ended) => void): Call {
    const call = new Call(name, args, onEnd)
    call.id = this.lastId = (this.lastId % longest) + 1
    this.hold()
    if (this.closed) this.end(call, closedMeanwhile)
    else {
      const thread = this.waiting.size === 0 ? this.idle.pop() : undefined
      if (thread !== undefined) {
        if (!this.assign(thread, call)) this.next(thread)
      } else {
        this.waiting.push(call)
        this.startForWaiting()
      }
    }
    return call
  }

  /** False when the call ended at once; else `onEnd` tells, within the grace or by the end of its thread after it. */
  cancel(call: Call, reason: AbortReason | undefined, onEnd: () => void): boolean {
    if (call.state === "ended") return false
    call.onEnd = onEnd
    if (call.state === "waiting") {
      this.waiting.remove(call)
      call.onEnd = ignore
      this.end(call, closedMeanwhile)
      return false
    }
    this.abort(call, reason)
    return true
  }

  /** Waiting calls end at once, running ones get the grace; `onClosed` once the last thread has exited. */
  close(onClosed: () => void): void {
    this.closed = true
    this.hold()
    this.onClosed = () => {
      this.release()
      onClosed()
    }
    for (let call = this.waiting.shift(); call !== undefined; call = this.waiting.shift()) {
      this.end(call, closedMeanwhile)
    }
    for (const thread of this.threads) {
      if (thread.call === undefined) thread.stop()
      else this.abort(thread.call, undefined)
    }
    this.idle.length = 0
    this.checkClosed()
  }

  onMessage(thread: Thread, [id, kind, value]: FromWorker): void {
    if (kind === READY) return this.onReady(thread)
    const { call } = thread
    if (call === undefined || (id !== 0 && id !== call.id)) {
      if (kind === NOT_LOADED && id === 0) this.onNotLoaded(thread, fromPlain(value as PlainError))
      return
    }
    thread.call = undefined
    if (thread.state === "ready") {
      if (this.closed) thread.stop()
      else this.next(thread)
    }
    this.end(call, outcome(kind, value))
  }

  onExit(thread: Thread, exitCode: number, error: unknown): void {
    const { call, state } = thread
    thread.call = undefined
    this.threads.delete(thread)
    const index = this.idle.indexOf(thread)
    if (index >= 0) this.idle.splice(index, 1)
    if (state === "starting")
      this.onNotLoaded(
        thread,
        error ?? new Error(`The worker exited with code ${exitCode} while it loaded the module`)
      )
    if (this.threads.size === 0) this.stopSweeping()
    if (!this.closed) {
      this.startForWaiting()
      // One that came to an end without a call would do so again and again: the next call tries.
      if (thread.calls > 0) this.startMinimum()
    }
    if (call !== undefined) {
      this.end(call, { _tag: "WorkerExited", exitCode, ...(error === undefined ? undefined : { error }) })
    }
    this.checkClosed()
  }

  /** False when the call could not be sent; it has ended then. */
  private assign(thread: Thread, call: Call): boolean {
    thread.idleSweeps = 0
    call.state = "running"
    try {
      thread.run(call)
      return true
    } catch (error) {
      this.end(call, { _tag: "NotTransferable", error })
      return false
    }
  }

  /** Gives the thread the next call that can be sent. */
  private next(thread: Thread): void {
    let call = this.waiting.shift()
    while (call !== undefined && !this.assign(thread, call)) call = this.waiting.shift()
    if (call === undefined) this.idle.push(thread)
  }

  private abort(call: Call, reason: AbortReason | undefined): void {
    if (call.graceTimer !== undefined) return
    const thread = call.thread!
    const stop = (): void => {
      if (call.thread === thread && thread.state !== "stopping") thread.stop()
    }
    if (this.options.grace <= 0) return stop()
    thread.abort(call.id, reason)
    call.graceTimer = setTimeout(stop, Math.min(this.options.grace, longest))
  }

  private end(call: Call, ended: Ended): void {
    if (call.state === "ended") return
    call.state = "ended"
    call.thread = undefined
    if (call.graceTimer !== undefined) clearTimeout(call.graceTimer)
    this.release()
    call.onEnd(ended)
  }

  private start(): void {
    let thread: Thread
    try {
      thread = new Thread(this.options, this)
    } catch (error) {
      return this.failWaiting(error)
    }
    this.threads.add(thread)
    this.starting++
    this.sweep()
  }

  private startForWaiting(): void {
    while (this.starting < this.waiting.size && this.threads.size < this.options.workers) {
      const before = this.threads.size
      this.start()
      if (this.threads.size === before) return
    }
  }

  private startMinimum(): void {
    for (let missing = this.options.minWorkers - this.lasting(); missing > 0; missing--) this.start()
  }

  /** Threads that are not on their way out. */
  private lasting(): number {
    let count = 0
    for (const thread of this.threads) if (thread.state !== "stopping") count++
    return count
  }

  private isAnyReady(): boolean {
    for (const thread of this.threads) if (thread.state === "ready") return true
    return false
  }

  private onReady(thread: Thread): void {
    if (thread.state !== "starting") return
    this.starting--
    thread.state = "ready"
    if (this.closed) thread.stop()
    else this.next(thread)
  }

  private onNotLoaded(thread: Thread, error: unknown): void {
    if (thread.state !== "starting") return
    this.starting--
    thread.state = "stopping"
    this.failWaiting(error)
  }

  /** What one thread could not load the next cannot either, unless one has. */
  private failWaiting(error: unknown): void {
    if (this.isAnyReady()) return
    const calls: Array<Call> = []
    for (let call = this.waiting.shift(); call !== undefined; call = this.waiting.shift()) calls.push(call)
    for (const call of calls) this.end(call, { _tag: "ModuleNotLoaded", error })
  }

  private sweep(): void {
    const { idleTimeToLive } = this.options
    if (this.sweeper !== undefined || idleTimeToLive === Infinity) return
    this.sweeper = setInterval(
      () => {
        for (let i = 0; i < this.idle.length && this.lasting() > this.options.minWorkers;) {
          const thread = this.idle[i]!
          if (++thread.idleSweeps <= sweeps) i++
          else {
            this.idle.splice(i, 1)
            thread.stop()
          }
        }
      },
      Math.min(Math.max(1, idleTimeToLive / sweeps), longest)
    )
    this.sweeper.unref()
  }

  private stopSweeping(): void {
    clearInterval(this.sweeper)
    this.sweeper = undefined
  }

  private hold(): void {
    if (++this.holds === 1) this.keepAlive.ref()
  }

  private release(): void {
    if (--this.holds === 0) this.keepAlive.unref()
  }

  private checkClosed(): void {
    if (!this.closed || this.threads.size > 0 || this.onClosed === undefined) return
    const { onClosed } = this
    this.onClosed = undefined
    this.stopSweeping()
    onClosed()
    clearInterval(this.keepAlive)
  }
}

const ignore = (): void => {}

const closedMeanwhile: Ended = {
  _tag: "WorkerExited",
  exitCode: 0,
  error: new Error("The scope of Offload.module is closed")
}

const outcome = (kind: number, value: unknown): Ended => {
  if (kind === RETURNED) return { _tag: "Returned", value }
  if (kind === UNREADABLE) return { _tag: "NotTransferable", error: value }
  const error = fromPlain(value as PlainError)
  if (kind === NOT_TRANSFERABLE) return { _tag: "NotTransferable", error }
  return kind === NOT_LOADED ? { _tag: "ModuleNotLoaded", error } : { _tag: "Thrown", error }
}
