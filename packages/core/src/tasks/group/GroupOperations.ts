/** Operations on a group as a whole, on the one around or through a handle. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

import type * as CancelReason from "../../cancellation/CancelReason.ts"
import { cancelGroup } from "../../internal/tasks/cancelTasks.ts"
import { drainGroup } from "../../internal/tasks/drain.ts"
import type { AnyEffect, AnyFiber } from "../../internal/effect.ts"
import type { Group } from "../../internal/tasks/group.ts"
import { isGroup } from "../../internal/tasks/group.ts"
import { reasonFrom } from "../../internal/reason.ts"
import { millis, options } from "../../internal/validate.ts"
import type * as Task from "../Task.ts"
import { groupOf, inGroup } from "./GroupModel.ts"
import type { TaskGroup } from "./GroupModel.ts"

// The group around where none is given; a handle that is undefined by mistake must not stand for it.
const onGroup = (
  where: string,
  handle: ReadonlyArray<unknown>,
  f: (fiber: AnyFiber, group: Group) => AnyEffect
): any =>
  handle.length === 0 ? inGroup(where, f) : Effect.withFiber((fiber) => f(fiber, groupOf(where, handle[0])))

/**
 * Cancels all tasks that exist; the body goes on. Returns when they have exited, then the group takes forks again. The
 * calling task is hit, too, and not waited for.
 *
 * **Cancellation** Completes anyway: the requests stand, the wait ends.
 *
 * @category operations
 * @since 0.1.0
 */
export const cancel: {
  (reason?: CancelReason.Input): Effect.Effect<void, never, TaskGroup<never>>
  <E>(group: TaskGroup<E>, reason?: CancelReason.Input): Effect.Effect<void>
} = ((...args: ReadonlyArray<unknown>) => {
  const handle = args.length > 1 || isGroup(args[0]) ? args : []
  const reason = args[handle.length === 0 ? 0 : 1]
  return onGroup("TaskGroup.cancel", handle, (fiber, group) =>
    cancelGroup(fiber, group, reasonFrom("TaskGroup.cancel", fiber, reason))
  )
}) as never

/**
 * No more forks.
 *
 * @category operations
 * @since 0.1.0
 */
export const close: {
  (): Effect.Effect<void, never, TaskGroup<never>>
  <E>(group: TaskGroup<E>): Effect.Effect<void>
} = ((...handle: ReadonlyArray<unknown>) =>
  onGroup("TaskGroup.close", handle, (_fiber, group) =>
    Effect.sync(() => {
      group.closed = true
    })
  )) as never

/**
 * How a task ended that `drain` waited for.
 *
 * @category models
 * @since 0.1.0
 */
export interface Drained {
  readonly task: string
  readonly path: string
  readonly status: "succeeded" | "failed" | "cancelled"
}

/**
 * How long `drain` waits before it cancels.
 *
 * @category models
 * @since 0.1.0
 */
export interface DrainOptions {
  readonly grace: Duration.Input
}

/**
 * Closes the group, waits up to `grace` for its tasks, cancels what is left, and tells how each ended, oldest first.
 * Background tasks are cancelled with the rest. Called by a task of the group, or below one, it dies: it would wait for itself.
 *
 * **Cancellation** Completes anyway: closed at once; interrupted, it stops waiting.
 *
 * @category operations
 * @since 0.1.0
 */
export const drain: {
  (options: DrainOptions): Effect.Effect<ReadonlyArray<Drained>, never, TaskGroup<never>>
  <E>(group: TaskGroup<E>, options: DrainOptions): Effect.Effect<ReadonlyArray<Drained>>
} = ((...args: ReadonlyArray<unknown>) => {
  const handle = args.length > 1 || isGroup(args[0]) ? args : []
  const given = args[handle.length === 0 ? 0 : 1]
  return onGroup("TaskGroup.drain", handle, (fiber, group) => {
    options("TaskGroup.drain", given)
    return drainGroup(fiber, group, millis("TaskGroup.drain", "grace", (given as DrainOptions).grace))
  })
}) as never

/**
 * How many tasks have not exited, pending starts and background tasks included.
 *
 * @category operations
 * @since 0.1.0
 */
export const size: {
  (): Effect.Effect<number, never, TaskGroup<never>>
  <E>(group: TaskGroup<E>): Effect.Effect<number>
} = ((...handle: ReadonlyArray<unknown>) =>
  onGroup("TaskGroup.size", handle, (_fiber, group) =>
    Effect.sync(() => group.foreground + group.background)
  )) as never

/**
 * True once it takes no more forks.
 *
 * @category operations
 * @since 0.1.0
 */
export const isClosed: {
  (): Effect.Effect<boolean, never, TaskGroup<never>>
  <E>(group: TaskGroup<E>): Effect.Effect<boolean>
} = ((...handle: ReadonlyArray<unknown>) =>
  onGroup("TaskGroup.isClosed", handle, (_fiber, group) => Effect.sync(() => group.closed))) as never

/**
 * The tasks that have not exited, oldest first.
 *
 * @category operations
 * @since 0.1.0
 */
export const tasks: {
  (): Effect.Effect<ReadonlyArray<Task.Task<unknown, unknown>>, never, TaskGroup<never>>
  <E>(group: TaskGroup<E>): Effect.Effect<ReadonlyArray<Task.Task<unknown, E>>>
} = ((...handle: ReadonlyArray<unknown>) =>
  onGroup("TaskGroup.tasks", handle, (_fiber, group) => Effect.sync(() => group.tasks()))) as never
