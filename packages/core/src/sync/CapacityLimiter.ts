/**
 * So many at once, and one knows who.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Option from "effect/Option"
import type { Pipeable } from "effect/Pipeable"
import { pipeArguments } from "effect/Pipeable"
import type * as Scope from "effect/Scope"

import { Operation } from "../internal/operation.ts"
import type { AnyEffect, AnyFiber } from "../internal/effect.ts"
import { heldBy } from "../internal/sync/heldBy.ts"
import { nameIn, noEffect, wrongSelf } from "../internal/misuse.ts"
import { LimiterState, ScopedTokenLease, TokenLease } from "../internal/sync/limiter.ts"
import { integer, options as optionsIn } from "../internal/validate.ts"

const TypeId = "~skein/CapacityLimiter"

/**
 * Tokens, one to a borrower.
 *
 * @category models
 * @since 0.1.0
 */
export interface CapacityLimiter extends Pipeable {
  readonly [TypeId]: typeof TypeId
  readonly name: string
}

/**
 * What a limiter looks like at one moment.
 *
 * **Shape / units**: `borrowed` may be above a `total` that was lowered. `borrowers` and `waiting` are paths of tasks (the fiber's
 * number where there is no task) or the borrowers' names, `waiting` in order of service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Statistics {
  readonly total: number
  readonly borrowed: number
  readonly borrowers: ReadonlyArray<string>
  readonly waiting: ReadonlyArray<string>
  readonly maxWaiting: number
}

/**
 * On whose behalf a token is borrowed.
 *
 * @category models
 * @since 0.1.0
 */
export interface BorrowOptions {
  readonly borrower?: unknown
}

class LimiterImpl extends LimiterState implements CapacityLimiter {
  readonly [TypeId]: typeof TypeId = TypeId

  pipe() {
    return pipeArguments(this, arguments)
  }
}

let unnamed = 0

/**
 * Makes a limiter of so many tokens.
 *
 * **Errors**: dies unless `total` is an integer of at least 0, or Infinity.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  total: number,
  options?: { readonly name?: string | undefined }
): Effect.Effect<CapacityLimiter> =>
  Effect.sync(() => {
    integer("CapacityLimiter.make", "total", total, 0, { infinity: true })
    return new LimiterImpl(
      "CapacityLimiter",
      nameIn("CapacityLimiter.make", options) ?? `limiter:${++unnamed}`,
      total
    )
  })

const check = (where: string, self: CapacityLimiter): LimiterImpl => {
  if (self instanceof LimiterImpl) return self
  throw wrongSelf(where, "a CapacityLimiter", self)
}

const borrowerIn = (where: string, options: BorrowOptions | undefined): unknown => {
  if (options === undefined) return undefined
  optionsIn(where, options)
  return options.borrower
}

class WithToken extends Operation<any, any, any> {
  readonly self: LimiterImpl
  readonly effect: AnyEffect
  readonly options: BorrowOptions | undefined
  constructor(self: LimiterImpl, effect: AnyEffect, options: BorrowOptions | undefined) {
    super()
    this.self = self
    this.effect = effect
    this.options = options
  }
  protected run(fiber: AnyFiber): AnyEffect {
    const { effect, self } = this
    const borrower = borrowerIn("CapacityLimiter.withToken", this.options)
    check("CapacityLimiter.withToken", self).check("CapacityLimiter.withToken", fiber, borrower)
    const lease = new TokenLease(fiber, self, borrower, effect)
    return self.available(1) ? lease.start() : self.queue.wait(lease)
  }
}

type Run = (self: LimiterImpl, effect: AnyEffect, options: BorrowOptions | undefined) => AnyEffect

const dualWithOptions =
  (where: string, run: Run) =>
  (self: LimiterImpl, second?: AnyEffect | BorrowOptions, third?: BorrowOptions) => {
    if (Effect.isEffect(second)) return run(self, second as AnyEffect, third)
    // Nobody knows what was meant, an effect or options.
    if (second !== undefined) optionsIn(where, second, "an effect or options")
    return (effect: AnyEffect) =>
      Effect.isEffect(effect) ? run(self, effect, second as BorrowOptions) : noEffect(where, effect)
  }

/**
 * Runs the effect with a token, and gives it back however it ends.
 *
 * The borrower is this call: everything inside the effect has the token, whichever fiber runs it; siblings in one task are
 * borrowers of their own. `borrower` names another, anything that can be compared.
 *
 * **When to use**: when it matters who has the capacity, or when it is to be changed; otherwise `Semaphore` is cheaper.
 *
 * **Errors**: dies when the borrower has a token already, or waits for one.
 *
 * **Cancellation**: Cancel-safe. A token handed over in the moment of the interruption goes to the next.
 *
 * **Ordering**: first come, first served, also against {@link tryWithToken}.
 *
 * **Cost**: O(1); without contention it neither suspends nor yields.
 *
 * @category operations
 * @since 0.1.0
 */
