/** Part of a fiber's work that can be cancelled and survived on the fiber itself. */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

import {
  calm,
  childrenOf,
  contA,
  contAll,
  exitNow,
  interruptedCause,
  isInterrupted,
  isInterruptible,
  runAbove
} from "./effect.ts"
import type { AnyEffect, AnyExit, AnyFiber, Suspending } from "./effect.ts"

/**
 * Work on a fiber's own stack that may be interrupted alone: where the fiber leaves the region, what it was interrupted
 * for on the region's account is over, and it goes on. Its children and its context end there, too.
 */
export abstract class Region implements Suspending {
  private context: Context.Context<never> | undefined = undefined
  abstract onSuspend(): void

  /** The fiber has left, in whatever way. Must not throw. */
  protected abstract onLeave(): void

  /** Whether an interruption that was asked of the fiber is over where the region ends. */
  protected abstract isOwn(reason: Cause.Reason<never>): boolean

  /** What the fiber goes on with after such an one; `rest` is what it is still interrupted for. */
  protected abstract onInterrupted(cause: Cause.Cause<any>, rest: Cause.Cause<never> | undefined): AnyExit

  /** Interrupted, the fiber could not enter; children it has already could not be told from those of the region. */
  static admits(fiber: AnyFiber): boolean {
    return isInterruptible(fiber) && !isInterrupted(fiber) && childrenOf(fiber) === undefined
  }

  /** Return what it returns to the run loop. */
  enter(fiber: AnyFiber, context: Context.Context<never>, effect: AnyEffect): AnyEffect {
    this.context = fiber.context
    fiber.setContext(context)
    return runAbove(fiber, this, effect)
  }

  [contAll](fiber: AnyFiber): ((result: any) => AnyEffect) | undefined {
    fiber.setContext(this.context!)
    this.onLeave()
    const orphans = childrenOf(fiber)
    const asked = interruptedCause(fiber)
    return asked === undefined && orphans === undefined ? undefined : this.depart(fiber, asked, orphans)
  }

  // The run loop stores what this returns under the key of how the fiber came here: with a value or with a Cause.
  private depart(
    fiber: AnyFiber,
    asked: Cause.Cause<never> | undefined,
    orphans: ReadonlySet<AnyFiber> | undefined
  ): ((result: any) => AnyEffect) | undefined {
    const others = asked?.reasons.filter((reason) => !this.isOwn(reason)) ?? []
    const own = asked !== undefined && others.length < asked.reasons.length
    if (!own && orphans === undefined) return undefined
    const rest = !own ? asked : others.length === 0 ? undefined : Cause.fromReasons(others)
    calm(fiber, rest)
    const cont = (result: any): AnyEffect => {
      const exit =
        contA in cont ? Exit.succeed(result) : own ? this.onInterrupted(result, rest) : Exit.failCause(result)
      return orphans === undefined ? exitNow(fiber, exit) : Effect.andThen(Fiber.interruptAll(orphans), exit)
    }
    return cont
  }
}
