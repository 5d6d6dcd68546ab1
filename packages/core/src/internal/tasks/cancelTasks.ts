/** Cancelling one task or all of a group, and waiting for the cleanup. */
import * as Effect from "effect/Effect"

import type { AnyFiber } from "../effect.ts"
import type { Group } from "./group.ts"
import { listener } from "../listeners.ts"
import { nodeAbove } from "../node.ts"
import type { Node } from "../node.ts"
import { interruptWith } from "../reason.ts"
import type { Reason } from "../reason.ts"
import * as changes from "./changes.ts"
import type { TaskNode } from "./taskNode.ts"
import { enqueue } from "../trampoline.ts"

/** True when the fiber runs in the task or below it, and so would wait for itself. */
export const runsIn = (fiber: AnyFiber, task: TaskNode): boolean => {
  for (let node: Node | undefined = nodeAbove(fiber); node !== undefined; node = node.parent)
    if (node === task) return true
  return false
}

export const cancelTask = (fiber: AnyFiber, task: TaskNode, reason: Reason): Effect.Effect<boolean> => {
  if (task.exit !== undefined) return Effect.succeed(false)
  if (!task.isAsked) {
    task.setAsked({ reason, remaining: 1, done: undefined })
    if (changes.watched) changes.statusChanged(task)
  }
  enqueue(() => {
    if (task.exit === undefined) interruptWith(task.fiber, reason, fiber.id)
  })
  if (runsIn(fiber, task)) return Effect.succeed(true)
  return Effect.as(awaitExits([task]), true)
}

export const cancelGroup = (fiber: AnyFiber, group: Group, reason: Reason): Effect.Effect<void> => {
  const tasks = group.tasks().filter((task) => !runsIn(fiber, task))
  const { ask, interrupt } = group.askAll(reason, fiber, false)
  const forget = (): void => {
    group.asks = group.asks!.filter((other) => other !== ask)
  }
  // Marked and interrupted in one step: whoever is marked alone is taken for one who has been told. The group takes
  // forks again when this returns; should the caller be interrupted before that, when all are gone.
  if (ask.remaining === 0) forget()
  else ask.done = forget
  enqueue(interrupt)
  return Effect.ensuring(awaitExits(tasks), Effect.sync(forget))
}

/** Returns when all have exited. Interrupted, it stops waiting. */
export const awaitExits = (tasks: ReadonlyArray<TaskNode>): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const listeners = tasks
      .filter((task) => task.exit === undefined)
      .map((task) => {
        const added = listener(() => {
          if (--left === 0) resume(Effect.void)
        })
        task.listen(added)
        return added
      })
    let left = listeners.length
    if (left === 0) return resume(Effect.void)
    return Effect.sync(() => {
      for (const added of listeners) added.list?.remove(added)
    })
  })
