/** Cancel scopes and abort signals. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as EffectScope from "effect/Scope"

import { abortableSignal, isSignal, listen, reasonOfSignal } from "../../internal/cancellation/abortSignal.ts"
import type { AnyEffect } from "../../internal/effect.ts"
import { annotationsOf } from "../../internal/reason.ts"
import { enterScope } from "../../internal/cancellation/scope.ts"
import * as internal from "../../internal/cancellation/scopes.ts"
import { refuse } from "../../internal/validate.ts"

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
} = /*#__PURE__*/ dual(
  (args) => Effect.isEffect(args[0]) || args.length >= 2,
  (self: AnyEffect, signal: AbortSignal): AnyEffect =>
    Effect.withFiber((fiber) => {
      if (!Effect.isEffect(self)) return refuse("CancelScope.withSignal", "expected an effect", self)
      if (!isSignal(signal)) return refuse("CancelScope.withSignal", "signal must be an AbortSignal", signal)
      if (signal.aborted) {
        return Effect.failCause(
          Cause.annotate(Cause.interrupt(), annotationsOf(reasonOfSignal(fiber, signal)))
        )
      }
      return enterScope((owner) => {
        const scope = new internal.UnderSignal(owner, self)
        scope.listen(listen(signal, scope))
        return scope
      })
    })
)
