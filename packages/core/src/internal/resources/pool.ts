/**
 * The state machine of `Pool`. It never suspends: leases wait in a {@link WaitQueue}, and what takes time (opening,
 * checking, closing a resource) runs in fibers of the pool's own ({@link PoolWork}), so that whoever asked can be
 * interrupted or time out at any moment without anything being lost.
 *
 * Invariants, whenever no function of it is on the stack and no {@link Pool.work} is scheduled:
 * - while leases wait, every slot is taken, or as many resources are being opened or checked as leases wait;
 * - an idle resource and a waiting lease do not exist together;
 * - `size` counts a resource from the start of its opening to the end of its closing and is at most `max`.
 */
import type * as Clock from "effect/Clock"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"

import { isInterruptible } from "../effect.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { took, watched } from "../holdings.ts"
import { millisOf } from "../monotonic.ts"
import { PoolClosed } from "./poolErrors.ts"
import { IdleItems, Item, Supply } from "./poolItems.ts"
import type { PoolOptions, PoolWork } from "./poolItems.ts"
import { held } from "./poolLease.ts"
import type { Lease } from "./poolLease.ts"
import { Waiting, WaitList, WaitQueue } from "../sync/waitQueue.ts"

export class Pool {
  readonly options: PoolOptions
  readonly clock: Clock.Clock
  worker!: PoolWork
  readonly queue = new WaitQueue<Lease>()
  /** Oldest first; those reported as leaks have moved to `leaked`. */
  readonly leases = new WaitList<Lease>()
  readonly leaked = new WaitList<Lease>()
  readonly items = new Set<Item>()
  /** In order of their start, `checks` of them checks. Those past their time have moved to `overdue`: nobody relies on them. */
  readonly supplies = new Set<Supply>()
  private readonly overdue = new Set<Supply>()
  private checks = 0
  readonly idle = new IdleItems()
  opening = 0
  checking = 0
  closing = 0
  closed = false
  /** Called when the pool is closed and nothing is left of it. */
  onEmpty: (() => void) | undefined = undefined
  private toClose: Array<Item> = []
  private scheduled = false
  /** The last opening on the pool's own account failed: wait for somebody to ask. */
  private refillFailed = false
  private alarmAt = Infinity
  /** Idle resources do not stay for ever. */
  private readonly limited: boolean

  constructor(options: PoolOptions, clock: Clock.Clock) {
    this.options = options
    this.clock = clock
    this.limited = options.idleTimeToLive !== Infinity || options.maxLifetime !== Infinity
  }

  now(): number {
    return millisOf(this.clock)
  }

  get size(): number {
    return this.items.size + this.opening + this.closing
  }

  get leased(): number {
    return this.leases.length + this.leaked.length
  }

  // ---------------------------------------------------------------- leasing

  private take(fiber: AnyFiber): Item | undefined {
    if (this.queue.length > 0 || this.options.validate !== undefined) return undefined
    return this.popIdle(fiber)
  }

  /** Lends in this very step what is at hand, else suspends the fiber. Return what it returns to the run loop. */
  lease(lease: Lease): AnyEffect {
    if (this.closed) return Exit.die(new PoolClosed({ pool: this.options.name }))
    const item = this.take(lease.fiber)
    if (item === undefined) return this.wait(lease)
    this.lend(lease, item)
    return lease.startNow(item)
  }

  private wait(lease: Lease): AnyEffect {
    const { acquireTimeout } = this.options
    lease.askedAt = this.now()
    if (acquireTimeout <= 0) return this.refuse(lease)
    const effect = this.queue.wait(lease)
    this.alarmFor(lease.askedAt + acquireTimeout)
    const room = this.supplies.size < this.queue.length && this.size < this.options.max
    if (room || this.idle.length > 0) this.schedule(lease.fiber)
    return effect
  }

  private refuse(lease: Lease): AnyEffect {
    // Nobody else would ever ask for an opening anew.
    this.refillFailed = false
    if (this.size < this.options.min) this.schedule(lease.fiber)
    return Exit.fail(lease.timeout(lease.askedAt))
  }

  /** From now on the lease has the item. */
  private lend(lease: Lease, item: Item): void {
    lease.item = item
    lease.leasedAt = this.now()
    this.leases.push(lease)
    if (watched) took(lease)
    if (this.options.leakAfter !== Infinity) this.alarmFor(lease.leasedAt + this.options.leakAfter)
  }

  /** A leased or just opened item, for whoever is next. */
  giveBack(item: Item, fiber: AnyFiber): void {
    if (item.doomed || this.closed || this.expired(item)) return this.discard(item, fiber)
    const next = this.queue.head
    if (next !== undefined && this.options.validate === undefined) return this.grant(next, item)
    this.pushIdle(item)
    if (next !== undefined) this.schedule(fiber)
  }

