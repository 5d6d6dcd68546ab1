/**
 * Items from those who offer to those who take, in order of asking on both sides: the state machine of WorkQueue and
 * MemoryChannel.
 *
 * - Somebody waits to take only while the buffer is empty. An item offered then is handed to the first of them at once
 *   (`Granted`); a taker that is interrupted before it goes on hands it to the next, or back into the buffer, to where it was.
 * - After the end, nobody is told of it while an item is *underway* to one who was handed it: it may come back.
 * - Who waits to offer is handed a *place*, not relieved of the item: it puts the item in when it goes on (`transit`
 *   meanwhile). So an interrupted offer has not happened, and its place goes to the next.
 * - A newcomer never passes those in `offerers` or `transit`.
 */
import type * as Exit from "effect/Exit"

import type { Buffer } from "./buffer.ts"
import { succeedNow } from "../effect.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import type { Holder } from "../node.ts"
import { Idle, Waiter, Waiting, WaitList, WaitQueue } from "../sync/waitQueue.ts"

export abstract class Handoff<A> {
  abstract readonly kind: string
  readonly name: string
  readonly capacity: number
  readonly items: Buffer<A>
  /** High-water mark of the buffer. */
  maxSize = 0
  readonly takers = new WaitQueue<Taker<A>>(true)
  readonly offerers = new WaitQueue<Offerer<A>>(true)
  /** In the order of asking. */
  readonly transit = new WaitList<Offerer<A>>()
  /** Who was put there last. */
  private latest: Offerer<A> | undefined = undefined
  /** Places handed to those in transit. */
  reserved = 0
  private handed = 0
  /** Items handed to takers that have not gone on. */
  private underway = 0
  /** When set, whoever offers goes on with it. */
  refusal: Exit.Exit<never, any> | undefined = undefined
  /** When set, whoever takes goes on with it once nothing is left, nor can come back. */
  ending: Exit.Exit<never, any> | undefined = undefined

  constructor(name: string, capacity: number, items: Buffer<A>) {
    this.name = name
    this.capacity = capacity
    this.items = items
  }

  /** So many more can be accepted now. */
  get space(): number {
    return this.capacity - this.items.length + this.takers.length
  }

  /** The same beside those in transit. Less than 0 when there are not as many places as were handed out. */
  get room(): number {
    return this.space - this.reserved
  }

  /** There is room, and nobody is before a newcomer. */
  get open(): boolean {
    return this.offerers.length === 0 && this.transit.length === 0 && this.room > 0
  }

  /** An item is in: it is the queue's from now on. */
  accept(item: A): void {
    const taker = this.takers.head
    if (taker !== undefined) {
      this.hand(taker, item, ++this.handed)
    } else {
      this.items.push(item)
      if (this.items.length > this.maxSize) this.maxSize = this.items.length
    }
  }

  /** The next item; only when there is one. */
  next(): A {
    const item = this.items.shift()
    if (this.offerers.head !== undefined) this.serve()
    return item
  }

  /** A taker did not get to take it. */
  giveBack(item: A, handed: number): void {
    const taker = this.takers.head
    if (taker === undefined) {
      this.items.giveBack(item, handed)
      if (this.items.length > this.maxSize) this.maxSize = this.items.length
      return
    }
    this.hand(taker, item, handed)
  }

  private hand(taker: Taker<A>, item: A, handed: number): void {
    taker.item = item
    taker.handed = handed
    this.underway++
    this.takers.grant(taker)
  }

  /** One who was handed an item has gone on, or has given it back. */
  arrived(): void {
    if (--this.underway === 0 && this.ending !== undefined) this.tell()
  }

  /** What one who finds nothing goes on with; undefined while something may come. */
  get over(): Exit.Exit<never, any> | undefined {
    return this.underway === 0 ? this.ending : undefined
  }

  /** Waits for an item. Return what it returns to the run loop. */
  waitTo(taker: Taker<A>): AnyEffect {
    const parked = this.takers.wait(taker)
    if (this.offerers.head !== undefined) this.serve()
    return parked
  }

  /** The same for a taker that is on top of its fiber's stack. */
  waitToAgain(taker: Taker<A>): AnyEffect {
    const parked = this.takers.waitAgain(taker)
    if (this.offerers.head !== undefined) this.serve()
    return parked
  }

  /** Hands places to those who wait to offer; call when there may be room. */
  serve(): void {
    for (let room = this.room; room > 0; room--) {
      const last = this.transit.tail
      if (last === undefined || last.places === last.wants) {
        const offerer = this.offerers.head
        if (offerer === undefined) return
        this.offerers.grant(offerer)
        this.pass(offerer)
        offerer.places = 1
      } else {
        last.places++
      }
      this.reserved++
    }
  }

  // One that gave up its place is called after others that asked later. Next to it comes the next of these.
  private pass(offerer: Offerer<A>): void {
    const { transit } = this
    let at = this.latest?.list === (transit as unknown) ? this.latest : transit.tail
    while (at !== undefined && at.turn > offerer.turn) at = at.prev
    let next = at === undefined ? transit.head : at.next
    while (next !== undefined && next.turn < offerer.turn) next = next.next
    if (next === undefined) transit.push(offerer)
    else transit.insertBefore(offerer, next)
    this.latest = offerer
  }

  /** Everybody who waits to offer goes on with `refusal`, also those in transit. */
  refuse(refusal: Exit.Exit<never, any>): void {
    this.refusal = refusal
    for (let o = this.offerers.head; o !== undefined; o = this.offerers.head) this.offerers.reject(o, refusal)
  }

