/** The two ways between cancel reasons and abort signals. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as EffectScope from "effect/Scope"

import type { AnyFiber } from "../effect.ts"
import { envOf } from "../env.ts"
import type { EnclosingScope } from "../env.ts"
import { describeReason, isReason, makeReason, reasonOf } from "../reason.ts"
import type { Reason } from "../reason.ts"
import { Scope } from "./scope.ts"

export class SkeinAbortError extends Error {
  override readonly name = "AbortError"
  readonly reason: Reason
  constructor(reason: Reason) {
    super(describeReason(reason))
    this.reason = reason
  }
}

export const toAbortError = (reason: Reason): SkeinAbortError => new SkeinAbortError(reason)

/** Not by its class: there may be several. */
export const isSignal = (u: unknown): u is AbortSignal =>
  typeof u === "object" && u !== null && "aborted" in u && "addEventListener" in u

/** Of an aborted signal. Whoever aborted it, it was nobody inside Skein, unless the signal says so. */
export const reasonOfSignal = (fiber: AnyFiber | undefined, signal: AbortSignal): Reason => {
  const cause: unknown = signal.reason
  if (isReason(cause)) return cause
  if (cause instanceof SkeinAbortError) return cause.reason
  return makeReason(fiber, { _tag: "Signal", by: undefined, cause })
}

// ---------------------------------------------------------------- into Skein

/** All scopes on one signal, behind one listener: 10,000 listeners would be warned of, and removing one is linear. */
class Hub {
  readonly signal: AbortSignal
  readonly scopes: Set<Scope> = new Set()
  // A function: Node calls a listener that is an object through a promise.
  readonly onAbort = (): void => {
    hubs.delete(this.signal)
    for (const scope of this.scopes) scope.cancel(reasonOfSignal(scope.owner, this.signal), undefined)
  }
  constructor(signal: AbortSignal) {
    this.signal = signal
  }
}

const hubs = new WeakMap<AbortSignal, Hub>()

/** Cancels the scope when the signal is aborted; what it gives takes that back. */
export const listen = (signal: AbortSignal, scope: Scope): (() => void) => {
  let hub = hubs.get(signal)
  if (hub === undefined) {
    hub = new Hub(signal)
    hubs.set(signal, hub)
    signal.addEventListener("abort", hub.onAbort, { once: true })
  }
  hub.scopes.add(scope)
  return () => {
    hub.scopes.delete(scope)
    if (hub.scopes.size > 0 || hubs.get(signal) !== hub) return
    hubs.delete(signal)
    signal.removeEventListener("abort", hub.onAbort)
  }
}

// ---------------------------------------------------------------- out of Skein

const reasonOfExit = (fiber: AnyFiber, exit: Exit.Exit<unknown, unknown>): Reason => {
  if (exit._tag === "Failure") {
    const reason = reasonOf(exit.cause)
    if (reason !== undefined) return reason
    if (Cause.hasInterrupts(exit.cause)) return makeReason(fiber, { _tag: "Requested", by: undefined })
  }
  return makeReason(fiber, { _tag: "OwnerExited" })
}

/** The scopes whose cancellation ends what runs in this one. One with a fiber of its own hears of those further out itself. */
const audible = (innermost: EnclosingScope | undefined): ReadonlyArray<Scope> => {
  const scopes: Array<Scope> = []
  for (let at = innermost; at instanceof Scope; at = at.parent) {
    // Out of a context that lived longer.
    if (at.exit !== undefined) continue
    scopes.push(at)
    if (!at.isHere || at.shields) break
  }
  return scopes
}

/** Aborted when the innermost cancel scope is cancelled, at the latest when the Scope closes. */
export const abortableSignal: Effect.Effect<AbortSignal, never, EffectScope.Scope> = Effect.uninterruptible(
  Effect.flatMap(EffectScope.Scope, (closing) =>
    Effect.withFiber((fiber) => {
      const controller = new AbortController()
      const abort = (reason: Reason): void => {
        if (!controller.signal.aborted) controller.abort(toAbortError(reason))
      }
      const scopes = audible(envOf(fiber).scope)
      for (const scope of scopes) scope.onCancel(abort)
      return Effect.as(
        EffectScope.addFinalizerExit(closing, (exit) =>
          Effect.sync(() => {
            for (const scope of scopes) scope.offCancel(abort)
            abort(reasonOfExit(fiber, exit))
          })
        ),
        controller.signal
      )
    })
  )
)
