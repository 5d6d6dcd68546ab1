/**
 * First come, first served waiting, for everything in Skein that makes a fiber wait.
 *
 * A {@link Waiter} is one object: the entry of the queue, the reason that the task tree shows, what the fiber is parked
 * on, and (for locks and permits) what gives back when the fiber leaves the protected effect. It is handed what it waited
 * for at the moment of release ({@link WaitQueue.grant}); its fiber is resumed later, through a dispatcher. A fiber that is
 * interrupted between the two passes on what it was handed ({@link Waiter.onAbandon}).
 */
import type * as Exit from "effect/Exit"

import { enter, park, parkAgain, unpark } from "../effect.ts"
import { StackEntry } from "../stackEntry.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { coarseNow } from "../coarseClock.ts"
import { beginWait, endWait, holderOf, waitingFrameOf } from "../node.ts"
import type { Holder, Wait } from "../node.ts"
import { Resumptions } from "../resumptions.ts"
import { wallClockOf } from "../wallClock.ts"

/** Not in a queue: not yet, or no more. */
export const Idle = 0
/** In the queue. */
export const Waiting = 1
/** Has been handed what it waited for; its fiber has not gone on. */
export const Granted = 2
/** Its fiber runs the protected effect. */
export const Holding = 3
/** A waiter's states, in this order; Idle again when the fiber has left. */
export type State = typeof Idle | typeof Waiting | typeof Granted | typeof Holding

/** A fiber that waits, then perhaps holds. A member of one {@link WaitList} at a time. */
export abstract class Waiter extends StackEntry implements Wait {
  readonly fiber: AnyFiber
  state: State = Idle
  list: WaitList<this> | undefined = undefined
  prev: this | undefined = undefined
  next: this | undefined = undefined
  since = 0
  /** Place in the order of asking. */
  turn = 0
  /** Set by {@link WaitQueue.reject}. */
  rejection: Exit.Exit<never, any> | undefined = undefined

  constructor(fiber: AnyFiber) {
    super()
    this.fiber = fiber
  }

  abstract get operation(): string
  abstract get resource(): string
  holders(): ReadonlyArray<Holder> {
    return []
  }
  /** It has what it waited for. For those that stay in a list while they have it. */
  get holding(): boolean {
    return this.list !== undefined && this.state !== Waiting
  }
  get over(): boolean {
    return this.state === Granted
  }

  /** Who this is, for statistics and for those who wait for it. */
  describe(): Holder {
    return holderOf(this.fiber)
  }

  /**
   * The fiber goes on with what it was handed. Either set `state = Holding` and return the protected effect, or set
   * `state = Idle` and return `succeedNow(fiber, value)`.
   */
  protected abstract onServed(fiber: AnyFiber): AnyEffect

  /** Interrupted while waiting; with `granted` it had been handed something, to be passed on. It is in no list any more. */
  protected abstract onAbandon(granted: boolean): void

  /** The fiber left the protected effect. It is in no list any more. */
  protected onRelease(): void {}

  protected onResume(fiber: AnyFiber): AnyEffect {
    endWait(fiber, this)
    if (this.rejection === undefined) return this.onServed(fiber)
    this.state = Idle
    return this.rejection
  }

  protected onLeave(fiber: AnyFiber): void {
    const state = this.state
    if (state === Idle) return
    this.state = Idle
    this.list?.remove(this)
    if (state === Holding) return this.onRelease()
    endWait(fiber, this)
    if (this.rejection === undefined) this.onAbandon(state === Granted)
  }

  /** Need not wait: runs what follows above this entry, which hears when the fiber leaves. */
  hold(): void {
    this.state = Holding
    enter(this.fiber, this)
  }

  /** What a granted waiter does when its turn to run comes. Idle when its fiber was interrupted meanwhile. */
  resume(): void {
    if (this.state === Granted) unpark(this.fiber, this)
  }
}

/** An intrusive doubly linked list; all operations O(1). */
export class WaitList<W extends Waiter = Waiter> {
  head: W | undefined = undefined
  tail: W | undefined = undefined
  length = 0