  /** Whoever waits to take goes on with `ending`. */
  end(ending: Exit.Exit<never, any>): void {
    this.ending = ending
    this.tell()
  }

  protected tell(): void {
    const over = this.over
    if (over === undefined) return
    for (let t = this.takers.head; t !== undefined; t = this.takers.head) this.takers.reject(t, over)
  }

  /** Who is to serve one that does not wait, of those who wait to offer to a queue without a buffer. */
  get giver(): Offerer<A> | undefined {
    if (this.capacity > 0 || this.takers.length > 0) return undefined
    const waiting = this.offerers.head
    // It was to serve a taker, which has left.
    const moving = this.transit.head
    return moving === undefined || (waiting !== undefined && waiting.turn < moving.turn) ? waiting : moving
  }

  /** An offerer does not use its places any more, or uses them now. */
  unreserve(offerer: Offerer<A>): void {
    this.reserved -= offerer.places
    offerer.places = 0
  }

  /** Somebody who waited to offer has left, one way or another. */
  offererLeft(): void {}

  /** Without whom nobody makes room, as far as is known. */
  whoMakesRoom(): ReadonlyArray<Holder> {
    return []
  }
}

export class Taker<A> extends Waiter {
  readonly queue: Handoff<A>
  /** What it was handed; meaningful while `Granted`. */
  item: A | undefined = undefined
  /** Which hand-over it was: what is given back comes out in the order in which it was handed out. */
  handed = 0

  constructor(fiber: AnyFiber, queue: Handoff<A>) {
    super(fiber)
    this.queue = queue
  }
  get operation(): string {
    return `${this.queue.kind}.take`
  }
  get resource(): string {
    return this.queue.name
  }
  protected override onResume(fiber: AnyFiber): AnyEffect {
    if (this.rejection === undefined) this.queue.arrived()
    return super.onResume(fiber)
  }
  protected onServed(fiber: AnyFiber): AnyEffect {
    this.state = Idle
    return succeedNow(fiber, this.item)
  }
  protected override onAbandon(granted: boolean): void {
    if (!granted) return
    this.giveBack()
    this.queue.arrived()
  }
  protected giveBack(): void {
    this.queue.giveBack(this.item!, this.handed)
  }
}

export class Offerer<A> extends Waiter {
  readonly queue: Handoff<A>
  protected readonly item: A
  /** Its item was taken while it waited. */
  protected taken = false
  /** Handed to it while in transit, at most `wants`. */
  places = 0

  constructor(fiber: AnyFiber, queue: Handoff<A>, item: A) {
    super(fiber)
    this.queue = queue
    this.item = item
  }
  get operation(): string {
    return `${this.queue.kind}.offer`
  }
  get resource(): string {
    return this.queue.name
  }
  override holders(): ReadonlyArray<Holder> {
    return this.queue.whoMakesRoom()
  }
  get wants(): number {
    return 1
  }

  /** Without a buffer, one who does not wait can take only from one who does. From now on the offer is completed. */
  takeNow(): A {
    const { queue } = this
    this.taken = true
    if (this.state === Waiting) {
      queue.offerers.grant(this)
    } else {
      queue.transit.remove(this)
      queue.unreserve(this)
    }
    return this.item
  }

  protected onServed(fiber: AnyFiber): AnyEffect {
    const { queue } = this
    queue.transit.remove(this)
    queue.unreserve(this)
    if (!this.taken) {
      if (queue.refusal !== undefined) {
        this.state = Idle
        queue.offererLeft()
        return queue.refusal
      }
      // Who was to take it may have left meanwhile; then somebody before this one may be waiting again, or be called again.
      if (this.comesAfter(queue.offerers.head) || this.comesAfter(queue.transit.head) || !this.put()) {
        const parked = queue.offerers.waitOn(this)
        // The place it gives up is for the one before it.
        queue.serve()
        return parked
      }
    }
    this.state = Idle
    if (queue.offerers.head !== undefined) queue.serve()
    queue.offererLeft()
    return this.conclude(fiber)
  }

  /** All is in. */
  protected conclude(fiber: AnyFiber): AnyEffect {
    return succeedNow(fiber, undefined)
  }

  private comesAfter(other: Offerer<A> | undefined): boolean {
    return other !== undefined && other.turn < this.turn
  }

  // Where there are not as many places as were handed out, those who asked later have none.
  /** Puts in what there is space for; false when something is left. */
  protected put(): boolean {
    if (this.queue.space <= 0) return false
    this.queue.accept(this.item)
    return true
  }

  protected override onAbandon(granted: boolean): void {
    this.queue.unreserve(this)
    if (granted && !this.taken) this.queue.serve()
    this.queue.offererLeft()
  }
}

/** Puts in one item after the other; keeps its place in between. */
export class BatchOfferer<A> extends Offerer<A> {
  private readonly batch: ReadonlyArray<A>
  private at: number

  constructor(fiber: AnyFiber, queue: Handoff<A>, batch: ReadonlyArray<A>, at: number) {
    super(fiber, queue, batch[at]!)
    this.batch = batch
    this.at = at
  }

  override get wants(): number {
    return this.batch.length - this.at
  }

  override takeNow(): A {
    const item = this.batch[this.at]!
    this.at++
    if (this.at < this.batch.length) return item
    return (super.takeNow(), item)
  }

  protected override put(): boolean {
    const { batch, queue } = this
    while (this.at < batch.length) {
      if (queue.space <= 0) return false
      queue.accept(batch[this.at]!)
      this.at++
    }
    return true
  }
}
