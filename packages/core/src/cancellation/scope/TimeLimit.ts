/** An effect that must be done in time. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Option from "effect/Option"

import { isSync } from "../../internal/effect.ts"
import type { AnyEffect } from "../../internal/effect.ts"
import { enterLocalScope } from "../../internal/cancellation/localScope.ts"
import * as internal from "../../internal/cancellation/scopes.ts"
import { checked, failWithin, isDataFirst } from "../../internal/cancellation/timeLimit.ts"

/**
 * A deadline passed before the work was done: which scope's, how long it had, and what the work was suspended on where
 * that is known (one of Skein's primitives, else the innermost span).
 *
 * @category errors
 * @since 0.1.0
 */
export const DeadlineExceeded = internal.DeadlineExceeded
/** @category errors */
export type DeadlineExceeded = internal.DeadlineExceeded

/**
 * Options of {@link failAfter}.
 *
 * @category models
 * @since 0.1.0
 */
export interface FailAfterOptions<E2> {
  readonly name?: string | undefined
  /** The error instead of DeadlineExceeded: nested deadlines then have tags of their own. */
  readonly onTimeout?: ((error: DeadlineExceeded) => E2) | undefined
}

/**
 * Gives up on the effect after a while: None when it was not done in time.
 *
 * **When to use**: where going on without the value is fine; {@link failAfter} where it is an error.
 *
 * **Errors**: those of the effect, and those of its finalizers where they failed while it was given up. Dies on a timeout that is no duration.
 *
 * **Cancellation**: Cancel-safe. An effect given no time is not started.
 *
 * **Cost**: as {@link failAfter}.
 *
 * @category time limits
 * @since 0.1.0
 */
export const moveOnAfter: {
  (
    timeout: Duration.Input,
    options?: { readonly name?: string | undefined }
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<Option.Option<A>, E, R>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    timeout: Duration.Input,
    options?: { readonly name?: string | undefined }
  ): Effect.Effect<Option.Option<A>, E, R>
} = /*#__PURE__*/ dual(
  isDataFirst,
  (self: AnyEffect, timeout: Duration.Input, options?: { readonly name?: string | undefined }): AnyEffect => {
    const limit = checked("CancelScope.moveOnAfter", self, "timeout", timeout, options)
    if (typeof limit !== "number") return Effect.die(limit)
    const work = Effect.map(self, Option.some)
    if (limit === Infinity || Exit.isExit(self)) return work
    if (limit <= 0) return Effect.succeedNone
    if (isSync(self)) return work
    return enterLocalScope(
      work,
      (owner, rest, began) => new internal.MoveOnAfter(owner, rest, limit, options?.name, began)
    )
  }
)

/**
 * Fails with `DeadlineExceeded` when the effect is not done in time. It has been interrupted and its cleanup has run by then.
 *
 * **When to use**: instead of `Effect.timeout`, whose nested errors cannot be told apart and which loses what the cleanup failed with.
 *
 * **Errors**: `DeadlineExceeded`, or what `onTimeout` makes of it; what else the effect failed with while it was given up follows it
 * in the Cause. Dies on a timeout that is no duration. An uninterruptible effect holds the caller beyond the deadline; a
 * warning then says so, and what it waits on.
 *
 * **Cancellation**: Cancel-safe. A value that the effect produced before it noticed the deadline is not lost. An effect
 * given no time (zero, or negative) is not started.
 *
 * **Ordering**: of two nested deadlines closer than 1 ms, the outer one converts.
 *
 * **Cost**: one timer; none, and next to nothing else, for an effect that is done at once; no fiber, unless the caller cannot be interrupted or has
 * children already.
 *
 * @category time limits
 * @since 0.1.0
 */
export const failAfter: {
  <E2 = DeadlineExceeded>(
    timeout: Duration.Input,
    options?: FailAfterOptions<E2>
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | E2, R>
  <A, E, R, E2 = DeadlineExceeded>(
    self: Effect.Effect<A, E, R>,
    timeout: Duration.Input,
    options?: FailAfterOptions<E2>
  ): Effect.Effect<A, E | E2, R>
} = /*#__PURE__*/ dual(
  isDataFirst,
  (self: AnyEffect, timeout: Duration.Input, options?: FailAfterOptions<any>): AnyEffect => {
    const limit = checked("CancelScope.failAfter", self, "timeout", timeout, options)
    if (typeof limit !== "number") return Effect.die(limit)
    return failWithin("CancelScope.failAfter", self, limit, options?.name, options?.onTimeout)
  }
)