  private grant(lease: Lease, item: Item): void {
    this.queue.grant(lease)
    this.lend(lease, item)
  }

  invalidate(value: unknown, fiber: AnyFiber): void {
    const item = this.find(value, fiber)
    if (item === undefined) return
    item.doomed = true
    if (!item.idle) return
    this.idle.remove(item)
    this.discard(item, fiber)
  }

  // Values need not be distinct: the caller's own lease first, then any lease, then whatever there is.
  private find(value: unknown, fiber: AnyFiber): Item | undefined {
    let found: Item | undefined
    for (const lease of held(this)) {
      if (lease.item!.value !== value || lease.item!.doomed) continue
      if (lease.fiber === fiber) return lease.item
      found ??= lease.item
    }
    if (found !== undefined) return found
    for (const item of this.items) if (item.value === value && !item.doomed) return item
    return undefined
  }

  // ---------------------------------------------------------------- what the pool's own fibers report

  opened(supply: Supply, value: unknown, scope: Scope.Closeable, fiber: AnyFiber): void {
    this.ended(supply)
    this.opening--
    if (this.refillFailed) {
      this.refillFailed = false
      this.schedule(fiber)
    }
    const item = new Item(value, scope, this.now())
    this.items.add(item)
    // One more than `min`, perhaps: the idle ones do not stay then.
    const unused = this.idle.oldest
    if (unused !== undefined) this.alarmFor(unused.idleSince + this.options.idleTimeToLive)
    // Fresh: not checked again.
    const next = this.queue.head
    if (next !== undefined && !this.closed) this.grant(next, item)
    else this.giveBack(item, fiber)
  }

  private ended(supply: Supply): void {
    if (this.supplies.delete(supply) && supply.check) this.checks--
    this.overdue.delete(supply)
    if (supply.asker !== undefined) supply.asker.asking = false
  }

  /** The slot stays taken until {@link openEnded}. True if somebody was told. */
  openFailed(supply: Supply, exit: Exit.Exit<never, unknown>): boolean {
    this.ended(supply)
    const asker = supply.asker
    if (asker === undefined) this.refillFailed = true
    if (asker === undefined || asker.state !== Waiting) return false
    this.queue.reject(asker, exit)
    return true
  }

  openEnded(fiber: AnyFiber): void {
    this.opening--
    this.schedule(fiber)
    this.left()
  }

  checked(supply: Supply, item: Item, good: boolean, fiber: AnyFiber): void {
    this.ended(supply)
    this.checking--
    if (!good || item.doomed || this.closed) return this.discard(item, fiber)
    const next = this.queue.head
    if (next === undefined) this.pushIdle(item)
    else this.grant(next, item)
  }

  closeEnded(fiber: AnyFiber): void {
    this.closing--
    this.schedule(fiber)
    this.left()
  }

  // ---------------------------------------------------------------- work

  private discard(item: Item, fiber: AnyFiber | undefined): void {
    this.items.delete(item)
    this.closing++
    this.toClose.push(item)
    this.schedule(fiber)
  }

  /** Starting fibers is left to a task of the dispatcher: whoever calls may be leaving its own stack. */
  schedule(fiber: AnyFiber | undefined): void {
    if (this.scheduled || fiber === undefined) return
    this.scheduled = true
    fiber.currentDispatcher.scheduleTask(this.work, 0)
  }

  readonly work = (): void => {
    this.scheduled = false
    const { max, min, validate } = this.options
    const closing = this.toClose
    if (closing.length > 0) {
      this.toClose = []
      for (const item of closing) this.worker.close(item)
    }
    if (this.closed) return
    // Openings and checks may end at once, so the queue is looked at anew each time. What is idle is used first, though as
    // many are being opened as wait: those may hang.
    while (this.checks < this.queue.length) {
      const item = this.popIdle(undefined)
      if (item === undefined) break
      if (validate === undefined) this.grant(this.queue.head!, item)
      else this.check(item)
    }
    while (this.supplies.size < this.queue.length && this.size < max) this.open(this.nextAsker())
    while (this.items.size + this.opening < min && this.size < max && !this.refillFailed) this.open(undefined)
    // What was found too old on the way.
    if (this.toClose.length > 0) this.work()
  }

  // There is one: fewer are being opened than wait.
  private nextAsker(): Lease | undefined {
    let asker = this.queue.head
    while (asker !== undefined && asker.asking) asker = asker.next
    return asker
  }

  private open(asker: Lease | undefined): void {
    if (asker !== undefined) asker.asking = true
    this.opening++
    this.worker.open(this.supply(asker, false))
  }

