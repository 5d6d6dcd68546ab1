/**
 * What the code of an offloaded function may ask for. Imports nothing, so that a worker that needs only this starts fast.
 * The state hangs on the global object: a worker may hold this file twice, once as the library's, once as the module's.
 */

/** The call that runs in this thread. */
export interface Current {
  /** Made on demand. */
  readonly signal: () => AbortSignal
}

interface Shared {
  readonly lists: WeakMap<object, ReadonlyArray<ArrayBuffer | import("node:worker_threads").MessagePort>>
  current: Current | undefined
}

const key = Symbol.for("~skein/node/Offload")

export const shared: Shared = ((globalThis as any)[key] ??= { lists: new WeakMap(), current: undefined })

export const transfer = <A>(
  value: A,
  list: ReadonlyArray<ArrayBuffer | import("node:worker_threads").MessagePort>
): A => {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) {
    throw new TypeError(`Offload.transfer: value must be an object, got ${String(value)}`)
  }
  shared.lists.set(value, list)
  return value
}

export const currentSignal = (): AbortSignal => {
  if (shared.current === undefined) {
    throw new Error("Offload.currentSignal: called outside an offloaded call")
  }
  return shared.current.signal()
}
