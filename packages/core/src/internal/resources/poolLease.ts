/** One lease of a pool's resource: waits, holds, gives back. */
import * as Duration from "effect/Duration"

import type { AnyEffect, AnyFiber } from "../effect.ts"
import { succeedNow } from "../effect.ts"
import type { Holder } from "../node.ts"
import { effectOf } from "../misuse.ts"
import { holderOf, nodeOf } from "../node.ts"
import type { Pool } from "./pool.ts"
import { PoolTimeout } from "./poolErrors.ts"
import type { PoolHolder } from "./poolErrors.ts"
import type { Item } from "./poolItems.ts"
import { Holding, Idle, Waiter } from "../sync/waitQueue.ts"

export class Lease extends Waiter {
  readonly pool: Pool
  /** Runs with the resource; undefined where a scope holds it. */
  private readonly block: ((value: any) => AnyEffect) | undefined
  item: Item | undefined = undefined
  /** Monotonic milliseconds. */
  askedAt = 0
  leasedAt = 0
  /** A resource is being opened on its account. */
  asking = false
  /** Where it was taken, when the pool looks for leaks. */
  readonly site: string | undefined

  constructor(
    fiber: AnyFiber,
    pool: Pool,
    block: ((value: any) => AnyEffect) | undefined,
    site: string | undefined
  ) {
    super(fiber)
    this.pool = pool
    this.block = block
    this.site = site
  }

  get operation(): string {
    return "Pool.lease"
  }
  get resource(): string {
    return this.pool.options.name
  }
  override holders(): ReadonlyArray<Holder> {
    return [...this.pool.leaked.describe(), ...this.pool.leases.describe()]
  }

  /** For the report of a leak: where it was taken, and where the task was forked when that is recorded. */
  whence(): string {
    const taken = this.site === undefined ? "" : `; taken at ${this.site}`
    const node = nodeOf(this.fiber) as { readonly forkSite?: string | undefined } | undefined
    return node?.forkSite === undefined ? taken : `${taken}; its task was forked at ${node.forkSite}`
  }

  timeout(now: number): PoolTimeout {
    const { options, opening } = this.pool
    const waited = Duration.millis(now - this.askedAt)
    return new PoolTimeout({ pool: options.name, waited, holders: holders(this.pool), opening })
  }

  /** Need not wait. Return what it returns to the run loop. */
  startNow(item: Item): AnyEffect {
    this.hold()
    return effectOf("Pool.use", this.block!(item.value))
  }

  protected onServed(_fiber: AnyFiber): AnyEffect {
    this.state = Holding
    return effectOf("Pool.use", this.block!(this.item!.value))
  }

  protected override onAbandon(granted: boolean): void {
    if (granted) this.pool.giveBack(this.item!, this.fiber)
  }

  protected override onRelease(): void {
    this.pool.giveBack(this.item!, this.fiber)
  }
}

/** The leases that are held, oldest first. */
export const held = function* (pool: Pool): Iterable<Lease> {
  for (let lease = pool.leaked.head; lease !== undefined; lease = lease.next) yield lease
  for (let lease = pool.leases.head; lease !== undefined; lease = lease.next) yield lease
}

export const holders = (pool: Pool): ReadonlyArray<PoolHolder> => {
  const now = pool.now()
  return Array.from(held(pool), (lease) => ({
    task: lease.describe().name,
    since: Duration.millis(now - lease.leasedAt)
  }))
}

/** A lease held by a scope: succeeds with itself. */
export class ScopedLease extends Lease {
  private holder: Holder | undefined = undefined

  constructor(fiber: AnyFiber, pool: Pool, site: string | undefined) {
    super(fiber, pool, undefined, site)
  }

  /** The fiber may be gone when somebody asks. */
  override describe(): Holder {
    return this.holder ?? super.describe()
  }

  override startNow(): AnyEffect {
    return this.onServed(this.fiber)
  }

  protected override onServed(fiber: AnyFiber): AnyEffect {
    this.state = Idle
    this.holder = holderOf(fiber)
    return succeedNow(fiber, this)
  }

  close(fiber: AnyFiber): void {
    this.list?.remove(this)
    this.pool.giveBack(this.item!, fiber)
  }
}
