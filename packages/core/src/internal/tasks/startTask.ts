/** `start`: a task that is its caller's until it reports ready, then its group's. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"

import type { AnyEffect, AnyExit, AnyFiber } from "../effect.ts"
import { forkNow, refuse } from "./fork.ts"
import type { Request } from "./fork.ts"
import { failureOf } from "./group.ts"
import type { Group } from "./group.ts"
import { isCertain, isDoomed, unlessInterrupted } from "./join.ts"
import { listener } from "../listeners.ts"
import { beginWait, endWait, holderOf, nodeOf } from "../node.ts"
import type { Wait } from "../node.ts"
import { reasonOfOwner } from "./openGroup.ts"
import { interruptWith, makeReason, reasonOf } from "../reason.ts"
import { TaskNotStarted } from "./taskErrors.ts"
import type { TaskNode } from "./taskNode.ts"
import { enqueue } from "../trampoline.ts"

type Program = (started: (value: unknown) => AnyEffect) => AnyEffect

/** What the task has done so far; "left": the caller was interrupted, so the report is ignored. */
type State = "waiting" | "started" | "exited" | "left"

export const startTask = (
  caller: AnyFiber,
  group: Group,
  program: Program,
  base: Omit<Request, "effect">
): AnyEffect => {
  if (group.closed) return refuse(group, { ...base, effect: Effect.void })
  let state: State = "waiting"
  let resume: ((exit: AnyExit) => void) | undefined
  let outcome: AnyExit | undefined
  let task!: TaskNode

  const deliver = (exit: AnyExit): void => {
    outcome = exit
    resume?.(exit)
  }

  const started = (value: unknown): AnyEffect =>
    Effect.suspend(() => {
      if (state === "started")
        return Effect.die(new Error(`TaskGroup.start: ${task.path} called started a second time`))
      if (state !== "waiting" || task.isAsked) return Effect.void
      state = "started"
      task.starting = undefined
      // Through the dispatcher: the caller must not run inside the task's run loop.
      caller.currentDispatcher.scheduleTask(() => deliver(Exit.succeed([value, task])), 0)
      return Effect.void
    })

  const exited = (task: TaskNode): void => {
    if (state !== "waiting") return
    state = "exited"
    // A caller that is about to be interrupted itself must not turn that into an error.
    if (task.ending === "cancelled" && isDoomed(caller)) {
      if (!isCertain(caller)) unlessInterrupted(caller, () => deliver(notStarted(task)))
    } else enqueue(() => deliver(notStarted(task)))
  }

  const request: Request = {
    ...base,
    effect: Effect.suspend(() => program(started)),
    prepare: (made) => {
      task = made
      made.starting = { caller: nodeOf(caller), exited }
    }
  }

  const wait: Wait = {
    operation: "TaskGroup.start",
    get resource() {
      return task.path
    },
    since: group.clock.currentTimeMillisUnsafe(),
    holders: () => [holderOf(task.fiber)]
  }

  return Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      forkNow(caller.context, group, request, caller)
      const answer = Effect.callback<unknown, unknown>((done) => {
        if (outcome !== undefined) return done(outcome)
        resume = done
        beginWait(caller, wait)
        return Effect.sync(() => {
          resume = undefined
        })
      })
      return Effect.onExit(restore(answer), () => {
        endWait(caller, wait)
        return abandon(caller, task, () => {
          if (state !== "waiting") return false
          state = "left"
          return true
        })
      })
    })
  )
}

// The caller was interrupted before the report: the task goes, and what fails on its way out stays in the caller's Cause.
const abandon = (caller: AnyFiber, task: TaskNode, leave: () => boolean): Effect.Effect<void, unknown> =>
  Effect.suspend(() => {
    if (!leave()) return Effect.void
    return Effect.callback<void, unknown>((resume) => {
      const done = (): void => {
        const exit = task.exit!
        const failed = exit._tag === "Failure" ? failureOf(task, exit.cause, true) : undefined
        resume(failed === undefined ? Exit.void : Exit.failCause(failed))
      }
      if (task.exit !== undefined) return done()
      task.listen(listener(done))
      const reason = reasonOfOwner(caller)
      if (!task.isAsked) task.setAsked({ reason, remaining: 1, done: undefined })
      enqueue(() => interruptWith(task.fiber, reason, caller.id))
    }) as Effect.Effect<void, unknown>
  })

const notStarted = (task: TaskNode): AnyExit => {
  const exit = task.exit!
  if (exit._tag === "Success")
    return Exit.fail(new TaskNotStarted({ task: task.path, reason: Option.none() }))
  const failed = failureOf(task, exit.cause, task.ending === "cancelled")
  if (failed !== undefined) return Exit.failCause(failed)
  // Without a reason it gave up by itself (`Effect.interrupt`).
  const reason =
    task.asked?.reason ?? reasonOf(exit.cause) ?? makeReason(task.fiber, { _tag: "Requested", by: task.path })
  return Exit.fail(new TaskNotStarted({ task: task.path, reason: Option.some(reason) }))
}
