import { contAll, evaluate } from "./effect.ts"
import type { AnyEffect, AnyFiber } from "./effect.ts"

/**
 * Something on a fiber's stack that hears once, synchronously, when the fiber passes it: with a value, a failure or an
 * interruption. A fiber may suspend on it ({@link park}) or run an effect above it ({@link enter}). That it is pushed in the
 * same step in which the state is changed is what makes an acquisition atomic, without a mask.
 */
export abstract class StackEntry {
  /** The parked fiber was resumed by {@link unpark}; the entry is still on the stack. What it returns is run. */
  protected abstract onResume(fiber: AnyFiber): AnyEffect

  /** The fiber has left. Must not throw, nor resume or interrupt a fiber. */
  protected abstract onLeave(fiber: AnyFiber): void

  [evaluate](fiber: AnyFiber): AnyEffect {
    return this.onResume(fiber)
  }

  // No continuation beside it: the run loop calls it and passes on to the entry below, whatever the exit is.
  [contAll](fiber: AnyFiber): void {
    this.onLeave(fiber)
  }
}
