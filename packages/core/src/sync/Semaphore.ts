/**
 * A number of permits, handed out first come, first served.
 *
 * A drop-in for Effect's `Semaphore` in name and argument order. It differs where Effect's was measured to fail: releasing
 * costs the same with 10,000 waiters as with one; nobody is overtaken, neither by `tryWithPermits` nor by a smaller
 * request; asking for more permits than there are, and giving back more than were taken, dies at once.
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type { Pipeable } from "effect/Pipeable"
import { pipeArguments } from "effect/Pipeable"
import type * as Scope from "effect/Scope"

import { succeedNow } from "../internal/effect.ts"
import { Operation } from "../internal/operation.ts"
import type { AnyEffect, AnyFiber, Start } from "../internal/effect.ts"
import { gaveBare, tookBare, watched } from "../internal/holdings.ts"
import { heldBy } from "../internal/sync/heldBy.ts"
import { canRun, nameIn, noEffect, wrongSelf } from "../internal/misuse.ts"
import { BareLease, Lease, Permits, ScopedLease } from "../internal/sync/permits.ts"
import { NewTaskLease } from "../internal/sync/taskLease.ts"
import type { TaskLease } from "../internal/sync/taskLease.ts"
import { waitFirst } from "../internal/tasks/taskNode.ts"
import type { TaskNode } from "../internal/tasks/taskNode.ts"
import { integer, InvalidArgument } from "../internal/validate.ts"

const TypeId = "~skein/Semaphore"

/**
 * Permits to be taken and given back.
 *
 * @category models
 * @since 0.1.0
 */
export interface Semaphore extends Pipeable {
  readonly [TypeId]: typeof TypeId
  readonly name: string
}

/**
 * What a semaphore looks like at one moment.
 *
 * **Shape / units**: `holders` and `waiting` are paths of tasks (the fiber's number where there is no task), `waiting` in
 * order of service; `free` is negative while a lowered total is below what is taken; bare permits (`take`) count as taken
 * but are nobody's.
 *
 * @category models
 * @since 0.1.0
 */
export interface Statistics {
  readonly permits: number
  readonly free: number
  readonly holders: ReadonlyArray<string>
  readonly waiting: ReadonlyArray<string>
  readonly maxWaiting: number
}

class SemaphoreImpl extends Permits implements Semaphore {
  readonly [TypeId]: typeof TypeId = TypeId
  /** Of `taken`, what was taken by `take` and not given back. */
  bare = 0

  pipe() {
    return pipeArguments(this, arguments)
  }
}

let unnamed = 0

/**
 * Makes a semaphore of so many permits.
 *
 * **Errors**: dies unless `permits` is an integer of at least 0, or Infinity.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  permits: number,
  options?: { readonly name?: string | undefined }
): Effect.Effect<Semaphore> => Effect.sync(() => makeUnsafe(permits, options))

/**
 * Makes a semaphore synchronously.
 *
 * **When to use**: for a module's own state, or inside `Effect.sync`; otherwise {@link make}.
 *
 * **Errors**: throws unless `permits` is an integer of at least 0, or Infinity.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeUnsafe = (permits: number, options?: { readonly name?: string | undefined }): Semaphore => {
  integer("Semaphore.make", "permits", permits, 0, { infinity: true })
  return new SemaphoreImpl(
    "Semaphore",
    nameIn("Semaphore.make", options) ?? `semaphore:${++unnamed}`,
    permits
  )
}

const check = (where: string, self: Semaphore): SemaphoreImpl => {
  if (self instanceof SemaphoreImpl) return self
  throw wrongSelf(where, "a Semaphore", self)
}

/** Throws for requests that can never be served. */
const checked = (where: string, self: SemaphoreImpl, permits: number): void => {
  check(where, self)
  integer(where, "permits", permits, 0)
  if (permits > self.total) {
    throw new InvalidArgument(
      `${where}: permits must be at most ${self.total}, all that ${self.name} has, got ${permits}`
    )
  }
}

class WithPermits extends Operation<any, any, any> {
  readonly self: SemaphoreImpl
  readonly permits: number
  readonly effect: AnyEffect
  constructor(self: SemaphoreImpl, permits: number, effect: AnyEffect) {
    super()
    this.self = self
    this.permits = permits
    this.effect = effect
  }
  protected run(fiber: AnyFiber): AnyEffect {
    const { self, permits } = this
    checked("Semaphore.withPermits", self, permits)
    const lease = new Lease(fiber, self, permits, this.effect)
    if (!self.available(permits)) return self.queue.wait(lease)
    self.take(lease)
    lease.hold()
    return this.effect
  }

