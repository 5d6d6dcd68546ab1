/** The first operations of an effect, without the means to survive their suspending. */
import type * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Scheduler from "effect/Scheduler"

import { contA, contE, enter, evaluate, identifier, stackOf, succeedNow } from "./effect.ts"
import type { AnyEffect, AnyExit, AnyFiber, Ending } from "./effect.ts"

/** Operations that neither suspend nor look at the fiber they are on; what follows from them may. */
const plain: ReadonlySet<unknown> = new Set([
  "Sync",
  "Suspend",
  "Iterator",
  "OnSuccess",
  "OnFailure",
  "OnSuccessAndFailure",
  "Success",
  "Failure"
])

/** Who goes on for longer than so many is not done at once. */
const maxPlain = 64

/** What runs an effect from the first operation on that may suspend, or ask where it is. */
export interface Rest {
  /** What has to be above an entry is above `bottom` in the stack already: {@link runAbove}. */
  onRest(fiber: AnyFiber, rest: AnyEffect, bottom: number, began: number): AnyEffect
}

/** False where every operation is to be seen: by another scheduler, a tracer, or since it is time to yield. */
export const runsPlain = (fiber: AnyFiber): boolean => {
  const { maxOpsBeforeYield, scheduler, tracerContext } = fiber.cache
  return (
    scheduler instanceof Scheduler.MixedScheduler &&
    tracerContext === undefined &&
    fiber.currentOpCount + maxPlain < maxOpsBeforeYield
  )
}

/**
 * Runs the effect here and now while its operations are plain ones. An effect that is done by then has cost next to nothing; `rest`
 * has the others. `began` is only handed on. Return what it returns to the run loop.
 */
export const runPlain = (fiber: AnyFiber, effect: AnyEffect, rest: Rest, began: number): AnyEffect => {
  const bottom = stackOf(fiber).length
  enter(fiber, plainEnd as unknown as Ending)
  let current: any = effect
  try {
    for (let i = 0; i < maxPlain && plain.has(current?.[identifier]); i++) {
      ;(fiber as { currentOpCount: number }).currentOpCount++
      current = current[evaluate](fiber)
    }
  } catch (defect) {
    current = Exit.die(defect)
  }
  if (current !== succeeded && current !== failed) return rest.onRest(fiber, current, bottom, began)
  const result: any = passed
  passed = undefined
  return current === failed ? result : succeedNow(fiber, result)
}

let passed: unknown
const succeeded = {}
const failed = {}

// Below all that the operations leave on the stack.
const plainEnd = {
  [contA](value: unknown): unknown {
    passed = value
    return succeeded
  },
  [contE](cause: Cause.Cause<any>, _fiber: AnyFiber, exit: AnyExit | undefined): unknown {
    passed = exit ?? Exit.failCause(cause)
    return failed
  }
}