  private check(item: Item): void {
    this.checking++
    this.checks++
    this.worker.check(this.supply(undefined, true), item)
  }

  private supply(asker: Lease | undefined, check: boolean): Supply {
    // Where nobody waits, an opening takes the time it takes.
    const supply = new Supply(asker, check, this.now() + (this.options.acquireTimeout || Infinity))
    this.supplies.add(supply)
    if (supply.due !== Infinity) this.alarmFor(supply.due)
    return supply
  }

  // ---------------------------------------------------------------- the idle ones, last used first

  private pushIdle(item: Item): void {
    this.idle.push(item)
    if (!this.limited) return
    item.idleSince = this.now()
    const { idleTimeToLive, maxLifetime } = this.options
    this.alarmFor(Math.min(item.idleSince + idleTimeToLive, item.openedAt + maxLifetime))
  }

  /** What is found too old on the way is closed. */
  private popIdle(fiber: AnyFiber | undefined): Item | undefined {
    for (let item = this.idle.newest; item !== undefined; item = this.idle.newest) {
      this.idle.remove(item)
      if (!this.expired(item)) return item
      this.discard(item, fiber)
    }
    return undefined
  }

  private expired(item: Item): boolean {
    const { maxLifetime } = this.options
    return maxLifetime !== Infinity && this.now() - item.openedAt >= maxLifetime
  }

  // ---------------------------------------------------------------- time

  private alarmFor(at: number): void {
    if (at >= this.alarmAt || this.closed) return
    this.alarmAt = at
    this.worker.clearAlarm()
    this.worker.setAlarm(Math.max(at - this.now(), 0.001))
  }

  /** In a turn of its own. Leases that wait are told before the openings they wait for are interrupted. */
  onAlarm(): void {
    this.alarmAt = Infinity
    if (this.closed) return
    const now = this.now()
    const { acquireTimeout, leakAfter } = this.options
    for (let lease = this.queue.head; lease !== undefined; lease = this.queue.head) {
      const due = lease.askedAt + acquireTimeout
      if (due > now) {
        this.alarmFor(due)
        break
      }
      this.queue.reject(lease, Exit.fail(lease.timeout(now)))
    }
    for (const supply of this.supplies) {
      if (supply.due > now) {
        this.alarmFor(supply.due)
        break
      }
      this.ended(supply)
      this.overdue.add(supply)
    }
    for (const supply of this.overdue) {
      // What cannot be interrupted now may still come to something; what hangs later is interrupted then.
      if (isInterruptible(supply.fiber!)) {
        this.overdue.delete(supply)
        supply.fiber!.interruptUnsafe()
      } else this.alarmFor(now + acquireTimeout)
    }
    if (leakAfter !== Infinity) this.alarmFor(this.findLeaks(now))
    if (this.limited) this.alarmFor(this.expire(now))
    this.work()
  }

  private findLeaks(now: number): number {
    for (let lease = this.leases.head; lease !== undefined; lease = this.leases.head) {
      const due = lease.leasedAt + this.options.leakAfter
      if (due > now) return due
      this.leases.remove(lease)
      this.leaked.push(lease)
      this.worker.reportLeak(lease, now - lease.leasedAt)
    }
    return Infinity
  }

  // Idle ones above `min` go when nobody needed them, all go when they are old.
  private expire(now: number): number {
    const { idleTimeToLive, maxLifetime, min } = this.options
    let next = Infinity
    for (let item = this.idle.oldest; item !== undefined;) {
      const newer = item.newer
      const old = item.openedAt + maxLifetime
      const unused = this.items.size + this.opening > min ? item.idleSince + idleTimeToLive : Infinity
      if (Math.min(old, unused) <= now) {
        this.idle.remove(item)
        this.discard(item, undefined)
      } else next = Math.min(next, old, unused)
      item = newer
    }
    return next
  }

  // ---------------------------------------------------------------- closing

  /** No more leases; those that wait die. What is leased is closed as it comes back. */
  shutDown(fiber: AnyFiber): void {
    this.closed = true
    this.alarmAt = Infinity
    this.worker.clearAlarm()
    const exit = Exit.die(new PoolClosed({ pool: this.options.name }))
    for (let lease = this.queue.head; lease !== undefined; lease = this.queue.head)
      this.queue.reject(lease, exit)
    for (const supply of [...this.supplies, ...this.overdue]) supply.fiber?.interruptUnsafe()
    for (let item = this.idle.oldest; item !== undefined; item = this.idle.oldest) {
      this.idle.remove(item)
      this.discard(item, fiber)
    }
  }

  get empty(): boolean {
    return this.size === 0
  }

  private left(): void {
    if (this.closed && this.empty) this.onEmpty?.()
  }
}
