/**
 * When those are resumed who were handed what they waited for: after whoever released has suspended, never inside its step.
 *
 * Through the dispatcher, all of one queue together, so many in one turn of the event loop; timers, I/O and other fibers get
 * their turn in between. Where the next are served only as those before them go on (a lock, offers to a full queue), there would be a
 * turn for each or for a few, which costs more than all else in a hand-over: these, on Effect's own scheduler, are resumed in the turn in which they were served, as microtasks,
 * again so many at most. On any other scheduler (an explorer's, a test's, `runSync`'s) all go through the dispatcher.
 */
import * as Scheduler from "effect/Scheduler"

import type { AnyFiber } from "../effect.ts"

/** So many are resumed before the event loop turns. */
export const perTurn = 1024

const resolved = /*#__PURE__*/ Promise.resolve()

let resumed = 0

/** Something whose waiters can be resumed. */
export interface Wakeable {
  /** One after the other: worth a microtask. */
  readonly serial: boolean
  /** In this turn of the event loop. */
  readonly flush: () => void
  /** In a turn of its own. */
  readonly flushInTurn: () => void
}

/** Has it flush soon; `fiber` is one of those to be resumed. */
export const flushSoon = (fiber: AnyFiber, wakeable: Wakeable): void => {
  const scheduler = fiber.cache.scheduler
  if (
    wakeable.serial &&
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

/** How many of `waiting` may be resumed in this turn. */
export const share = (waiting: number): number => {
  const count = Math.max(1, Math.min(waiting, perTurn - resumed))
  resumed += count
  return count
}
