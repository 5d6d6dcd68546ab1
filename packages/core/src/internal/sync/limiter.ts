/** The state of a CapacityLimiter: permits, one to a borrower, each borrower known. */
import type * as Context from "effect/Context"

import { enter, succeedNow } from "../effect.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { envOf, withEnv, withHeld } from "../env.ts"
import { describeFiber, holderOf } from "../node.ts"
import type { Holder } from "../node.ts"
import { Lease, Permits } from "./permits.ts"
import { ownersOf } from "./sameWork.ts"
import { InvalidArgument } from "../validate.ts"
import { Holding, Idle } from "./waitQueue.ts"

export class LimiterState extends Permits {
  /** Borrowers that were named, and fibers that borrowed for a scope: holding or waiting. */
  readonly named = new Map<unknown, TokenLease>()

  /** Throws when the borrower has a token, or waits for one. */
  check(where: string, fiber: AnyFiber, borrower: unknown): void {
    if (borrower === undefined ? !this.borrows(fiber) : !this.named.has(borrower)) return
    const name = borrower === undefined ? describeFiber(fiber) : nameOf(borrower)
    throw new InvalidArgument(
      `${where}: a borrower may have one token of ${this.name}, ${name} asked for a second`
    )
  }

  private borrows(fiber: AnyFiber): boolean {
    for (let held = envOf(fiber).held; held !== undefined; held = held.parent) {
      const lease = held.resource
      if (lease instanceof TokenLease && lease.source === this && lease.state === Holding) return true
    }
    if (this.named.size === 0) return false
    for (const owner of ownersOf(fiber)) if (this.named.has(owner)) return true
    return false
  }
}

const nameOf = (borrower: unknown): string => {
  if (typeof borrower === "object" && borrower !== null) {
    if ("path" in borrower && typeof borrower.path === "string") return borrower.path
    if ("name" in borrower && typeof borrower.name === "string") return borrower.name
    if ("id" in borrower) return String(borrower.id)
  }
  return typeof borrower === "object" ? Object.prototype.toString.call(borrower) : String(borrower)
}

/** A token held while an effect runs. Unnamed, its borrower is this call, found through the context. */
export class TokenLease extends Lease {
  declare readonly source: LimiterState
  protected readonly borrower: unknown
  private outside: Context.Context<never> | undefined = undefined

  constructor(fiber: AnyFiber, source: LimiterState, borrower: unknown, effect: AnyEffect | undefined) {
    super(fiber, source, 1, effect)
    this.borrower = borrower
    if (borrower !== undefined) source.named.set(borrower, this)
  }

  override describe(): Holder {
    const holder = super.describe()
    return this.borrower === undefined ? holder : { node: holder.node, name: nameOf(this.borrower) }
  }

  /** Need not wait. Return what it returns to the run loop. */
  start(): AnyEffect {
    this.source.take(this)
    enter(this.fiber, this)
    return this.onServed(this.fiber)
  }

  protected override onServed(fiber: AnyFiber): AnyEffect {
    if (this.borrower === undefined) {
      this.outside = fiber.context
      fiber.setContext(withEnv(fiber.context, withHeld(envOf(fiber), this)))
    }
    return super.onServed(fiber)
  }

  protected override onAbandon(granted: boolean): void {
    this.forget()
    super.onAbandon(granted)
  }

  protected override onRelease(): void {
    if (this.outside !== undefined) this.fiber.setContext(this.outside)
    this.forget()
    super.onRelease()
  }

  protected forget(): void {
    if (this.borrower !== undefined) this.source.named.delete(this.borrower)
  }
}

/** A token held by a scope; its borrower is the fiber unless named. Succeeds with itself. */
export class ScopedTokenLease extends TokenLease {
  private holder: Holder | undefined = undefined

  constructor(fiber: AnyFiber, source: LimiterState, borrower: unknown) {
    super(fiber, source, borrower ?? fiber, undefined)
  }

  /** The fiber may be gone when somebody asks. */
  override describe(): Holder {
    if (this.holder !== undefined) return this.holder
    return this.borrower === this.fiber ? holderOf(this.fiber) : super.describe()
  }

  override start(): AnyEffect {
    this.source.take(this)
    return this.onServed(this.fiber)
  }

  protected override onServed(fiber: AnyFiber): AnyEffect {
    this.holder = this.describe()
    this.state = Idle
    return succeedNow(fiber, this)
  }

  close(): void {
    this.forget()
    this.source.holders.remove(this)
    this.source.release(1)
  }
}
