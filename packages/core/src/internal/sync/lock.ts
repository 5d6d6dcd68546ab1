/**
 * The state of a lock: one owner, the rest in order of asking.
 *
 * The owner is a {@link LockLease}: one call of `withLock`. Whatever runs inside its effect finds it through the context, so
 * that re-entry is known for what it is on whichever fiber it happens, and siblings are not taken for one another.
 */
import type * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Exit from "effect/Exit"

import { enter, succeedNow } from "../effect.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { envOf, holds, withEnv, withHeld } from "../env.ts"
import { took, watched } from "../holdings.ts"
import { describeFiber, holderOf } from "../node.ts"
import type { Holder } from "../node.ts"
import { ownersOf } from "./sameWork.ts"
import { InvalidArgument } from "../validate.ts"
import { Granted, Holding, Idle, Waiter, WaitQueue } from "./waitQueue.ts"

/**
 * A defect: the effect given to `withLock` takes the lock again, which would wait for itself.
 *
 * @category errors
 * @since 0.1.0
 */
export class LockReentered
  extends /*#__PURE__*/ Data.TaggedError("LockReentered")<{
    readonly lock: string
    readonly task: string
  }>
{
  override get message(): string {
    return `${this.task} holds ${this.lock} already: taking it again would wait for itself`
  }
}

export class LockState {
  readonly name: string
  owner: LockLease | undefined = undefined
  /** Nobody waits while there is no owner. */
  readonly queue = new WaitQueue<LockWaiter>(true)

  constructor(name: string) {
    this.name = name
  }

  release(): void {
    this.owner = undefined
    for (let next = this.queue.head; next !== undefined; next = this.queue.head) {
      if (!next.lease.ended) {
        this.queue.grant(next)
        this.owner = next.lease
        if (watched) took(next.lease)
        return
      }
      this.queue.reject(next, this.gone())
    }
  }

  /** For a condition's waiter that outlived the effect that held the lock. */
  gone(): Exit.Exit<never> {
    return Exit.die(new InvalidArgument(`Condition.wait: the effect that held ${this.name} has ended`))
  }

  /** For a waiter whose fiber is suspended already. */
  ask(waiter: LockWaiter): void {
    this.queue.add(waiter)
    if (this.owner === undefined) this.release()
  }

  /** The fiber runs inside the owner's effect, or acquired the lock for its scope. */
  isOwner(fiber: AnyFiber): boolean {
    return this.owner !== undefined && this.owner.state !== Granted && this.owner.includes(fiber)
  }

  reentered(fiber: AnyFiber): Exit.Exit<never> | undefined {
    if (!this.isOwner(fiber)) return undefined
    return Exit.die(new LockReentered({ lock: this.name, task: describeFiber(fiber) }))
  }
}

/** Somebody who will own the lock as `lease`. */
export abstract class LockWaiter extends Waiter {
  readonly lock: LockState
  abstract readonly lease: LockLease

  constructor(fiber: AnyFiber, lock: LockState) {
    super(fiber)
    this.lock = lock
  }

  get operation(): string {
    return "Lock"
  }
  get resource(): string {
    return this.lock.name
  }
  override holders(): ReadonlyArray<Holder> {
    return this.lock.owner === undefined ? [] : [this.lock.owner.describe()]
  }
  protected onAbandon(granted: boolean): void {
    if (granted) this.lock.release()
  }
}

/** One call of `withLock`. */
export class LockLease extends LockWaiter {
  private effect: AnyEffect | undefined
  private outside: Context.Context<never> | undefined = undefined
  /** It will not own the lock again. */
  ended = false

  constructor(fiber: AnyFiber, lock: LockState, effect: AnyEffect | undefined) {
    super(fiber, lock)
    this.effect = effect
  }

  get lease(): LockLease {
    return this
  }

  override get holding(): boolean {
    return this.lock.owner === this
  }

  includes(fiber: AnyFiber): boolean {
    return holds(envOf(fiber), this)
  }

  /** The lock is free. Return what it returns to the run loop. */
  start(): AnyEffect {
    this.lock.owner = this
    if (watched) took(this)
    enter(this.fiber, this)
    return this.onServed(this.fiber)
  }

  protected onServed(fiber: AnyFiber): AnyEffect {
    this.state = Holding
    this.outside = fiber.context
    fiber.setContext(withEnv(fiber.context, withHeld(envOf(fiber), this)))
    const effect = this.effect!
    this.effect = undefined
    return effect
  }

  protected override onRelease(): void {
    this.fiber.setContext(this.outside!)
    this.end()
  }

  protected end(): void {
    this.ended = true
    // Not so when a fiber that it left behind waits on a condition.
    if (this.lock.owner === this) this.lock.release()
  }
}

/** Held by a scope, owned by the fiber that acquired it: succeeds with itself. */
export class ScopedLockLease extends LockLease {
  private holder: Holder | undefined = undefined

  constructor(fiber: AnyFiber, lock: LockState) {
    super(fiber, lock, undefined)
  }

  override describe(): Holder {
    return this.holder ?? super.describe()
  }

  override includes(fiber: AnyFiber): boolean {
    for (const owner of ownersOf(fiber)) if (owner === this.fiber) return true
    return false
  }

  override start(): AnyEffect {
    this.lock.owner = this
    if (watched) took(this)
    return this.onServed(this.fiber)
  }

  protected override onServed(fiber: AnyFiber): AnyEffect {
    this.state = Idle
    this.holder = holderOf(fiber)
    return succeedNow(fiber, this)
  }

  close(): void {
    this.end()
  }
}
