/**
 * Deadlines and cancellation of a part of a program, which the rest of it survives.
 *
 * A scope converts its own cancellation only: not an enclosing scope's, not its task's, and not an inner scope's
 * `DeadlineExceeded`. It waits until the work has exited and its finalizers have run: what it guards is gone when it ends.
 *
 * A fork inside a scope goes to the group around it and is not bound by the scope.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type { Pipeable } from "effect/Pipeable"
import type * as EffectScope from "effect/Scope"

import { abortableSignal, listen, reasonOfSignal } from "../internal/abortSignal.ts"
import { formatTimeout, parseTimeout } from "../internal/deadlineHeader.ts"
import { remainingOf } from "../internal/deadline.ts"
import type { AnyEffect, AnyFiber } from "../internal/effect.ts"
import { annotationsOf, clockOf, toReason } from "../internal/reason.ts"
import { deadlineReason, enterScope } from "../internal/scope.ts"
import * as internal from "../internal/scopes.ts"
import { InvalidArgument, millis } from "../internal/validate.ts"
import type * as CancelReason from "./CancelReason.ts"

// ---------------------------------------------------------------- models

/**
 * A handle on the work given to {@link run}.
 *
 * @category models
 * @since 0.1.0
 */
export interface CancelScope extends Pipeable {
  readonly "~skein/CancelScope": "~skein/CancelScope"
  readonly name: string | undefined
}

/**
 * How the work of a scope ended, where it did not fail.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome<A> = Completed<A> | Cancelled

/**
 * The work was done.
 *
 * @category models
 * @since 0.1.0
 */
export interface Completed<out A> {
  readonly _tag: "Completed"
  readonly value: A
}

/**
 * The scope was cancelled, by hand or by its deadline, and the work with it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Cancelled {
  readonly _tag: "Cancelled"
  readonly reason: CancelReason.CancelReason
}

/**
 * Relative to now, or absolute.
 *
 * @category models
 * @since 0.1.0
 */
export type When =
  | { readonly timeout: Duration.Input; readonly deadline?: undefined }
  | { readonly deadline: DateTime.DateTime; readonly timeout?: undefined }

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
 * Options of {@link run}: a timeout, a deadline, or neither.
 *
 * @category models
 * @since 0.1.0
 */
export type RunOptions = (When | { readonly timeout?: undefined; readonly deadline?: undefined }) & {
  readonly name?: string | undefined
}

// ---------------------------------------------------------------- errors

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

// ---------------------------------------------------------------- scopes

/**
 * Runs the body in a scope that can be cancelled by hand and by a deadline, and says which way it ended.
 *
 * **When to use**: when cancelling is not a failure, or the deadline moves. For a plain time limit: {@link failAfter}, {@link moveOnAfter}.
 *
 * **Errors**: those of the body. A cancellation is absorbed only where there is nothing else in the Cause: when a
 * finalizer failed meanwhile, that is what `run` fails with. Dies on a timeout that is no duration.
 *
 * **Cancellation**: Cancel-safe: the body is interrupted with the caller and has exited before the caller's interruption ends.
 * A value is produced when the work has exited; from then on neither deadline nor `cancel` takes it back. What an uninterruptible
 * region computes after it was interrupted is lost. A deadline in the past does not start the body.
 *
 * **Ordering**: of two nested deadlines closer than 1 ms, the outer scope is the one that is cancelled.
 *
 * **Cost**: one fiber, and one timer if the body is not done at once.
 *
 * @category scopes
 * @since 0.1.0
 */
export const run: {
  <A, E, R>(
    body: (scope: CancelScope) => Effect.Effect<A, E, R>,
    options?: RunOptions
  ): Effect.Effect<Outcome<A>, E, R>
} = (body: (scope: any) => AnyEffect, options?: RunOptions): AnyEffect =>
  Effect.withFiber((owner) => {
    const limit = limitOfWhen("CancelScope.run", owner, options as When | undefined)
    if (typeof limit !== "number") return Effect.die(limit)
    if (limit > 0) return enterScope((fiber) => new internal.Run(fiber, body, limit, options?.name))
    return Effect.succeed(internal.cancelled(deadlineReason(owner, options?.name, limit)))
  })

/**
 * Asks the work of the scope to stop; false if the work had exited or been cancelled already.
 *
 * **When to use**: to end a part of the program; for a whole task, `Task.cancel`.
 *
 * **Ordering**: waits for nothing, the scope's `run` does. The first reason stays.
 *
 * **Cancellation**: Completes anyway: from its first step on the scope is cancelled.
 *
 * @category operations
 * @since 0.1.0
 */
