/** The caller's cancel reason, as far as it can go to another thread. */
import { CancelReason } from "@skein/core"
import type * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"

import type { AbortReason } from "./protocol.ts"

/** Undefined when the fiber was interrupted without a reason of Skein's. */
export const abortReasonOf = (fiber: Fiber.Fiber<unknown, unknown>): AbortReason | undefined => {
  // Effect has no public way to the interruption a fiber's own finalizer runs for.
  const cause = (fiber as { readonly _interruptedCause?: Cause.Cause<never> })._interruptedCause
  const reason = cause === undefined ? undefined : Option.getOrUndefined(CancelReason.fromCause(cause))
  if (reason === undefined) return undefined
  return { _tag: reason._tag, label: reason.label, by: reason.by, at: DateTime.toDateUtc(reason.at) }
}
