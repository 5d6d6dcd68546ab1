/** Closing a group and letting its tasks finish, for a time. */
import * as Effect from "effect/Effect"

import { awaitExits, cancelTask, runsIn } from "./cancelTasks.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import type { Group } from "./group.ts"
import { makeReason } from "../reason.ts"
import { InvalidArgument } from "../validate.ts"

export const drainGroup = (fiber: AnyFiber, group: Group, grace: number): AnyEffect =>
  Effect.suspend(() => {
    const tasks = group.tasks()
    const own = tasks.find((task) => runsIn(fiber, task))
    if (own !== undefined) {
      throw new InvalidArgument(
        `TaskGroup.drain: called by ${own.path}, a task of ${group.path}, it would wait for itself`
      )
    }
    group.closed = true
    const foreground = tasks.filter((task) => !task.background)
    const first =
      grace <= 0
        ? Effect.void
        : grace === Infinity
          ? awaitExits(foreground)
          : Effect.asVoid(Effect.timeoutOption(awaitExits(foreground), grace))
    const rest = Effect.suspend(() => {
      const left = tasks.filter((task) => task.exit === undefined)
      const reason = makeReason(fiber, { _tag: "Requested", label: `drain of ${group.path}` })
      return Effect.forEach(left, (task) => cancelTask(fiber, task, reason), {
        concurrency: "unbounded",
        discard: true
      })
    })
    const report = Effect.sync(() =>
      tasks.map((task) => ({ task: task.name, path: task.path, status: task.ending ?? "cancelled" }))
    )
    return Effect.andThen(first, Effect.andThen(rest, report))
  })
