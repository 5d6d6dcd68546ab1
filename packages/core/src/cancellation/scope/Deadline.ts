/** The deadline around the fiber that asks, and how it crosses a request. */
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Option from "effect/Option"

import { formatTimeout, parseTimeout } from "../../internal/cancellation/deadlineHeader.ts"
import { instantIn, remainingOf } from "../../internal/cancellation/deadline.ts"
import type { AnyEffect } from "../../internal/effect.ts"
import { checked, failWithin } from "../../internal/cancellation/timeLimit.ts"
import type { DeadlineExceeded } from "./TimeLimit.ts"

/**
 * When the earliest of the enclosing deadlines passes; None without one, and in uninterruptible regions (finalizers
 * among them), where no deadline has force.
 *
 * @category asking
 * @since 0.1.0
 */
export const deadline: Effect.Effect<Option.Option<DateTime.Utc>> = /*#__PURE__*/ Effect.withFiber(
  (fiber) => {
    const left = remainingOf(fiber)
    if (left === Infinity) return Effect.succeedNone
    return Effect.succeedSome(instantIn(fiber, left))
  }
)

/**
 * What is left until the {@link deadline}: `Duration.infinity` where there is none; never negative.
 *
 * @category asking
 * @since 0.1.0
 */
export const remaining: Effect.Effect<Duration.Duration> = /*#__PURE__*/ Effect.withFiber((fiber) => {
  const left = remainingOf(fiber)
  return Effect.succeed(left === Infinity ? Duration.infinity : Duration.millis(left))
})

/**
 * What is left until the {@link deadline}, for a request header; None without a deadline.
 *
 * **Shape / units**: at most eight digits and a unit, as gRPC's `grpc-timeout`: "1500m" are 1,500 milliseconds; rounded down.
 *
 * **Example**: `examples/10-timeout.ts`
 *
 * @category requests
 * @since 0.1.0
 */
export const toHeader: Effect.Effect<Option.Option<string>> = /*#__PURE__*/ Effect.withFiber((fiber) => {
  const left = remainingOf(fiber)
  return left === Infinity ? Effect.succeedNone : Effect.succeedSome(formatTimeout(left))
})

/**
 * Runs the effect under the deadline that a request's header brought, capped by `atMost`.
 *
 * **Shape / units**: as {@link toHeader} writes it; gRPC's other units (H, M, S, u, n) are read too. A missing or malformed header
 * counts as none: then the cap alone holds.
 *
 * **Errors**: `DeadlineExceeded`; dies on a cap that is no duration.
 *
 * **Cancellation**: Cancel-safe. A request that arrives too late ("0m") is not started.
 *
 * @category requests
 * @since 0.1.0
 */
export const withHeader: {
  (
    header: string | undefined,
    options: { readonly atMost: Duration.Input }
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | DeadlineExceeded, R>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    header: string | undefined,
    options: { readonly atMost: Duration.Input }
  ): Effect.Effect<A, E | DeadlineExceeded, R>
} = /*#__PURE__*/ dual(
  (args) => Effect.isEffect(args[0]) || args.length >= 3,
  (self: AnyEffect, header: string | undefined, options: { readonly atMost: Duration.Input }): AnyEffect => {
    const limit = checked("CancelScope.withHeader", self, "atMost", options?.atMost, undefined)
    if (typeof limit !== "number") return Effect.die(limit)
    return failWithin(
      "CancelScope.withHeader",
      self,
      Math.min(limit, parseTimeout(header)),
      "request",
      undefined
    )
  }
)
