/** The slots of a limited group: first come, first served, handed over to whoever waits longest. */

import { Resumptions } from "../resumptions.ts"

/** Who waits: a task's own fiber, the body's, or somebody else (a fiber of another group, a pending task). */
export type Waiting = "task" | "body" | "other"

/** "hopeless": still in line, though it is certain that no slot will ever come. */
export type SlotState = "waiting" | "hopeless" | "granted" | "done"

export interface SlotWaiter {
  prev: SlotWaiter | undefined
  next: SlotWaiter | undefined
  state: SlotState
  readonly who: Waiting
  /** Called when the state has become "granted" or "hopeless". Must not run other fibers inline. */
  wake(): void
}

export class Slots {
  readonly total: number
  free: number
  /** Those who were told, in that order. */
  readonly resumptions = new Resumptions()
  private head: SlotWaiter | undefined = undefined
  private tail: SlotWaiter | undefined = undefined
  private waitingTasks = 0
  private waitingBody = 0

  constructor(total: number) {
    this.total = total
    this.free = total
  }

  /** False when none is free; nobody waits while one is. */
  tryAcquire(): boolean {
    if (this.free === 0) return false
    this.free--
    return true
  }

  wait(waiter: SlotWaiter): void {
    waiter.prev = this.tail
    if (this.tail === undefined) this.head = waiter
    else this.tail.next = waiter
    this.tail = waiter
    this.count(waiter, 1)
  }

  release(): void {
    const waiter = this.head
    if (waiter === undefined) {
      this.free++
      return
    }
    this.remove(waiter)
    waiter.state = "granted"
    waiter.wake()
  }

  /** The waiter gives up: leaves the line, or passes on the slot it was handed meanwhile. */
  abandon(waiter: SlotWaiter): void {
    const state = waiter.state
    waiter.state = "done"
    if (state === "granted") this.release()
    else if (state !== "done") this.remove(waiter)
  }

  /** Everybody that holds a slot, and the body, waits for one: none will come free. */
  isSaturated(bodyExited: boolean): boolean {
    return this.free === 0 && this.waitingTasks === this.total && (bodyExited || this.waitingBody > 0)
  }

  /** Tells the task that waits longest: its end frees a slot, that of somebody from outside would not. */
  giveUp(): void {
    let waiter = this.head
    while (waiter !== undefined && waiter.who !== "task") waiter = waiter.next
    if (waiter !== undefined) this.tellHopeless(waiter)
  }

  tellHopeless(waiter: SlotWaiter): void {
    waiter.state = "hopeless"
    waiter.wake()
  }

  private remove(waiter: SlotWaiter): void {
    if (waiter.prev === undefined) this.head = waiter.next
    else waiter.prev.next = waiter.next
    if (waiter.next === undefined) this.tail = waiter.prev
    else waiter.next.prev = waiter.prev
    waiter.prev = waiter.next = undefined
    this.count(waiter, -1)
  }

  private count(waiter: SlotWaiter, by: number): void {
    if (waiter.who === "task") this.waitingTasks += by
    else if (waiter.who === "body") this.waitingBody += by
  }
}