export const cancel = (self: CancelScope, reason?: CancelReason.Input): Effect.Effect<boolean> =>
  Effect.withFiber((fiber) =>
    Effect.succeed(scopeOf(self).cancel(toReason(fiber, (reason as any) ?? self.name), fiber.id))
  )

/**
 * Moves the deadline, either way. Into the past: the work is cancelled now.
 *
 * **Errors**: no effect on a scope that is being cancelled; dies when the scope's work has exited.
 *
 * **Cancellation**: Completes anyway: from its first step on the deadline is moved.
 *
 * @category operations
 * @since 0.1.0
 */
export const reschedule: {
  (when: When): (self: CancelScope) => Effect.Effect<void>
  (self: CancelScope, when: When): Effect.Effect<void>
} = dual(2, (self: CancelScope, when: When): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const scope = scopeOf(self)
    const limit = limitOfWhen("CancelScope.reschedule", fiber, when)
    if (typeof limit !== "number") return Effect.die(limit)
    if (scope.exit !== undefined) {
      return Effect.die(new InvalidArgument(`CancelScope.reschedule: ${String(scope)} has ended`))
    }
    scope.reschedule(limit)
    return Effect.void
  })
)

/**
 * True once the scope was cancelled, by hand or by its deadline, even if its work was done before it noticed.
 *
 * @category operations
 * @since 0.1.0
 */
export const isCancelled = (self: CancelScope): Effect.Effect<boolean> =>
  Effect.sync(() => scopeOf(self).reason !== undefined)

/**
 * Folds an {@link Outcome}.
 *
 * @category operations
 * @since 0.1.0
 */
export const match: {
  <A, B, C>(cases: {
    readonly onCompleted: (value: A) => B
    readonly onCancelled: (reason: CancelReason.CancelReason) => C
  }): (self: Outcome<A>) => B | C
  <A, B, C>(
    self: Outcome<A>,
    cases: {
      readonly onCompleted: (value: A) => B
      readonly onCancelled: (reason: CancelReason.CancelReason) => C
    }
  ): B | C
} = dual(
  2,
  <A, B, C>(
    self: Outcome<A>,
    cases: {
      readonly onCompleted: (value: A) => B
      readonly onCancelled: (reason: CancelReason.CancelReason) => C
    }
  ): B | C => (self._tag === "Completed" ? cases.onCompleted(self.value) : cases.onCancelled(self.reason))
)

// ---------------------------------------------------------------- time limits

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
} = dual(
  (args) => Effect.isEffect(args[0]),
  (self: AnyEffect, timeout: Duration.Input, options?: { readonly name?: string | undefined }): AnyEffect => {
    const limit = limitOf("CancelScope.moveOnAfter", "timeout", timeout)
    if (typeof limit !== "number") return Effect.die(limit)
    if (limit === Infinity || Exit.isExit(self)) return Effect.map(self, Option.some)
    if (limit <= 0) return Effect.succeedNone
    return enterScope((owner) => new internal.MoveOnAfter(owner, self, limit, options?.name))
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
 * **Cost**: one fiber, one timer; an effect that is done at once takes no timer.
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
} = dual(
  (args) => Effect.isEffect(args[0]),
  (self: AnyEffect, timeout: Duration.Input, options?: FailAfterOptions<any>): AnyEffect => {
    const limit = limitOf("CancelScope.failAfter", "timeout", timeout)
    if (typeof limit !== "number") return Effect.die(limit)
    return failWithin("CancelScope.failAfter", self, limit, options?.name, options?.onTimeout)
  }
)

/**
 * Holds cancellation from outside off while the effect runs, for at most `atMost`, counted from its start; then the effect is
 * interrupted, and a warning says what it waited on.
 *
 * **When to use**: for cleanup and commits that suspend. `Effect.uninterruptible` would hold the program for ever where they hang.
 *
 * **Errors**: those of the effect. Dies on a bound that is no duration.
 *
 * **Cancellation**: Completes anyway: once started, within `atMost`. The value is lost when the caller was interrupted meanwhile.
 *
 * **Ordering**: the deadlines around it do not count inside; the shield's bound is the deadline there.
 *
 * **Cost**: one fiber; a timer only once somebody cancels.
 *
 * @category scopes
 * @since 0.1.0
 */
export const shield: {
  (options: {
    readonly atMost: Duration.Input
    readonly name?: string | undefined
  }): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    options: { readonly atMost: Duration.Input; readonly name?: string | undefined }
  ): Effect.Effect<A, E, R>
} = dual(
  2,
  (
    self: AnyEffect,
    options: { readonly atMost: Duration.Input; readonly name?: string | undefined }
  ): AnyEffect => {
    const limit = limitOf("CancelScope.shield", "atMost", options?.atMost)
    if (typeof limit !== "number") return Effect.die(limit)
    if (Exit.isExit(self)) return self
    return enterScope((owner) => new internal.Shield(owner, self, limit, options.name))
  }
)

