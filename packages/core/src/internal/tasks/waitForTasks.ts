/** `Task.wait`: many tasks, one wait. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

import type { AnyEffect, AnyFiber } from "../effect.ts"
import { listener } from "../listeners.ts"
import { beginWait, endWait, holderOf, nodeAbove } from "../node.ts"
import type { Wait } from "../node.ts"
import type { TaskNode } from "./taskNode.ts"
import { InvalidArgument, millis, refuse, show } from "../validate.ts"
import { wallMillis } from "../wallClock.ts"

interface Options {
  readonly until: "first-completed" | "first-failed" | "all-completed"
  readonly timeout?: Duration.Input | undefined
}

const modes = ["first-completed", "first-failed", "all-completed"]

export const waitFor = (fiber: AnyFiber, tasks: ReadonlySet<TaskNode>, options: Options): AnyEffect => {
  if (!modes.includes(options.until)) {
    refuse("Task.wait", `until must be one of ${modes.map(show).join(", ")}`, options.until)
  }
  if (tasks.size === 0 && options.until !== "all-completed") {
    throw new InvalidArgument(
      `Task.wait: there is no first of no tasks; until "${options.until}" needs at least one`
    )
  }
  const limit = options.timeout === undefined ? Infinity : millis("Task.wait", "timeout", options.timeout)
  const isOver = (): boolean => {
    let pending = 0
    for (const task of tasks) {
      if (task.exit === undefined) pending++
      else if (options.until === "first-completed") return true
      else if (options.until === "first-failed" && task.ending !== "succeeded") return true
    }
    return pending === 0
  }
  const split = Effect.sync(() => ({
    done: [...tasks].filter((task) => task.exit !== undefined),
    pending: [...tasks].filter((task) => task.exit === undefined)
  }))
  if (isOver() || limit <= 0) return split
  if (limit === Infinity) {
    const own = [...tasks].find((task) => task === nodeAbove(fiber))
    const others = [...tasks].some((task) => task !== own && task.exit === undefined)
    if (own !== undefined && (options.until === "all-completed" || !others)) {
      throw new InvalidArgument(`Task.wait: ${own.path} waits for its own exit and would wait for ever`)
    }
  }
  const wait: Wait = {
    operation: "Task.wait",
    resource: options.until,
    since: wallMillis(fiber),
    holders: () => [...tasks].filter((task) => task.exit === undefined).map((task) => holderOf(task.fiber))
  }
  const first = Effect.callback<void>((resume) => {
    beginWait(fiber, wait)
    let pending = 0
    const added = [...tasks]
      .filter((task) => task.exit === undefined)
      .map((task) => {
        const entry = listener<TaskNode>((task) => {
          pending--
          const enough =
            options.until === "first-completed" ||
            (options.until === "first-failed" && task.ending !== "succeeded")
          if (pending > 0 && !enough) return
          endWait(fiber, wait)
          resume(Effect.void)
        })
        pending++
        task.listen(entry)
        return entry
      })
    // One may have exited between the look above and here.
    if (isOver()) {
      endWait(fiber, wait)
      resume(Effect.void)
    }
    return Effect.sync(() => {
      endWait(fiber, wait)
      for (const entry of added) entry.list?.remove(entry)
    })
  })
  // Nothing is lost by the timer's win: what has exited by then is read from the tasks.
  const bounded = limit === Infinity ? first : Effect.asVoid(Effect.timeoutOption(first, limit))
  return Effect.andThen(bounded, split)
}
