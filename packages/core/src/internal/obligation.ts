/** Waiting that cannot simply be left. */
import { calm, contAll, evaluate, exitNow, interruptedCause, park, unpark } from "./effect.ts"
import type { AnyEffect, AnyFiber, Ending } from "./effect.ts"

/**
 * Something a fiber suspends on that it may not simply leave: interrupted there, it first runs {@link leave}, where it
 * cannot be interrupted. Park on it in the step that takes on the obligation.
 */
export abstract class Obligation implements Ending {
  private left = false

  /** The fiber was resumed by {@link Obligation.meet}: what it goes on with. */
  protected abstract onMet(): AnyEffect

  /** It was interrupted; what this runs ends with the interruption, whatever else is in its Cause. */
  protected abstract leave(cause: any): AnyEffect

  /** Suspends the fiber. Return what it returns to the run loop. */
  park(fiber: AnyFiber): AnyEffect {
    return park(fiber, this)
  }

  /** Resumes it, unless it has left. */
  meet(fiber: AnyFiber): void {
    if (!this.left) unpark(fiber, this)
  }

  // Left only here: its scheduler may park the resumed fiber before this step, and it may be interrupted there.
  [evaluate](fiber: AnyFiber): AnyEffect {
    this.left = true
    return exitNow(fiber, this.onMet())
  }

  [contAll](fiber: AnyFiber): ((result: any) => AnyEffect) | undefined {
    if (this.left) return undefined
    this.left = true
    calm(fiber, interruptedCause(fiber))
    return (cause: any) => this.leave(cause)
  }
}
