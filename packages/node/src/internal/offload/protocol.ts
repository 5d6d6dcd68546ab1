/** What the caller's side and a worker say to each other. Arrays, because they clone fastest. */

/** Index in the shared control words: messages sent to the worker so far, wrapping. The worker sleeps on it. */
export const SENT = 0
/** Index in the shared control words: the call that is to stop. Readable by code that never returns to its event loop. */
export const ABORTED = 1
export const CONTROL_WORDS = 2

/** To the worker: run `name` with `args`. */
export type CallMessage = readonly [id: number, name: string, args: ReadonlyArray<unknown>]
/** To the worker: call `id` is to stop; {@link ABORTED} holds `id` already. */
export type AbortMessage = readonly [id: number, name: null, reason: AbortReason | undefined]
export type ToWorker = CallMessage | AbortMessage

/** A cancel reason in a form that can be cloned. */
export interface AbortReason {
  readonly _tag: string
  readonly label: string | undefined
  readonly by: string | undefined
  readonly at: Date
}

export const READY = 1
export const RETURNED = 2
export const THROWN = 3
export const NOT_TRANSFERABLE = 4
export const NOT_LOADED = 5

/** From the worker. `id` is 0 for the module itself, and for a call that could not be read; `value` is a {@link PlainError} but for READY and RETURNED. */
export type FromWorker = readonly [id: number, kind: number, value: unknown]

export interface WorkerData {
  readonly module: string
  readonly port: import("node:worker_threads").MessagePort
  readonly control: Int32Array
}
