/** Operations on a group as a whole, on the one around or through a handle. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

import type * as CancelReason from "../../cancellation/CancelReason.ts"
import { cancelGroup } from "../../internal/tasks/cancelTasks.ts"
import { drainGroup } from "../../internal/tasks/drain.ts"
import type { AnyEffect, AnyFiber } from "../../internal/effect.ts"
import type { Group } from "../../internal/tasks/group.ts"
import { isGroup } from "../../internal/tasks/group.ts"
import { toReason } from "../../internal/reason.ts"
import { millis } from "../../internal/validate.ts"
import type * as Task from "../Task.ts"
import { groupOf, inGroup } from "./GroupModel.ts"
import type { TaskGroup } from "./GroupModel.ts"

const onGroup = (
  where: string,
  group: TaskGroup<any> | undefined,
  f: (fiber: AnyFiber, group: Group) => AnyEffect
): any => (group === undefined ? inGroup(where, f) : Effect.withFiber((fiber) => f(fiber, groupOf(group))))

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
} = ((first?: TaskGroup<any> | CancelReason.Input, second?: CancelReason.Input) => {
  const group = isGroup(first) ? (first as unknown as TaskGroup<any>) : undefined
  const input = group === undefined ? (first as CancelReason.Input | undefined) : second
  return onGroup("TaskGroup.cancel", group, (fiber, group) =>
    cancelGroup(fiber, group, toReason(fiber, input as never))
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
} = ((group?: TaskGroup<any>) =>
  onGroup("TaskGroup.close", group, (_fiber, group) =>
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
} = ((first: TaskGroup<any> | DrainOptions, second?: DrainOptions) => {
  const group = isGroup(first) ? (first as unknown as TaskGroup<any>) : undefined
  const options = group === undefined ? (first as DrainOptions) : second!
  return onGroup("TaskGroup.drain", group, (fiber, group) =>
    drainGroup(fiber, group, millis("TaskGroup.drain", "grace", options.grace))
  )
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
} = ((group?: TaskGroup<any>) =>
  onGroup("TaskGroup.size", group, (_fiber, group) =>
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
} = ((group?: TaskGroup<any>) =>
  onGroup("TaskGroup.isClosed", group, (_fiber, group) => Effect.sync(() => group.closed))) as never

/**
 * The tasks that have not exited, oldest first.
 *
 * @category operations
 * @since 0.1.0
 */
export const tasks: {
  (): Effect.Effect<ReadonlyArray<Task.Task<unknown, unknown>>, never, TaskGroup<never>>
  <E>(group: TaskGroup<E>): Effect.Effect<ReadonlyArray<Task.Task<unknown, E>>>
} = ((group?: TaskGroup<any>) =>
  onGroup("TaskGroup.tasks", group, (_fiber, group) => Effect.sync(() => group.tasks()))) as never
