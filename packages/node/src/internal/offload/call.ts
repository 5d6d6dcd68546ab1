/** One call of an offloaded function, from its submission to its end. Linked in the queue of those who wait. */
import type { AbortReason } from "./protocol.ts"
import type { Thread } from "./thread.ts"

/** What became of a call. */
export type Ended =
  | { readonly _tag: "Returned"; readonly value: unknown }
  | { readonly _tag: "Thrown"; readonly error: unknown }
  | { readonly _tag: "NotTransferable"; readonly error: unknown }
  | { readonly _tag: "WorkerExited"; readonly exitCode: number; readonly error?: unknown }
  | { readonly _tag: "ModuleNotLoaded"; readonly error: unknown }

export class Call {
  id = 0
  readonly name: string
  readonly args: ReadonlyArray<unknown>
  /** Called once; replaced when the caller was cancelled and waits for the end alone. */
  onEnd: (ended: Ended) => void
  /** Where it runs; undefined while it waits and after its end. */
  thread: Thread | undefined = undefined
  state: "waiting" | "running" | "ended" = "waiting"
  graceTimer: NodeJS.Timeout | undefined = undefined
  reason: AbortReason | undefined = undefined
  next: Call | undefined = undefined
  previous: Call | undefined = undefined

  constructor(name: string, args: ReadonlyArray<unknown>, onEnd: (ended: Ended) => void) {
    this.name = name
    this.args = args
    this.onEnd = onEnd
  }
}

/** First come, first served; a call leaves from anywhere in constant time. */
export class CallQueue {
  private head: Call | undefined = undefined
  private tail: Call | undefined = undefined
  size = 0

  push(call: Call): void {
    call.previous = this.tail
    if (this.tail === undefined) this.head = call
    else this.tail.next = call
    this.tail = call
    this.size++
  }

  shift(): Call | undefined {
    const call = this.head
    if (call !== undefined) this.remove(call)
    return call
  }

  remove(call: Call): void {
    if (call.previous === undefined) this.head = call.next
    else call.previous.next = call.next
    if (call.next === undefined) this.tail = call.previous
    else call.next.previous = call.previous
    call.next = call.previous = undefined
    this.size--
  }
}
