/** Watches the event loop of this thread. Knows nothing of Effect's runtime but the current fiber. */
import * as Fiber from "effect/Fiber"
import { performance } from "node:perf_hooks"
import { isMainThread, Worker } from "node:worker_threads"

import { besides } from "../resolve.ts"
import { taskPath } from "../taskPath.ts"
import { BEAT, STOP, WORDS } from "./protocol.ts"
import type { WatcherData } from "./protocol.ts"
import { segments } from "./segments.ts"
import type { Sample, Segment } from "./segments.ts"

const watcher = besides("./watcher", import.meta.url)
const depth = 30
let monitors = 0

export class Monitor {
  private readonly threshold: number
  private readonly onBlocked: (segment: Segment) => void
  private readonly words = new Int32Array(new SharedArrayBuffer(4 * WORDS))
  private readonly sampler = `~skein/LoopMonitor/${++monitors}`
  private readonly timer: NodeJS.Timeout
  private readonly worker: Worker | undefined
  /** Resolves once the watcher can ask, or has given up. */
  readonly watching: Promise<void>
  private samples: Array<Sample> = []
  private last = performance.now()
  private utilization = performance.eventLoopUtilization()
  private cpu = cpuMillis()

  constructor(threshold: number, onBlocked: (segment: Segment) => void) {
    this.threshold = threshold
    this.onBlocked = onBlocked
    const period = Math.min(Math.max(threshold / 3, 1), 250)
    this.timer = setInterval(() => this.beat(), period)
    this.timer.unref()
    this.worker = this.watch(period)
    this.watching = this.worker === undefined ? Promise.resolve() : started(this.worker)
  }

  /** Resolves once the watcher has ended. */
  async stop(): Promise<void> {
    clearInterval(this.timer)
    Atomics.store(this.words, STOP, 1)
    Atomics.notify(this.words, STOP)
    await this.worker?.terminate()
    delete (globalThis as any)[this.sampler]
  }

  /** Without a watcher the duration is known, but not who and where: off the main thread, or without an inspector. */
  private watch(period: number): Worker | undefined {
    if (!isMainThread) return undefined
    const workerData: WatcherData = { words: this.words, period, sampler: this.sampler }
    try {
      const worker = new Worker(watcher, { name: "LoopMonitor", workerData })
      worker.on("error", () => {})
      Object.defineProperty(globalThis, this.sampler, {
        value: this.sample,
        configurable: true,
        enumerable: false
      })
      return worker
    } catch {
      return undefined
    }
  }

  /** Called in the middle of whatever runs. */
  private readonly sample = (asked: number): void => {
    const fiber = Fiber.getCurrent()
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = depth
    const holder: { stack?: string } = {}
    Error.captureStackTrace(holder, this.sample)
    Error.stackTraceLimit = stackTraceLimit
    // The first frame is the question itself.
    const stack = holder.stack!.split("\n").slice(2).join("\n")
    const answered = performance.timeOrigin + performance.now()
    this.samples.push({ asked, answered, task: fiber === undefined ? undefined : taskPath(fiber), stack })
  }

  private beat(): void {
    Atomics.add(this.words, BEAT, 1)
    const now = performance.now()
    // Time spent waiting for events is no blocking, however late the beat.
    const utilization = performance.eventLoopUtilization()
    const busy = Math.min(now - this.last, utilization.active - this.utilization.active)
    const cpu = cpuMillis()
    const worked = cpu - this.cpu
    this.last = now
    this.utilization = utilization
    this.cpu = cpu
    // A process that gets no processor is late, too; then nobody answers, and nobody is to blame.
    const starved = this.worker !== undefined && this.samples.length === 0 && worked < busy / 2
    if (busy >= this.threshold && !starved) {
      const end = performance.timeOrigin + now
      for (const segment of segments(this.samples, end - busy, end, this.threshold)) this.onBlocked(segment)
    }
    if (this.samples.length > 0) this.samples = []
  }
}

/** Of this thread where Node tells (from 23.9 on), else of the process. */
const cpuMillis = (): number => {
  const { system, user } = (process.threadCpuUsage ?? process.cpuUsage).call(process)
  return (system + user) / 1000
}

const started = (worker: Worker): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      worker.unref()
      resolve()
    }
    worker.once("message", done)
    worker.once("exit", done)
  })
