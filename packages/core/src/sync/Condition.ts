/**
 * Waiting, with a lock, until somebody who has the lock says that something has changed.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { LazyArg } from "effect/Function"
import { dual } from "effect/Function"
import type { Pipeable } from "effect/Pipeable"
import { pipeArguments } from "effect/Pipeable"

import { ConditionState, mustHold, Notified, Reacquire } from "../internal/sync/condition.ts"
import { succeedNow } from "../internal/effect.ts"
import type { AnyEffect, AnyFiber } from "../internal/effect.ts"
import type { LockState } from "../internal/sync/lock.ts"
import { integer } from "../internal/validate.ts"
import { nameIn, wrongSelf, wrongType } from "../internal/misuse.ts"
import * as Lock from "./Lock.ts"

const TypeId = "~skein/Condition"

/**
 * A condition on a lock.
 *
 * @category models
 * @since 0.1.0
 */
export interface Condition extends Pipeable {
  readonly [TypeId]: typeof TypeId
  readonly name: string
  readonly lock: Lock.Lock
}

class ConditionImpl extends ConditionState implements Condition {
  readonly [TypeId]: typeof TypeId = TypeId
  declare readonly lock: LockState & Lock.Lock

  pipe() {
    return pipeArguments(this, arguments)
  }
}

let unnamed = 0

/**
 * Makes a condition, on the given lock or one of its own.
 *
 * **Errors**: dies when `lock` is something else than a lock.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options?: {
  readonly lock?: Lock.Lock | undefined
  readonly name?: string | undefined
}): Effect.Effect<Condition> =>
  Effect.sync(() => {
    // Its name would do for the options'.
    if (Lock.isLock(options)) throw wrongSelf("Condition.make", "options", options)
    const name = nameIn("Condition.make", options) ?? `condition:${++unnamed}`
    const lock = options?.lock ?? Lock.makeUnsafe({ name })
    if (!Lock.isLock(lock)) throw wrongType("Condition.make", "lock", "a Lock", lock)
    return new ConditionImpl(name, lock as LockState & Lock.Lock)
  })

/**
 * Runs the effect with the condition's lock: `Lock.withLock(self.lock)`.
 *
 * **Errors**, **Cancellation**, **Ordering**: as `Lock.withLock`. Cancel-safe.
 *
 * @category operations
 * @since 0.1.0
 */
export const withLock: {
  (self: Condition): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Condition, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R>
} = ((self: Condition, effect?: AnyEffect) =>
  effect === undefined ? (effect: AnyEffect) => holding(self, effect) : holding(self, effect)) as any

const holding = (self: Condition, effect: AnyEffect): AnyEffect =>
  self instanceof ConditionImpl
    ? Lock.withLock(self.lock, effect)
    : Exit.die(wrongSelf("Condition.withLock", "a Condition", self))

const check = (operation: string, self: Condition): ConditionImpl => {
  if (self instanceof ConditionImpl) return self
  throw wrongSelf(`Condition.${operation}`, "a Condition", self)
}

const requireLock = (self: ConditionImpl, operation: string, fiber: AnyFiber): void => {
  check(operation, self)
  if (!self.lock.isOwner(fiber)) throw mustHold(fiber, self, operation)
}

const waitAs = (self: ConditionImpl, operation: "wait" | "waitFor"): Effect.Effect<void> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.withFiber((fiber) => {
      requireLock(self, operation, fiber)
      const waiter = new Notified(fiber, self, self.lock.owner!)
      // No finalizer: a notification reaches what follows in the step in which it arrives, or goes to the next waiter.
      return Effect.catchCause(restore(waiter.suspended as Effect.Effect<void>), (cause) => {
        const failed = Effect.failCause(cause)
        if (!waiter.released) return failed
        // Whoever called holds the lock again before it unwinds.
        const reacquired = new Reacquire(fiber, self.lock, waiter.lease).suspended as Effect.Effect<void>
        return Effect.onExit(failed, () => reacquired)
      })
    })
  )

/**
 * Gives the lock back, waits to be notified, and takes the lock again.
 *
 * **Errors**: dies unless the caller holds the lock, as `Lock.withLock` defines its owner. So do the following.
 *
 * **Cancellation**: Cancel-safe, loses place: an interrupted waiter holds the lock again before it unwinds (it waits for it,
 * uninterruptibly); a notification that it got goes to the next waiter.
 *
 * **Ordering**: notified in order of waiting; then served in the lock's order.
 *
 * @category operations
 * @since 0.1.0
 */
export const wait = (self: Condition): Effect.Effect<void> => waitAs(self as ConditionImpl, "wait")

/**
 * Waits until the predicate holds, which is evaluated with the lock held, at first before waiting.
 *
 * **Errors**: dies unless the caller holds the lock, even when the predicate holds.
 *
 * **Cancellation**: Cancel-safe, loses place: as {@link wait}.
 *
 * **Example**: `examples/18-coordination.ts`
 *
 * @category operations
 * @since 0.1.0
 */
export const waitFor: {
  (predicate: LazyArg<boolean>): (self: Condition) => Effect.Effect<void>
  (self: Condition, predicate: LazyArg<boolean>): Effect.Effect<void>
} = /*#__PURE__*/ dual(2, (self: ConditionImpl, predicate: LazyArg<boolean>): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    if (typeof predicate !== "function")
      throw wrongType("Condition.waitFor", "predicate", "a function", predicate)
    // In the step in which a notification arrives: interrupted before it is looked at, the waiter would keep it.
    const look = (): Effect.Effect<void> => {
      requireLock(self, "waitFor", fiber)
      if (predicate()) return succeedNow(fiber, undefined) as Effect.Effect<void>
      return Effect.flatMap(waitAs(self, "waitFor"), look)
    }
    return look()
  })
)

const notifySome = (self: ConditionImpl, operation: "notify" | "notifyAll", n: number): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    integer("Condition.notify", "n", n, 0, { infinity: true })
    requireLock(self, operation, fiber)
    self.notify(n)
    return Effect.void
  })

/**
 * Wakes so many of those who wait, the longest waiting first. They go on once they hold the lock.
 *
 * **Errors**: dies unless the caller holds the lock, and unless `n` (by default 1) is an integer of at least 0.
 *
 * @category operations
 * @since 0.1.0
 */
export const notify: {
  (n: number): (self: Condition) => Effect.Effect<void>
  (self: Condition, n?: number): Effect.Effect<void>
} = ((...args: [number] | [ConditionImpl, number?]) => {
  const [first, n = 1] = args
  return typeof first === "number"
    ? (self: ConditionImpl) => notifySome(self, "notify", first)
    : notifySome(first, "notify", n)
}) as any

/**
 * Wakes all who wait.
 *
 * **Errors**: dies unless the caller holds the lock.
 *
 * @category operations
 * @since 0.1.0
 */
export const notifyAll = (self: Condition): Effect.Effect<void> =>
  notifySome(self as ConditionImpl, "notifyAll", Infinity)

/**
 * Who waits to be notified, in order: paths of tasks, or fibers' numbers. Those who were notified wait for the lock, and
 * are counted there.
 *
 * @category observers
 * @since 0.1.0
 */
export const statistics = (
  self: Condition
): Effect.Effect<{ readonly waiting: ReadonlyArray<string>; readonly maxWaiting: number }> =>
  Effect.sync(() => {
    const { queue } = check("statistics", self)
    return { waiting: queue.names(), maxWaiting: queue.maxLength }
  })
