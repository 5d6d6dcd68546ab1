/**
 * A worker thread: loads the module, then runs one call after the other.
 *
 * Between calls it sleeps on the shared control word for a moment instead of returning to its event loop, which wakes it
 * in a fraction of the time. It gives the event loop a turn every few milliseconds, so timers and sockets of the module
 * go on.
 */
import { receiveMessageOnPort, workerData } from "node:worker_threads"

import { shared } from "./current.ts"
import type { Current } from "./current.ts"
import { toPlain } from "./plainError.ts"
import { ABORTED, NOT_LOADED, NOT_TRANSFERABLE, READY, RETURNED, SENT, THROWN } from "./protocol.ts"
import type { AbortReason, FromWorker, ToWorker, WorkerData } from "./protocol.ts"

const { control, module, port } = workerData as WorkerData

/** How long the thread sleeps for the next call before it goes back to its event loop. */
const patience = 1
/** How long calls may follow each other before the event loop gets a turn. */
const turn = 5

let functions: Record<string, unknown> = {}
/** Messages taken so far: equal to the control word when there is nothing to take. */
let taken = 0

const post = (message: FromWorker, list?: ReadonlyArray<any>): void => {
  port.postMessage(message, list as any)
}

const abortError = (reason: AbortReason | undefined): Error =>
  Object.defineProperty(
    Object.assign(new Error(reason?.label ?? "The caller was cancelled"), { reason }),
    "name",
    { value: "AbortError", enumerable: false }
  )

/** A signal that also answers code which never returns to the event loop: `aborted` looks at the control word. */
class Call implements Current {
  readonly id: number
  private controller: AbortController | undefined = undefined
  private aborted = false
  private reason: AbortReason | undefined = undefined

  constructor(id: number) {
    this.id = id
  }

  abort(reason: AbortReason | undefined): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    this.controller?.abort(abortError(reason))
  }

  signal(): AbortSignal {
    if (this.controller !== undefined) return this.controller.signal
    const controller = (this.controller = new AbortController())
    const { signal } = controller
    if (this.aborted) controller.abort(abortError(this.reason))
    const look = (): boolean => {
      if (!this.aborted && Atomics.load(control, ABORTED) === this.id) {
        takeAll()
        this.abort(undefined)
      }
      return this.aborted
    }
    Object.defineProperties(signal, {
      aborted: { get: look, configurable: true },
      throwIfAborted: {
        value: () => {
          if (look()) throw signal.reason
        },
        configurable: true
      }
    })
    return signal
  }
}

let current: Call | undefined

const end = (call: Call, kind: number, value: unknown): void => {
  current = undefined
  shared.current = undefined
  const list = value !== null && typeof value === "object" ? shared.lists.get(value) : undefined
  try {
    post([call.id, kind, value], list)
  } catch (error) {
    post([call.id, NOT_TRANSFERABLE, toPlain(error)])
  }
}

/** False when the call goes on after this. */
const start = ([id, name, args]: ToWorker): boolean => {
  if (name === null) {
    if (current?.id === id) current.abort(args as AbortReason | undefined)
    return current === undefined
  }
  const call = (current = new Call(id))
  shared.current = call
  const f = functions[name]
  if (typeof f !== "function") {
    end(
      call,
      NOT_LOADED,
      toPlain(
        new TypeError(`${name} is no function of the module but ${f === undefined ? "absent" : typeof f}`)
      )
    )
    return true
  }
  let value: any
  try {
    value = f(...(args as ReadonlyArray<unknown>))
  } catch (error) {
    end(call, THROWN, toPlain(error))
    return true
  }
  if (value === null || typeof value !== "object" || typeof value.then !== "function") {
    end(call, RETURNED, value)
    return true
  }
  Promise.resolve(value).then(
    (value) => {
      end(call, RETURNED, value)
      takeMore()
    },
    (error: unknown) => {
      end(call, THROWN, toPlain(error))
      takeMore()
    }
  )
  return false
}

const refuse = (error: unknown): void => post([0, NOT_TRANSFERABLE, toPlain(error)])

const take = (): ToWorker | undefined => {
  try {
    const received = receiveMessageOnPort(port)
    if (received === undefined) return undefined
    taken = (taken + 1) | 0
    return received.message as ToWorker
  } catch (error) {
    taken = (taken + 1) | 0
    refuse(error)
    return undefined
  }
}

/** While a call runs only its abort can come. */
const takeAll = (): void => {
  for (let message = take(); message !== undefined; message = take()) start(message)
}

let turnStarted = 0

const takeMore = (): void => {
  while (performance.now() - turnStarted < turn) {
    if (Atomics.wait(control, SENT, taken, patience) === "timed-out") return
    const message = take()
    if (message === undefined || !start(message)) return
  }
}

const onMessage = (message: ToWorker): void => {
  taken = (taken + 1) | 0
  turnStarted = performance.now()
  if (start(message)) takeMore()
}

port.on("messageerror", (error) => {
  taken = (taken + 1) | 0
  refuse(error)
})

try {
  functions = (await import(module)) as Record<string, unknown>
  port.on("message", onMessage)
  post([0, READY, undefined])
} catch (error) {
  post([0, NOT_LOADED, toPlain(error)])
  port.close()
}
