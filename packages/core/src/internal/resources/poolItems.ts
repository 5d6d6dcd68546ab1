/** What a pool is made of, and what it keeps count of. */
import type * as Scope from "effect/Scope"

import type { AnyEffect, AnyFiber } from "../effect.ts"
import type { Lease } from "./poolLease.ts"

export interface PoolOptions {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly acquire: AnyEffect
  readonly validate: ((value: any) => AnyEffect) | undefined
  /** Milliseconds; Infinity where there is no limit. */
  readonly acquireTimeout: number
  readonly idleTimeToLive: number
  readonly maxLifetime: number
  readonly closeTimeout: number
  readonly leakAfter: number
}

/** What the pool has done in fibers of its own; see `poolWorker.ts`. */
export interface PoolWork {
  open(supply: Supply): void
  check(supply: Supply, item: Item): void
  close(item: Item): void
  reportLeak(lease: Lease, held: number): void
  setAlarm(millis: number): void
  clearAlarm(): void
}

/** An opened resource. */
export class Item {
  readonly value: unknown
  readonly scope: Scope.Closeable
  /** Monotonic milliseconds. */
  readonly openedAt: number
  idleSince = 0
  /** To be closed when its lease or its check ends. */
  doomed = false
  idle = false
  newer: Item | undefined = undefined
  older: Item | undefined = undefined

  constructor(value: unknown, scope: Scope.Closeable, openedAt: number) {
    this.value = value
    this.scope = scope
    this.openedAt = openedAt
  }
}

/** An opening or a check under way, in a fiber of the pool's. */
export class Supply {
  /** Who fails when the opening fails; undefined for one that keeps `min`, and for checks. */
  readonly asker: Lease | undefined
  readonly check: boolean
  readonly due: number
  /** Set once the fiber has suspended. */
  fiber: AnyFiber | undefined = undefined

  constructor(asker: Lease | undefined, check: boolean, due: number) {
    this.asker = asker
    this.check = check
    this.due = due
  }
}

/** Idle resources, by when they were used last. All operations O(1). */
export class IdleItems {
  newest: Item | undefined = undefined
  oldest: Item | undefined = undefined
  length = 0

  push(item: Item): void {
    item.idle = true
    item.older = this.newest
    if (this.newest === undefined) this.oldest = item
    else this.newest.newer = item
    this.newest = item
    this.length++
  }

  remove(item: Item): void {
    const { newer, older } = item
    if (newer === undefined) this.newest = older
    else newer.older = older
    if (older === undefined) this.oldest = newer
    else older.newer = newer
    item.newer = undefined
    item.older = undefined
    item.idle = false
    this.length--
  }
}