  push(waiter: W): void {
    waiter.list = this as any
    waiter.prev = this.tail as any
    if (this.tail === undefined) this.head = waiter
    else this.tail.next = waiter as any
    this.tail = waiter
    this.length++
  }

  /** `next` is a member of this list. */
  insertBefore(waiter: W, next: W): void {
    const prev = next.prev
    waiter.list = this as any
    waiter.prev = prev as any
    waiter.next = next as any
    next.prev = waiter as any
    if (prev === undefined) this.head = waiter
    else prev.next = waiter as any
    this.length++
  }

  /** Does nothing to a waiter that is not in this list. */
  remove(waiter: W): void {
    if ((waiter.list as unknown) !== this) return
    const { prev, next } = waiter as Waiter
    if (prev === undefined) this.head = next as W | undefined
    else prev.next = next
    if (next === undefined) this.tail = prev as W | undefined
    else next.prev = prev
    waiter.list = undefined
    waiter.prev = undefined
    waiter.next = undefined
    this.length--
  }

  /** Names of the fibers, in order. */
  names(): Array<string> {
    const names: Array<string> = []
    for (let waiter = this.head; waiter !== undefined; waiter = waiter.next)
      names.push(waiter.describe().name)
    return names
  }

  /** The same as holders, for {@link Wait}. */
  describe(): Array<Holder> {
    const holders: Array<Holder> = []
    for (let waiter = this.head; waiter !== undefined; waiter = waiter.next) holders.push(waiter.describe())
    return holders
  }
}

/** Those who wait for one thing, first come, first served. */
export class WaitQueue<W extends Waiter = Waiter> extends WaitList<W> {
  /** High-water mark. */
  maxLength = 0
  /** The next are served as those before them go on: a lock, a queue. */
  serial: boolean
  private turns = 0
  /** Most locks and the like never see anybody wait. */
  private resumptions: Resumptions | undefined = undefined
  /** Who came back last, if it still waits. */
  private latest: W | undefined = undefined

  constructor(serial = false) {
    super()
    this.serial = serial
  }

  /** Suspends the waiter's fiber, in the last place. Return what it returns to the run loop. */
  wait(waiter: W): AnyEffect {
    this.add(waiter)
    this.explain(waiter)
    return park(waiter.fiber, waiter)
  }

  /** From `onServed`: what it was granted turned out to be gone. Waits on, in its old place. */
  waitOn(waiter: W): AnyEffect {
    waiter.state = Waiting
    // Many come back one after the other: each next to the one before it.
    const last = this.latest?.list === (this as unknown) ? this.latest : undefined
    let next = last === undefined || last.turn > waiter.turn ? this.head : last.next
    while (next !== undefined && next.turn < waiter.turn) next = next.next
    if (next === undefined) this.push(waiter)
    else this.insertBefore(waiter, next)
    this.latest = waiter
    this.explain(waiter)
    return parkAgain(waiter.fiber)
  }

  /** From a waiter that holds and is on top of the stack: waits anew, in the last place. */
  waitAgain(waiter: W): AnyEffect {
    this.add(waiter)
    this.explain(waiter)
    return parkAgain(waiter.fiber)
  }

  private explain(waiter: W): void {
    const fiber = waiter.fiber
    if (waitingFrameOf(fiber) === undefined) return
    waiter.since = coarseNow(wallClockOf(fiber))
    beginWait(fiber, waiter)
  }

  /** Puts it in the last place without suspending a fiber: for entries whose `resume` is their own. */
  add(waiter: W): void {
    waiter.state = Waiting
    waiter.turn = ++this.turns
    this.push(waiter)
    if (this.length > this.maxLength) this.maxLength = this.length
  }

  /** Takes it out and hands over: from now on it has what it waited for. Its fiber is resumed soon. */
  grant(waiter: W): void {
    this.remove(waiter)
    waiter.state = Granted
    ;(this.resumptions ??= new Resumptions()).add(waiter, this.serial)
  }

  /** Takes it out; its fiber goes on with the failure, and has nothing to give back. */
  reject(waiter: W, exit: Exit.Exit<never, any>): void {
    waiter.rejection = exit
    this.grant(waiter)
  }
}
