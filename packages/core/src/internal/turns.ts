/**
 * When those are resumed who were handed what they waited for: after whoever released has suspended, never inside its step.
 *
 * A turn of the event loop costs more than all else in a contended hand-over, and a lock under load would need one for each.
 * So on Effect's own scheduler a hand-over is carried out in the turn in which it was made, as a microtask; but only so
 * many, then one goes through the dispatcher, and timers, I/O and other fibers get their turn. On any other scheduler (an
 * explorer's, a test's, `runSync`'s) all go through the dispatcher.
 */
import * as Scheduler from "effect/Scheduler"

import type { AnyFiber } from "./effect.ts"

/** So many are resumed before the event loop turns. */
export const perTurn = 1024

const resolved = Promise.resolve()

let resumed = 0

/** Something whose waiters can be resumed. */
export interface Wakeable {
  /** In this turn of the event loop. */
  readonly flush: () => void
  /** In a turn of its own. */
  readonly flushInTurn: () => void
}

/** Has it flush soon; `fiber` is one of those to be resumed. */
export const flushSoon = (fiber: AnyFiber, wakeable: Wakeable): void => {
  const scheduler = fiber.cache.scheduler
  if (
    resumed < perTurn &&
    scheduler instanceof Scheduler.MixedScheduler &&
    scheduler.executionMode === "async"
  ) {
    void resolved.then(wakeable.flush)
  } else {
    fiber.currentDispatcher.scheduleTask(wakeable.flushInTurn, 0)
  }
}

export const turned = (): void => {
  resumed = 0
}

/** How many of `waiting` may be resumed now. */
export const share = (waiting: number): number => {
  const count = Math.max(1, Math.min(waiting, perTurn - resumed))
  resumed += count
  return count
}
