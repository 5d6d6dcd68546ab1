/** What is left of the deadlines around a fiber. */
import { isInterruptible } from "./effect.ts"
import type { AnyFiber } from "./effect.ts"
import { deadlineOf, envOf } from "./env.ts"
import { monotonicMillis } from "./monotonic.ts"

/**
 * Milliseconds until the earliest enclosing deadline, never negative; Infinity without one. Where the fiber cannot be
 * interrupted (finalizers are such places) there is none: nothing could enforce it, and cleanup must not be refused.
 */
export const remainingOf = (fiber: AnyFiber): number => {
  if (!isInterruptible(fiber)) return Infinity
  const deadline = deadlineOf(envOf(fiber))
  return deadline === Infinity ? Infinity : Math.max(0, deadline - monotonicMillis(fiber))
}
