/** One worker thread as its pool sees it. */
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads"
import type { MessagePort, ResourceLimits } from "node:worker_threads"

import type { Call } from "./call.ts"
import { shared } from "./current.ts"
import { ABORTED, CONTROL_WORDS, SENT } from "./protocol.ts"
import type { AbortReason, FromWorker, ToWorker, WorkerData } from "./protocol.ts"
import { besides } from "../resolve.ts"

const entry = besides("./entry", import.meta.url)

export interface ThreadOptions {
  readonly module: string
  readonly name: string
  readonly resourceLimits: ResourceLimits | undefined
}

export interface Listener {
  readonly onMessage: (thread: Thread, message: FromWorker) => void
  /** The last thing heard of a thread; messages it sent before were delivered. */
  readonly onExit: (thread: Thread, exitCode: number, error: unknown) => void
}

export class Thread {
  /** The call it runs. */
  call: Call | undefined = undefined
  state: "starting" | "ready" | "stopping" = "starting"
  /** Calls it was given. */
  calls = 0
  /** Sweeps for idle threads it has lived through since its last call. */
  idleSweeps = 0
  private readonly worker: Worker
  private readonly port: MessagePort
  private readonly control: Int32Array

  /** Throws where no thread can be made. */
  constructor(options: ThreadOptions, listener: Listener) {
    const channel = new MessageChannel()
    this.port = channel.port1
    this.control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS))
    const workerData: WorkerData = { module: options.module, port: channel.port2, control: this.control }
    try {
      this.worker = new Worker(entry, {
        name: options.name,
        workerData,
        transferList: [channel.port2],
        ...(options.resourceLimits === undefined ? undefined : { resourceLimits: options.resourceLimits })
      })
    } catch (error) {
      this.port.close()
      channel.port2.close()
      throw error
    }
    let failure: unknown
    this.port.on("message", (message: FromWorker) => listener.onMessage(this, message))
    this.port.on("messageerror", (error) => listener.onMessage(this, [0, UNREADABLE, error]))
    this.worker.on("error", (error) => {
      failure = error
    })
    this.worker.on("exit", (exitCode) => {
      // A message may still be on its way when the thread is gone.
      for (
        let left = receiveMessageOnPort(this.port);
        left !== undefined;
        left = receiveMessageOnPort(this.port)
      ) {
        listener.onMessage(this, left.message as FromWorker)
      }
      this.port.close()
      listener.onExit(this, exitCode, failure)
    })
    // The pool keeps the process alive while there is something to wait for.
    this.worker.unref()
    this.port.unref()
  }

  /** Throws what the structured clone throws. */
  run(call: Call): void {
    const { args } = call
    let list: Array<any> | undefined
    for (let i = 0; i < args.length; i++) {
      const arg = args[i]
      if (arg === null || typeof arg !== "object") continue
      const found = shared.lists.get(arg)
      if (found !== undefined) list = list === undefined ? [...found] : [...list, ...found]
    }
    this.send([call.id, call.name, args], list)
    call.thread = this
    this.call = call
    this.calls++
  }

  abort(id: number, reason: AbortReason | undefined): void {
    this.send([id, null, reason])
    Atomics.store(this.control, ABORTED, id)
  }

  /** `onExit` follows. */
  stop(): void {
    this.state = "stopping"
    void this.worker.terminate()
  }

  private send(message: ToWorker, list?: Array<any>): void {
    this.port.postMessage(message, list)
    Atomics.add(this.control, SENT, 1)
    Atomics.notify(this.control, SENT)
  }
}

/** A message kind of this side: what the worker sent could not be read. */
export const UNREADABLE = -1
