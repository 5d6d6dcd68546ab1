/**
 * So many permits, handed out in strict order of asking: a large request is not overtaken by small ones behind it. The
 * state machine of Semaphore; what a holder is differs by subclass of {@link Lease}.
 */
import * as Exit from "effect/Exit"

import { succeedNow } from "../effect.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { took, watched } from "../holdings.ts"
import type { Holder } from "../node.ts"
import { holderOf } from "../node.ts"
import { InvalidArgument } from "../validate.ts"
import { Holding, Idle, Waiter, WaitList, WaitQueue } from "./waitQueue.ts"

export class Permits {
  readonly operation: string
  readonly name: string
  total: number
  /** Never above `total`, except after the total was lowered. Counts what was granted and is not yet running. */
  taken = 0
  readonly queue: WaitQueue<Lease>
  /** Those who were granted permits and are known: not the bare ones. */
  readonly holders = new WaitList<Lease>()

  constructor(operation: string, name: string, total: number) {
    this.operation = operation
    this.name = name
    this.total = total
    this.queue = new WaitQueue(total === 1)
  }

  /** Not when somebody waits, though there may be room: no barging. */
  available(permits: number): boolean {
    return this.queue.length === 0 && this.taken + permits <= this.total
  }

  take(lease: Lease): void {
    this.taken += lease.permits
    lease.taken()
    if (watched) took(lease)
  }

  /** For those who wait: with somebody who is no task when bare permits are taken, as anybody may give those back. */
  whoHolds(): ReadonlyArray<Holder> {
    let known = 0
    for (let lease = this.holders.head; lease !== undefined; lease = lease.next) known += lease.permits
    const holders = this.holders.describe()
    if (this.taken > known) holders.push({ node: undefined, name: "whoever took bare permits" })
    return holders
  }

  release(permits: number): void {
    this.taken -= permits
    this.serve()
  }

  /** Call when permits came free or the first waiter left: it may have been the one that blocked the others. */
  serve(): void {
    for (let head = this.queue.head; head !== undefined; head = this.queue.head) {
      if (this.taken + head.permits > this.total) return
      this.queue.grant(head)
      this.take(head)
    }
  }

  setTotal(total: number): void {
    this.total = total
    this.queue.serial = total === 1
  }

  resize(where: string, total: number): void {
    this.setTotal(total)
    for (let lease = this.queue.head; lease !== undefined;) {
      const next: Lease | undefined = lease.next
      if (lease.permits > total) {
        const message = `${where}: ${lease.describe().name} waits for ${lease.permits} permits of ${this.name}, which now has ${total}`
        this.queue.reject(lease, Exit.die(new InvalidArgument(message)))
      }
      lease = next
    }
    this.serve()
  }
}

/** Permits held while an effect runs. */
export class Lease extends Waiter {
  readonly source: Permits
  readonly permits: number
  /** What runs with the permits; dropped when it starts. */
  protected effect: AnyEffect | undefined

  constructor(fiber: AnyFiber, source: Permits, permits: number, effect: AnyEffect | undefined) {
    super(fiber)
    this.source = source
    this.permits = permits
    this.effect = effect
  }

  get operation(): string {
    return this.source.operation
  }
  get resource(): string {
    return this.source.name
  }
  override holders(): ReadonlyArray<Holder> {
    return this.source.whoHolds()
  }

  /** It has the permits. */
  taken(): void {
    this.source.holders.push(this)
  }

  protected onServed(_fiber: AnyFiber): AnyEffect {
    this.state = Holding
    const effect = this.effect!
    this.effect = undefined
    return effect
  }

  protected override onAbandon(granted: boolean): void {
    if (granted) this.source.release(this.permits)
    else this.source.serve()
  }

  protected override onRelease(): void {
    this.source.release(this.permits)
  }
}

/** Permits that nobody holds: whoever releases gives them back. */
export class BareLease extends Lease {
  protected override onServed(fiber: AnyFiber): AnyEffect {
    this.state = Idle
    return succeedNow(fiber, undefined)
  }

  override taken(): void {}
}

/** Permits held by a scope: succeeds with itself. */
export class ScopedLease extends Lease {
  private holder: Holder | undefined = undefined

  /** The fiber may be gone when somebody asks. */
  override describe(): Holder {
    return this.holder ?? super.describe()
  }

  protected override onServed(fiber: AnyFiber): AnyEffect {
    this.state = Idle
    this.holder = holderOf(fiber)
    return succeedNow(fiber, this)
  }

  /** Need not wait. Return what it returns to the run loop. */
  start(): AnyEffect {
    this.source.take(this)
    return this.onServed(this.fiber)
  }

  close(): void {
    this.source.holders.remove(this)
    this.source.release(this.permits)
  }
}
