/**
 * A second copy of a call when the first one is slow: the few slowest answers of a service stop being everybody's
 * problem, at the price of a few percent more calls.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"

import type { AnyEffect } from "../internal/effect.ts"
import { runHedge } from "../internal/resilience/hedge.ts"
import { bucketOf } from "../internal/resilience/tokenBucket.ts"
import { effect, integer, name, nonNegativeMillis, options as optionsIn } from "../internal/validate.ts"
import type * as RetryBudget from "./RetryBudget.ts"

const where = "Hedge.run"

/**
 * What {@link run} takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Pause before each further copy. The 95th percentile of the call's time makes some 5% more calls. */
  readonly after: Duration.Input
  /** How many in all, the first included. */
  readonly copies: number
  /** Each further copy takes a token; without one it is not started. A success gives back as in `Retry.run`. */
  readonly budget?: RetryBudget.RetryBudget | undefined
  readonly name?: string | undefined
}

/**
 * The value of the copy that succeeds first; the others are cancelled, and have ended when this returns.
 *
 * **When to use**: for calls that may be made twice (reads, idempotent writes) and are now and then slow for no reason of
 * their own. A call that fails is the business of `Retry.run`: a failure starts no copy. With the effect in a `Retry.run`
 * inside or outside, share the budget.
 *
 * **Errors**: a copy that fails leaves those that run to it; when none is left, fails with what they failed with, the first
 * failure first. A defect ends it at once, and so does one of a loser's cleanup. Dies unless `copies` is an integer of at
 * least 1 and `after` a duration of at least 0.
 *
 * **Cancellation**: Cancel-safe where the effect is. All copies are interrupted and awaited. A loser is told the reason: a
 * `Requested` that names the hedge.
 *
 * **Cost**: one fiber for each copy that is started; an effect that is done at once sets no timer.
 *
 * **Source**: J. Dean and L. A. Barroso, "The Tail at Scale", CACM 56 (2013).
 *
 * Each further copy is an event of the current span (`skein.hedge`) and counted (`skein_hedge_copies`,
 * `skein_hedge_refused`).
 *
 * @category operations
 * @since 0.1.0
 */
export const run: {
  (options: Options): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, options: Options): Effect.Effect<A, E, R>
} = /*#__PURE__*/ dual(2, (self: AnyEffect, options: Options): AnyEffect => {
  try {
    optionsIn(where, options)
    name(where, options.name)
    return runHedge(effect(where, self), {
      after: nonNegativeMillis(where, "after", options.after),
      copies: integer(where, "copies", options.copies, 1),
      name: options.name,
      bucket: bucketOf(where, options.budget)
    })
  } catch (error) {
    return Effect.die(error)
  }
})
