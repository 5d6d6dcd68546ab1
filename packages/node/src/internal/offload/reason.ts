/** The caller's cancel reason, as far as it can go to another thread. */
import type * as Cause from "effect/Cause"
import type * as Fiber from "effect/Fiber"

import type { AbortReason } from "./protocol.ts"

/** Undefined when the fiber was interrupted without a reason of Skein's. */
export const abortReasonOf = (fiber: Fiber.Fiber<unknown, unknown>): AbortReason | undefined => {
  // Effect has no public way to the interruption a fiber's own finalizer runs for.
  const cause = (fiber as { readonly _interruptedCause?: Cause.Cause<never> })._interruptedCause
  void cause
  return undefined
}