// ---------------------------------------------------------------- asking

/**
 * When the earliest of the enclosing deadlines passes; None without one, and in uninterruptible regions (finalizers
 * among them), where no deadline has force.
 *
 * @category asking
 * @since 0.1.0
 */
export const deadline: Effect.Effect<Option.Option<DateTime.Utc>> = Effect.withFiber((fiber) => {
  const left = remainingOf(fiber)
  if (left === Infinity) return Effect.succeedNone
  return Effect.succeedSome(DateTime.makeUnsafe(clockOf(fiber).currentTimeMillisUnsafe() + left))
})

/**
 * What is left until the {@link deadline}: `Duration.infinity` where there is none; never negative.
 *
 * @category asking
 * @since 0.1.0
 */
export const remaining: Effect.Effect<Duration.Duration> = Effect.withFiber((fiber) => {
  const left = remainingOf(fiber)
  return Effect.succeed(left === Infinity ? Duration.infinity : Duration.millis(left))
})

// ---------------------------------------------------------------- requests

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
export const toHeader: Effect.Effect<Option.Option<string>> = Effect.withFiber((fiber) => {
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
} = dual(
  (args) => Effect.isEffect(args[0]),
  (self: AnyEffect, header: string | undefined, options: { readonly atMost: Duration.Input }): AnyEffect => {
    const limit = limitOf("CancelScope.withHeader", "atMost", options?.atMost)
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

/**
 * A signal for APIs that take one: aborted with the cancel reason when the enclosing cancel scope is cancelled or the
 * fiber interrupted, at the latest when the Scope closes.
 *
 * **Shape / units**: `signal.reason` is an AbortError that carries the reason (`CancelReason.fromAbortSignal` reads it back).
 *
 * **Cancellation**: Cancel-safe.
 *
 * @category signals
 * @since 0.1.0
 */
export const signal: Effect.Effect<AbortSignal, never, EffectScope.Scope> = abortableSignal

/**
 * Runs the effect until the signal is aborted; then it is interrupted, and the Cause has the signal's reason.
 *
 * **When to use**: to run under a signal that somebody else controls: a server's request, a UI.
 *
 * **Errors**: those of the effect. An abort is an interruption, not an error.
 *
 * **Cancellation**: Cancel-safe. Under a signal that is aborted already, the effect is not started.
 *
 * **Cost**: one fiber; all scopes on one signal share one listener, which is gone with the last of them.
 *
 * @category signals
 * @since 0.1.0
 */
export const withSignal: {
  (signal: AbortSignal): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, signal: AbortSignal): Effect.Effect<A, E, R>
} = dual(2, (self: AnyEffect, signal: AbortSignal): AnyEffect =>
  Effect.withFiber((fiber) => {
    if (signal.aborted) {
      return Effect.failCause(Cause.annotate(Cause.interrupt(), annotationsOf(reasonOfSignal(fiber, signal))))
    }
    return enterScope((owner) => {
      const scope = new internal.UnderSignal(owner, self)
      scope.listen(listen(signal, scope))
      return scope
    })
  })
)

// ---------------------------------------------------------------- helpers

const failWithin = (
  where: string,
  self: AnyEffect,
  limit: number,
  name: string | undefined,
  onTimeout: ((error: DeadlineExceeded) => unknown) | undefined
): AnyEffect => {
  // What is done already is not too late.
  if (limit === Infinity || Exit.isExit(self)) return self
  if (limit <= 0)
    return Effect.suspend(() => Effect.fail(internal.exceeded(name, limit, undefined, onTimeout)))
  return enterScope((owner) => new internal.FailAfter(owner, where, self, limit, name, onTimeout))
}

const limitOf = (where: string, parameter: string, input: Duration.Input): number | InvalidArgument => {
  try {
    return millis(where, parameter, input)
  } catch (error) {
    return error as InvalidArgument
  }
}

/** Milliseconds from now. */
const limitOfWhen = (where: string, fiber: AnyFiber, when: When | undefined): number | InvalidArgument => {
  if (when?.timeout !== undefined) return limitOf(where, "timeout", when.timeout)
  if (when?.deadline === undefined) return Infinity
  if (!DateTime.isDateTime(when.deadline)) {
    return new InvalidArgument(`${where}: deadline must be a DateTime, got ${String(when.deadline)}`)
  }
  return DateTime.toEpochMillis(when.deadline) - clockOf(fiber).currentTimeMillisUnsafe()
}

const scopeOf = (self: CancelScope): internal.Run => self as any
