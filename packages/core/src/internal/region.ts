/**
 * Part of a fiber's work that can be cancelled and survived on the fiber itself: where the fiber leaves the region, what it was
 * interrupted for on the region's account is over, and it goes on. Its children and its context end there, too.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

import {
  calm,
  childrenOf,
  contA,
  exitNow,
  interruptedCause,
  isInterrupted,
  isInterruptible,
  runAbove
} from "./effect.ts"
import type { AnyEffect, AnyExit, AnyFiber, Suspending } from "./effect.ts"

export interface Region extends Suspending {
  /** The fiber's context around it. */
  readonly outside: Context.Context<never>

  /** The fiber has left, in whatever way. Must not throw. */
  onLeave(): void

  /** Whether an interruption that was asked of the fiber is over where the region ends. */
  ends(reason: Cause.Reason<never>): boolean

  /** What the fiber goes on with after such an one; `rest` is what it is still interrupted for. */
  onInterrupted(cause: Cause.Cause<any>, rest: Cause.Cause<never> | undefined): AnyExit
}

/** Interrupted, the fiber could not enter; children it has already could not be told from those of the region. */
export const admitsRegion = (fiber: AnyFiber): boolean =>
  isInterruptible(fiber) && !isInterrupted(fiber) && childrenOf(fiber) === undefined

/** Return what it returns to the run loop. */
export const enterRegion = (
  fiber: AnyFiber,
  region: Region,
  inside: Context.Context<never>,
  effect: AnyEffect,
  /** Where in the stack it is to be. */
  place?: number
): AnyEffect => {
  fiber.setContext(inside)
  return runAbove(fiber, region, effect, place)
}

/** What a region does where the fiber comes to its end. */
export const leaveRegion = (fiber: AnyFiber, region: Region): ((result: any) => AnyEffect) | undefined => {
  fiber.setContext(region.outside)
  region.onLeave()
  const orphans = childrenOf(fiber)
  const asked = interruptedCause(fiber)
  return asked === undefined && orphans === undefined ? undefined : depart(fiber, region, asked, orphans)
}

// The run loop stores what this returns under the key of how the fiber came here: with a value or with a Cause.
const depart = (
  fiber: AnyFiber,
  region: Region,
  asked: Cause.Cause<never> | undefined,
  orphans: ReadonlySet<AnyFiber> | undefined
): ((result: any) => AnyEffect) | undefined => {
  const others = asked?.reasons.filter((reason) => !region.ends(reason)) ?? []
  const own = asked !== undefined && others.length < asked.reasons.length
  if (!own && orphans === undefined) return undefined
  const rest = !own ? asked : others.length === 0 ? undefined : Cause.fromReasons(others)
  calm(fiber, rest)
  const cont = (result: any): AnyEffect => {
    if (contA in cont) return after(orphans, fiber, () => Exit.succeed(result))
    // Asked only now: it may be interrupted while the orphans end.
    return after(orphans, fiber, () =>
      own ? region.onInterrupted(result, interruptedCause(fiber)) : Exit.failCause(result)
    )
  }
  return cont
}

const after = (orphans: ReadonlySet<AnyFiber> | undefined, fiber: AnyFiber, end: () => AnyExit): AnyEffect =>
  orphans === undefined
    ? exitNow(fiber, end())
    : Effect.andThen(Fiber.interruptAll(orphans), Effect.suspend(end))