export const withToken: {
  (
    self: CapacityLimiter,
    options?: { readonly borrower?: unknown }
  ): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(
    self: CapacityLimiter,
    effect: Effect.Effect<A, E, R>,
    options?: { readonly borrower?: unknown }
  ): Effect.Effect<A, E, R>
} = /*#__PURE__*/ dualWithOptions(
  "CapacityLimiter.withToken",
  (self, effect, options) => new WithToken(self, effect, options)
) as any

/**
 * Runs the effect if a token is free and nobody waits; otherwise None.
 *
 * **Errors**: dies when the borrower has a token already, or waits for one.
 *
 * **Cancellation**: Cancel-safe.
 *
 * @category operations
 * @since 0.1.0
 */
export const tryWithToken: {
  (
    self: CapacityLimiter,
    options?: { readonly borrower?: unknown }
  ): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<Option.Option<A>, E, R>
  <A, E, R>(
    self: CapacityLimiter,
    effect: Effect.Effect<A, E, R>,
    options?: { readonly borrower?: unknown }
  ): Effect.Effect<Option.Option<A>, E, R>
} = /*#__PURE__*/ dualWithOptions("CapacityLimiter.tryWithToken", (self, effect, options) =>
  Effect.withFiber((fiber): AnyEffect => {
    const borrower = borrowerIn("CapacityLimiter.tryWithToken", options)
    check("CapacityLimiter.tryWithToken", self).check("CapacityLimiter.tryWithToken", fiber, borrower)
    if (!self.available(1)) return Effect.succeedNone
    return new TokenLease(fiber, self, borrower, Effect.asSome(effect)).start()
  })
) as any

/**
 * Borrows a token for as long as the surrounding scope is open. The borrower is the acquiring fiber, unless `borrower`
 * names another.
 *
 * **Errors**: dies when the borrower has a token already, or waits for one, or when the scope is closed already.
 *
 * **Cancellation**: Cancel-safe.
 *
 * @category operations
 * @since 0.1.0
 */
export const borrow = (
  self: CapacityLimiter,
  options?: { readonly borrower?: unknown }
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.scope, (scope) =>
      // The lease arrives outside the restored region in the same step in which it is granted.
      Effect.flatMap(restore(lease(self as LimiterImpl, options)), (lease) =>
        heldBy("CapacityLimiter.borrow", self.name, scope, () => lease.close())
      )
    )
  )

const lease = (self: LimiterImpl, options: BorrowOptions | undefined): Effect.Effect<ScopedTokenLease> =>
  Effect.withFiber((fiber) => {
    const borrower = borrowerIn("CapacityLimiter.borrow", options)
    check("CapacityLimiter.borrow", self).check("CapacityLimiter.borrow", fiber, borrower)
    const lease = new ScopedTokenLease(fiber, self, borrower)
    return (self.available(1) ? lease.start() : self.queue.wait(lease)) as Effect.Effect<ScopedTokenLease>
  })

/**
 * Changes how many tokens there are. Those borrowed stay borrowed: a lowered total is reached as they are given back, and
 * at 0 everybody waits.
 *
 * **Errors**: dies, and keeps the old total, unless `total` is an integer of at least 0, or Infinity.
 *
 * @category operations
 * @since 0.1.0
 */
export const resize: {
  (total: number): (self: CapacityLimiter) => Effect.Effect<void>
  (self: CapacityLimiter, total: number): Effect.Effect<void>
} = /*#__PURE__*/ dual(2, (self: LimiterImpl, total: number): Effect.Effect<void> =>
  Effect.sync(() => {
    check("CapacityLimiter.resize", self).setTotal(
      integer("CapacityLimiter.resize", "total", total, 0, { infinity: true })
    )
    self.serve()
  })
)

/**
 * Who has tokens and who waits for one.
 *
 * @category observers
 * @since 0.1.0
 */
export const statistics = (self: CapacityLimiter): Effect.Effect<Statistics> =>
  Effect.sync(() => {
    const { holders, queue, taken, total } = check("CapacityLimiter.statistics", self)
    return {
      total,
      borrowed: taken,
      borrowers: holders.names(),
      waiting: queue.names(),
      maxWaiting: queue.maxLength
    }
  })
