/**
 * One at a time, in order of asking.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Pipeable } from "effect/Pipeable"
import { pipeArguments } from "effect/Pipeable"
import type * as Scope from "effect/Scope"

import { Operation } from "../internal/operation.ts"
import type { AnyEffect, AnyFiber } from "../internal/effect.ts"
import { heldBy } from "../internal/sync/heldBy.ts"
import { LockLease, LockState, ScopedLockLease } from "../internal/sync/lock.ts"
import { canRun, nameIn, noEffect, wrongSelf } from "../internal/misuse.ts"

export { LockReentered } from "../internal/sync/lock.ts"

const TypeId = "~skein/Lock"

/**
 * A lock. Its owner is the call of {@link withLock}, not the fiber: see there.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lock extends Pipeable {
  readonly [TypeId]: typeof TypeId
  readonly name: string
}

/**
 * What a lock looks like at one moment.
 *
 * **Shape / units**: paths of tasks (the fiber's number where there is no task), `waiting` in order of service. Who was handed the lock
 * is the owner, though it may not have gone on yet.
 *
 * @category models
 * @since 0.1.0
 */
export interface Statistics {
  readonly owner: Option.Option<string>
  readonly waiting: ReadonlyArray<string>
  readonly maxWaiting: number
}

class LockImpl extends LockState implements Lock {
  readonly [TypeId]: typeof TypeId = TypeId

  pipe() {
    return pipeArguments(this, arguments)
  }
}

let unnamed = 0

/**
 * Whether something is a lock.
 *
 * @category guards
 * @since 0.1.0
 */
export const isLock = (u: unknown): u is Lock => typeof u === "object" && u !== null && TypeId in u

/**
 * Makes a lock.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options?: { readonly name?: string | undefined }): Effect.Effect<Lock> =>
  Effect.sync(() => makeUnsafe(options))

/**
 * Makes a lock synchronously.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeUnsafe = (options?: { readonly name?: string | undefined }): Lock =>
  new LockImpl(nameIn("Lock.make", options) ?? `lock:${++unnamed}`)

const check = (where: string, self: Lock): LockImpl => {
  if (self instanceof LockImpl) return self
  throw wrongSelf(where, "a Lock", self)
}

class WithLock extends Operation<any, any, any> {
  readonly self: LockImpl
  readonly effect: AnyEffect
  constructor(self: LockImpl, effect: AnyEffect) {
    super()
    this.self = self
    this.effect = effect
  }
  protected run(fiber: AnyFiber): AnyEffect {
    const { effect, self } = this
    check("Lock.withLock", self)
    const lease = new LockLease(fiber, self, effect)
    if (self.owner === undefined) return lease.start()
    return self.reentered(fiber) ?? self.queue.wait(lease)
  }
}

/**
 * Runs the effect with the lock, and gives it back however it ends.
 *
 * The owner is this call: everything inside the effect is under the lock's protection, whichever fiber runs it (a
 * timeout's, a `forEach`'s). Two calls exclude each other, also inside one task. A task forked into a group inside the effect
 * may outlive it, so it is not under the protection.
 *
 * **Errors**: taking the lock again inside the effect dies with {@link LockReentered}.
 *
 * **Cancellation**: Cancel-safe. A lock handed over in the moment of the interruption goes to the next.
 *
 * **Ordering**: first come, first served, also against {@link tryWithLock}.
 *
 * **Cost**: O(1) to take, to wait, to give back and to give up; without contention it neither suspends nor yields.
 *
 * **Example**: `examples/15-lock.ts`
 *
 * @category operations
 * @since 0.1.0
 */
export const withLock: {
  (self: Lock): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Lock, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R>
} = ((self: LockImpl, effect?: AnyEffect) =>
  effect === undefined ? (effect: AnyEffect) => holding(self, effect) : holding(self, effect)) as any

const holding = (self: LockImpl, effect: AnyEffect): AnyEffect =>
  canRun(effect) ? new WithLock(self, effect) : noEffect("Lock.withLock", effect)

/**
 * Runs the effect if the lock is free; None when it is held or waited for.
 *
 * **Errors**: inside an effect that holds the lock it dies with {@link LockReentered}.
 *
 * **Cancellation**: Cancel-safe.
 *
 * @category operations
 * @since 0.1.0
 */
export const tryWithLock: {
  (self: Lock): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<Option.Option<A>, E, R>
  <A, E, R>(self: Lock, effect: Effect.Effect<A, E, R>): Effect.Effect<Option.Option<A>, E, R>
} = ((self: LockImpl, effect?: AnyEffect) =>
  effect === undefined ? (effect: AnyEffect) => tryWith(self, effect) : tryWith(self, effect)) as any

const tryWith = (self: LockImpl, effect: AnyEffect): AnyEffect =>
  Effect.withFiber((fiber): AnyEffect => {
    check("Lock.tryWithLock", self)
    if (!Effect.isEffect(effect)) return noEffect("Lock.tryWithLock", effect)
    if (self.owner !== undefined) return self.reentered(fiber) ?? Effect.succeedNone
    return new LockLease(fiber, self, Effect.asSome(effect)).start()
  })

/**
 * Takes the lock for as long as the surrounding scope is open. Its owner is the acquiring fiber.
 *
 * **When to use**: when the scope is the natural span; otherwise {@link withLock}.
 *
 * **Errors**: taking it again in that fiber dies with {@link LockReentered}. Dies when the scope is closed already.
 *
 * **Cancellation**: Cancel-safe.
 *
 * @category operations
 * @since 0.1.0
 */
export const acquire = (self: Lock): Effect.Effect<void, never, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.scope, (scope) =>
      // The lease arrives outside the restored region in the same step in which it is granted.
      Effect.flatMap(restore(lease(self as LockImpl)), (lease) =>
        heldBy("Lock.acquire", self.name, scope, () => lease.close())
      )
    )
  )

const lease = (self: LockImpl): Effect.Effect<ScopedLockLease> =>
  Effect.withFiber((fiber) => {
    check("Lock.acquire", self)
    const lease = new ScopedLockLease(fiber, self)
    if (self.owner === undefined) return lease.start() as Effect.Effect<ScopedLockLease>
    return self.reentered(fiber) ?? (self.queue.wait(lease) as Effect.Effect<ScopedLockLease>)
  })

/**
 * Whether somebody owns the lock.
 *
 * @category observers
 * @since 0.1.0
 */
export const isLocked = (self: Lock): Effect.Effect<boolean> =>
  Effect.sync(() => check("Lock.isLocked", self).owner !== undefined)

/**
 * Who owns the lock and who waits for it.
 *
 * @category observers
 * @since 0.1.0
 */
export const statistics = (self: Lock): Effect.Effect<Statistics> =>
  Effect.sync(() => {
    const { owner, queue } = check("Lock.statistics", self)
    return {
      owner: owner === undefined ? Option.none() : Option.some(owner.describe().name),
      waiting: queue.names(),
      maxWaiting: queue.maxLength
    }
  })