  [waitFirst](task: TaskNode, start: Start, by: AnyFiber): TaskLease | undefined {
    const { effect, permits, self } = this
    // What is wrong is a defect of the task's.
    if (!(self instanceof SemaphoreImpl) || !Number.isInteger(permits)) return undefined
    if (permits < 0 || permits > self.total || self.available(permits)) return undefined
    const lease = new NewTaskLease(by, self, permits, effect, task, start)
    self.queue.add(lease)
    return lease
  }
}

/**
 * Runs the effect with so many permits, and gives them back however it ends.
 *
 * **When to use**: to bound how many do something at once. To bound the tasks of a group, give the group a `limit`.
 *
 * **Errors**: dies when the semaphore has fewer permits in all, or a {@link resize} leaves fewer while it waits.
 *
 * **Cancellation**: Cancel-safe. Interrupted while waiting, it leaves the queue; permits handed to it in that moment go to the
 * next.
 *
 * **Ordering**: first come, first served, whatever the sizes: a large request is not overtaken by smaller ones.
 *
 * **Cost**: O(1) to take, to wait, to give back and to give up; without contention it neither suspends nor yields.
 *
 * @category operations
 * @since 0.1.0
 */
export const withPermits: {
  (self: Semaphore, permits: number): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Semaphore, permits: number, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R>
} = ((self: SemaphoreImpl, permits: number, effect?: AnyEffect) =>
  effect === undefined
    ? (effect: AnyEffect) => holding(self, permits, effect)
    : holding(self, permits, effect)) as any

const holding = (self: SemaphoreImpl, permits: number, effect: AnyEffect): AnyEffect =>
  canRun(effect) ? new WithPermits(self, permits, effect) : noEffect("Semaphore.withPermits", effect)

/**
 * Runs the effect with one permit: `withPermits(self, 1)`.
 *
 * **Errors**, **Cancellation**, **Ordering**, **Cost**: as {@link withPermits}. Cancel-safe.
 *
 * @category operations
 * @since 0.1.0
 */
export const withPermit: {
  (self: Semaphore): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Semaphore, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R>
} = ((self: SemaphoreImpl, effect?: AnyEffect) =>
  effect === undefined ? (effect: AnyEffect) => holding(self, 1, effect) : holding(self, 1, effect)) as any

/**
 * Runs the effect if the permits are free and nobody waits; otherwise None, without waiting.
 *
 * **Errors**: dies when the semaphore has fewer permits in all.
 *
 * **Cancellation**: Cancel-safe.
 *
 * @category operations
 * @since 0.1.0
 */
