/**
 * Why something was cancelled, by whom and when. A reason travels in the annotations of the interruption in a Cause and
 * becomes `AbortSignal.reason`.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import * as signals from "../internal/cancellation/abortSignal.ts"
import * as internal from "../internal/reason.ts"
import { refuse } from "../internal/validate.ts"

interface Common {
  /** Free text of whoever asked, or the name of the scope or group. */
  readonly label: string | undefined
  /** Path of the task that asked; undefined when nobody inside Skein did (a signal, an outside fiber). */
  readonly by: string | undefined
  readonly at: DateTime.Utc
}

/**
 * Somebody asked for it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Requested extends Common {
  readonly _tag: "Requested"
}

/**
 * A deadline passed; `label` is the name of its scope, `by` the task that the scope is in.
 *
 * @category models
 * @since 0.1.0
 */
export interface Deadline extends Common {
  readonly _tag: "Deadline"
  readonly deadline: DateTime.Utc
}

/**
 * Another task of the group failed.
 *
 * @category models
 * @since 0.1.0
 */
export interface SiblingFailed extends Common {
  readonly _tag: "SiblingFailed"
  /** Path of the task whose failure decided. */
  readonly sibling: string
}

/**
 * What owned it came to its end.
 *
 * @category models
 * @since 0.1.0
 */
export interface OwnerExited extends Common {
  readonly _tag: "OwnerExited"
}

/**
 * The Runner; `label` is the process signal, "SIGTERM" and the like.
 *
 * @category models
 * @since 0.1.0
 */
export interface Shutdown extends Common {
  readonly _tag: "Shutdown"
}

/**
 * An AbortSignal; `cause` is its reason.
 *
 * @category models
 * @since 0.1.0
 */
export interface Signal extends Common {
  readonly _tag: "Signal"
  readonly cause: unknown
}

/**
 * Why something was cancelled.
 *
 * @category models
 * @since 0.1.0
 */
export type CancelReason = Requested | Deadline | SiblingFailed | OwnerExited | Shutdown | Signal

/**
 * What a cancelling operation accepts: a string is the label of a `Requested`.
 *
 * @category models
 * @since 0.1.0
 */
export type Input = string | CancelReason

/**
 * What `AbortSignal.reason` holds: an Error named "AbortError" that carries the reason.
 *
 * @category models
 * @since 0.1.0
 */
export interface AbortError extends Error {
  readonly name: "AbortError"
  readonly reason: CancelReason
}

/**
 * True for a reason that Skein made. (One written by hand is accepted wherever a reason is, and becomes one.)
 *
 * @category guards
 * @since 0.1.0
 */
export const isCancelReason = (u: unknown): u is CancelReason => internal.isReason(u)

/**
 * A `Requested`, as of now, by the task that runs this.
 *
 * @category constructors
 * @since 0.1.0
 */
export const requested = (label?: string): Effect.Effect<Requested> =>
  Effect.withFiber((fiber) =>
    Effect.succeed(internal.makeReason(fiber, { _tag: "Requested", label }) as Requested)
  )

/**
 * The reason of the first interruption in the Cause that has one: what asked first.
 *
 * @category getters
 * @since 0.1.0
 */
export const fromCause = <E>(cause: Cause.Cause<E>): Option.Option<CancelReason> =>
  Option.fromUndefinedOr(internal.reasonOf(causeIn("CancelReason.fromCause", cause)))

/**
 * Like `Cause.pretty`, with the cancel reasons: what was cancelled because of what, by whom and when, a line each. They come
 * after the failures, if there are any.
 *
 * @category rendering
 * @since 0.1.0
 */
export const pretty = <E>(cause: Cause.Cause<E>): string => {
  causeIn("CancelReason.pretty", cause)
  const others = cause.reasons.filter((reason) => reason._tag !== "Interrupt")
  const lines = new Set<string>()
  for (const reason of cause.reasons) {
    if (reason._tag === "Interrupt") lines.add(internal.describeInterrupt(reason))
  }
  return (others.length === 0 ? [...lines] : [Cause.pretty(Cause.fromReasons(others)), ...lines]).join("\n")
}

/**
 * The error that an aborted signal carries for the reason.
 *
 * @category AbortSignal
 * @since 0.1.0
 */
export const toAbortError = (reason: CancelReason): AbortError =>
  signals.toAbortError(
    typeof reason === "object" && reason !== null && "_tag" in reason
      ? (reason as internal.Reason)
      : refuse("CancelReason.toAbortError", "expected a CancelReason", reason)
  ) as AbortError

/**
 * Why a signal was aborted: Skein's own reason where the signal carries one, else a `Signal` with whatever it says.
 * None for a signal that is not aborted.
 *
 * @category AbortSignal
 * @since 0.1.0
 */
export const fromAbortSignal = (signal: AbortSignal): Option.Option<CancelReason> => {
  if (typeof signal !== "object" || signal === null || !("aborted" in signal))
    return refuse("CancelReason.fromAbortSignal", "expected an AbortSignal", signal)
  return signal.aborted ? Option.some(signals.reasonOfSignal(undefined, signal)) : Option.none()
}

const causeIn = <E>(where: string, cause: Cause.Cause<E>): Cause.Cause<E> =>
  Cause.isCause(cause) ? cause : refuse(where, "expected a Cause", cause)
