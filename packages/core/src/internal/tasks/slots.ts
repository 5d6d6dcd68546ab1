/** The slots of a limited group: first come, first served, handed over to whoever waits longest. */

/** Who waits: a task's own fiber, the body's, or somebody else (a fiber of another group, a pending task). */
export type Waiting = "task" | "body" | "other"

export class SlotWait {
  prev: SlotWait | undefined = undefined
  next: SlotWait | undefined = undefined
  state: "waiting" | "granted" | "done" = "waiting"
  readonly who: Waiting
  /** Called once, when the slot is this waiter's. Must not run other fibers inline. */
  readonly granted: () => void
  /** Called instead when it is certain that none will ever come. */
  readonly hopeless: () => void

  constructor(who: Waiting, granted: () => void, hopeless: () => void) {
    this.who = who
    this.granted = granted
    this.hopeless = hopeless
  }
}

export class Slots {
  readonly total: number
  free: number
  private head: SlotWait | undefined = undefined
  private tail: SlotWait | undefined = undefined
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

  wait(waiter: SlotWait): void {
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
    waiter.granted()
  }

  /** The waiter gives up: leaves the line, or passes on the slot it was handed meanwhile. */
  abandon(waiter: SlotWait): void {
    const state = waiter.state
    waiter.state = "done"
    if (state === "waiting") this.remove(waiter)
    else if (state === "granted") this.release()
  }

  /** Everybody that holds a slot, and the body, waits for one: none will come free. */
  isSaturated(bodyExited: boolean): boolean {
    return this.free === 0 && this.waitingTasks === this.total && (bodyExited || this.waitingBody > 0)
  }

  /** Tells the task that waits longest: its end frees a slot, that of somebody from outside would not. */
  giveUp(): void {
    for (let waiter = this.head; waiter !== undefined; waiter = waiter.next) {
      if (waiter.who === "task") return waiter.hopeless()
    }
  }

  private remove(waiter: SlotWait): void {
    if (waiter.prev === undefined) this.head = waiter.next
    else waiter.prev.next = waiter.next
    if (waiter.next === undefined) this.tail = waiter.prev
    else waiter.next.prev = waiter.prev
    waiter.prev = waiter.next = undefined
    this.count(waiter, -1)
  }

  private count(waiter: SlotWait, by: number): void {
    if (waiter.who === "task") this.waitingTasks += by
    else if (waiter.who === "body") this.waitingBody += by
  }
}