export const tryWithPermits: {
  (
    self: Semaphore,
    permits: number
  ): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<Option.Option<A>, E, R>
  <A, E, R>(
    self: Semaphore,
    permits: number,
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<Option.Option<A>, E, R>
} = ((self: SemaphoreImpl, permits: number, effect?: AnyEffect) =>
  effect === undefined
    ? (effect: AnyEffect) => tryWith(self, permits, effect)
    : tryWith(self, permits, effect)) as any

const tryWith = (self: SemaphoreImpl, permits: number, effect: AnyEffect): AnyEffect =>
  Effect.withFiber((fiber) => {
    if (!Effect.isEffect(effect)) return noEffect("Semaphore.tryWithPermits", effect)
    checked("Semaphore.tryWithPermits", self, permits)
    if (!self.available(permits)) return Effect.succeedNone
    const lease = new Lease(fiber, self, permits, undefined)
    self.take(lease)
    lease.hold()
    return Effect.asSome(effect)
  })

/**
 * Takes bare permits: whoever calls {@link release} gives them back, in whichever fiber.
 *
 * **When to use**: when one fiber takes and another gives back; otherwise {@link withPermits} or {@link takeScoped}.
 *
 * **Errors**: dies when the semaphore has fewer permits in all.
 *
 * **Cancellation**: Cancel-safe. Once it has returned, the permits are the caller's to give back: an interruption before
 * the next step loses them unless the caller masks it.
 *
 * @category operations
 * @since 0.1.0
 */
export const take: {
  (permits: number): (self: Semaphore) => Effect.Effect<void>
  (self: Semaphore, permits: number): Effect.Effect<void>
} = /*#__PURE__*/ dual(2, (self: SemaphoreImpl, permits: number) =>
  Effect.withFiber((fiber) => {
    checked("Semaphore.take", self, permits)
    if (!self.available(permits)) return self.queue.wait(new BareTake(fiber, self, permits, undefined))
    self.taken += permits
    self.bare += permits
    if (watched) tookBare(self, permits, fiber)
    return succeedNow(fiber, undefined)
  })
)

class BareTake extends BareLease {
  protected override onServed(fiber: AnyFiber): AnyEffect {
    ;(this.source as SemaphoreImpl).bare += this.permits
    if (watched) tookBare(this.source, this.permits, fiber)
    return super.onServed(fiber)
  }
}

/**
 * Gives bare permits back.
 *
 * **Errors**: dies, and changes nothing, when that is more than `take` has handed out: permits of `withPermits` are given
 * back by it alone.
 *
 * @category operations
 * @since 0.1.0
 */
export const release: {
  (permits: number): (self: Semaphore) => Effect.Effect<void>
  (self: Semaphore, permits: number): Effect.Effect<void>
} = /*#__PURE__*/ dual(2, (self: SemaphoreImpl, permits: number) =>
  Effect.sync(() => {
    check("Semaphore.release", self)
    integer("Semaphore.release", "permits", permits, 0)
    if (permits > self.bare) {
      throw new InvalidArgument(
        `Semaphore.release: permits must be at most ${self.bare}, what was taken of ${self.name}, got ${permits}`
      )
    }
    self.bare -= permits
    if (watched) gaveBare(self, permits)
    self.release(permits)
  })
)

/**
 * Takes permits for as long as the surrounding scope is open.
 *
 * **Errors**: dies when the semaphore has fewer permits in all, or when the scope is closed already.
 *
 * **Cancellation**: Cancel-safe.
 *
 * @category operations
 * @since 0.1.0
 */
export const takeScoped: {
  (permits: number): (self: Semaphore) => Effect.Effect<void, never, Scope.Scope>
  (self: Semaphore, permits: number): Effect.Effect<void, never, Scope.Scope>
} = /*#__PURE__*/ dual(2, (self: SemaphoreImpl, permits: number) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.scope, (scope) =>
      Effect.flatMap(
        // The lease arrives outside the restored region in the same step in which it is granted.
        restore(leaseScoped(self, permits)),
        (lease) => heldBy("Semaphore.takeScoped", self.name, scope, () => lease.close())
      )
    )
  )
)

const leaseScoped = (self: SemaphoreImpl, permits: number): Effect.Effect<ScopedLease> =>
  Effect.withFiber((fiber) => {
    checked("Semaphore.takeScoped", self, permits)
    const lease = new ScopedLease(fiber, self, permits, undefined)
    return (self.available(permits) ? lease.start() : self.queue.wait(lease)) as Effect.Effect<ScopedLease>
  })

/**
 * Changes how many permits there are. Those taken stay taken; a lowered total is reached as they are given back.
 *
 * **Errors**: dies unless `permits` is an integer of at least 0, or Infinity. Who waits for more than are left dies.
 *
 * @category operations
 * @since 0.1.0
 */
export const resize: {
  (permits: number): (self: Semaphore) => Effect.Effect<void>
  (self: Semaphore, permits: number): Effect.Effect<void>
} = /*#__PURE__*/ dual(2, (self: SemaphoreImpl, permits: number) =>
  Effect.sync(() => {
    integer("Semaphore.resize", "permits", permits, 0, { infinity: true })
    check("Semaphore.resize", self).resize("Semaphore.resize", permits)
  })
)

/**
 * Who holds permits and who waits for them.
 *
 * @category observers
 * @since 0.1.0
 */
export const statistics = (self: Semaphore): Effect.Effect<Statistics> =>
  Effect.sync(() => {
    const impl = check("Semaphore.statistics", self)
    return {
      permits: impl.total,
      free: impl.total - impl.taken,
      holders: impl.holders.names(),
      waiting: impl.queue.names(),
      maxWaiting: impl.queue.maxLength
    }
  })
