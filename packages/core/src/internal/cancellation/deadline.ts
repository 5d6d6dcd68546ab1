/** What is left of the deadlines around a fiber. */
import type * as DateTime from "effect/DateTime"

import { isInterruptible } from "../effect.ts"
import type { AnyFiber } from "../effect.ts"
import { envOf, leftOf } from "../env.ts"
import { instant, makeReason } from "../reason.ts"
import type { Reason } from "../reason.ts"
import { wallMillis } from "../wallClock.ts"

/**
 * Milliseconds until the earliest enclosing deadline, never negative; Infinity without one. Where the fiber cannot be
 * interrupted (finalizers are such places) there is none: nothing could enforce it, and cleanup must not be refused.
 */
export const remainingOf = (fiber: AnyFiber): number => {
  if (!isInterruptible(fiber)) return Infinity
  return Math.max(0, leftOf(envOf(fiber)))
}

/** The farthest from 1970 that a date can be. */
const farthest = 8_640_000_000_000_000

/** The instant `millis` from now; what no date can say is as far as dates go. */
export const instantIn = (fiber: AnyFiber, millis: number): DateTime.Utc =>
  instant(Math.min(Math.max(wallMillis(fiber) + millis, -farthest), farthest))

/** A deadline of `left` milliseconds from now (negative: it has passed). */
export const deadlineReason = (fiber: AnyFiber, label: string | undefined, left: number): Reason => {
  return makeReason(fiber, { _tag: "Deadline", label, deadline: instantIn(fiber, left) })
}
