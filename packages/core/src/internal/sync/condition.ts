/** The state of a condition: who waits to be notified; who was notified waits in the lock's queue. */
import * as Exit from "effect/Exit"

import { succeedNow } from "../effect.ts"
import { Operation } from "../operation.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { LockWaiter } from "./lock.ts"
import type { LockLease, LockState } from "./lock.ts"
import { describeFiber } from "../node.ts"
import type { Holder } from "../node.ts"
import { InvalidArgument } from "../validate.ts"
import { Idle, WaitQueue } from "./waitQueue.ts"

export class ConditionState {
  readonly name: string
  readonly lock: LockState
  readonly queue = new WaitQueue<Notified>()

  constructor(name: string, lock: LockState) {
    this.name = name
    this.lock = lock
  }

  notify(count: number): void {
    for (let n = count; n > 0; n--) {
      const waiter = this.queue.head
      if (waiter === undefined) return
      this.queue.remove(waiter)
      waiter.notified = true
      // The notifier holds the lock, or (when a notification is passed on) it is as good as taken.
      this.lock.ask(waiter)
    }
  }
}

/** Takes the lock back for a lease that gave it up. */
export class Reacquire extends LockWaiter {
  readonly lease: LockLease
  readonly suspended: AnyEffect

  constructor(fiber: AnyFiber, lock: LockState, lease: LockLease) {
    super(fiber, lock)
    this.lease = lease
    this.suspended = new Suspended(this)
  }

  begin(): AnyEffect {
    if (this.lease.ended) return this.lock.gone()
    if (this.lock.owner === undefined) {
      this.lock.owner = this.lease
      return succeedNow(this.fiber, undefined)
    }
    return this.lock.queue.wait(this)
  }

  protected onServed(fiber: AnyFiber): AnyEffect {
    this.state = Idle
    return succeedNow(fiber, undefined)
  }
}

/** Waits to be notified, then for the lock. */
export class Notified extends Reacquire {
  readonly condition: ConditionState
  notified = false
  /** It was interrupted, and has not got the lock back. */
  released = false

  constructor(fiber: AnyFiber, condition: ConditionState, lease: LockLease) {
    super(fiber, condition.lock, lease)
    this.condition = condition
  }

  override get operation(): string {
    return this.notified ? "Lock" : "Condition.wait"
  }
  override get resource(): string {
    return this.notified ? this.lock.name : this.condition.name
  }
  override holders(): ReadonlyArray<Holder> {
    return this.notified ? super.holders() : []
  }

  override begin(): AnyEffect {
    // A sibling inside the same effect may have given the lock up since the check.
    if (this.lock.owner !== this.lease) return Exit.die(mustHold(this.fiber, this.condition, "wait"))
    const parked = this.condition.queue.wait(this)
    this.lock.release()
    return parked
  }

  protected override onAbandon(granted: boolean): void {
    this.released = !granted
    if (this.notified) this.condition.notify(1)
  }
}

class Suspended extends Operation<void> {
  readonly waiter: Reacquire
  constructor(waiter: Reacquire) {
    super()
    this.waiter = waiter
  }
  protected run(): AnyEffect {
    return this.waiter.begin()
  }
}

export const mustHold = (fiber: AnyFiber, condition: ConditionState, operation: string): InvalidArgument =>
  new InvalidArgument(
    `Condition.${operation}: ${describeFiber(fiber)} must hold ${condition.lock.name}, the lock of ${condition.name}`
  )
