/** Scopes that are cancelled by hand or by a moving deadline, and the shield against them. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"

import type { AnyEffect } from "../../internal/effect.ts"
import { reasonFrom } from "../../internal/reason.ts"
import { deadlineReason } from "../../internal/cancellation/deadline.ts"
import { enterScope } from "../../internal/cancellation/scope.ts"
import * as internal from "../../internal/cancellation/scopes.ts"
import { checked, limitOfWhen } from "../../internal/cancellation/timeLimit.ts"
import {
  callable,
  InvalidArgument,
  name as checkName,
  options as checkOptions,
  refuse
} from "../../internal/validate.ts"
import type * as CancelReason from "../CancelReason.ts"
import type { CancelScope, Outcome, RunOptions, When } from "./ScopeModel.ts"

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
} = (body: (scope: CancelScope) => AnyEffect, options?: RunOptions): AnyEffect =>
  Effect.withFiber((owner) => {
    callable("CancelScope.run", "body", body)
    if (options !== undefined) {
      checkOptions("CancelScope.run", options)
      checkName("CancelScope.run", options.name)
    }
    const limit = limitOfWhen("CancelScope.run", owner, options)
    if (typeof limit !== "number") return Effect.die(limit)
    if (limit > 0)
      return enterScope(
        (fiber) => new internal.Run(fiber, body as (scope: unknown) => AnyEffect, limit, options?.name)
      )
    return Effect.succeed(internal.cancelled(deadlineReason(owner, options?.name, limit)))
  })

/**
 * Asks the work of the scope to stop; false if the work had exited or been cancelled already.
 *
 * **When to use**: to end a part of the program; for a whole task, `Task.cancel`.
 *
 * **Cancellation**: Completes anyway: from its first step on the scope is cancelled.
 *
 * **Ordering**: waits for nothing, the scope's `run` does. The first reason stays.
 *
 * @category operations
 * @since 0.1.0
 */
export const cancel = (self: CancelScope, reason?: CancelReason.Input): Effect.Effect<boolean> =>
  Effect.withFiber((fiber) => {
    const scope = scopeOf("CancelScope.cancel", self)
    return Effect.succeed(
      scope.cancel(reasonFrom("CancelScope.cancel", fiber, reason ?? self.name), fiber.id)
    )
  })

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
} = /*#__PURE__*/ dual(
  (args) => isScope(args[0]) || args.length >= 2,
  (self: CancelScope, when: When): Effect.Effect<void> =>
    Effect.withFiber((fiber) => {
      const scope = scopeOf("CancelScope.reschedule", self)
      if (when?.timeout === undefined && when?.deadline === undefined)
        refuse("CancelScope.reschedule", "expected { timeout } or { deadline }", when)
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
  Effect.sync(() => scopeOf("CancelScope.isCancelled", self).reason !== undefined)

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
} = /*#__PURE__*/ dual(
  2,
  <A, B, C>(
    self: Outcome<A>,
    cases: {
      readonly onCompleted: (value: A) => B
      readonly onCancelled: (reason: CancelReason.CancelReason) => C
    }
  ): B | C =>
    self?._tag === "Completed"
      ? callable("CancelScope.match", "onCompleted", cases?.onCompleted)(self.value)
      : self?._tag === "Cancelled"
        ? callable("CancelScope.match", "onCancelled", cases?.onCancelled)(self.reason)
        : refuse("CancelScope.match", "expected an Outcome", self)
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
} = /*#__PURE__*/ dual(
  (args) => Effect.isEffect(args[0]) || args.length >= 2,
  (
    self: AnyEffect,
    options: { readonly atMost: Duration.Input; readonly name?: string | undefined }
  ): AnyEffect => {
    const limit = checked("CancelScope.shield", self, "atMost", options?.atMost, options)
    if (typeof limit !== "number") return Effect.die(limit)
    if (Exit.isExit(self)) return self
    return enterScope((owner) => new internal.Shield(owner, self, limit, options.name))
  }
)

const isScope = (u: unknown): u is internal.Run =>
  typeof u === "object" && u !== null && internal.ScopeTypeId in u

const scopeOf = (where: string, self: CancelScope): internal.Run =>
  isScope(self) ? self : refuse(where, "expected a CancelScope", self)
