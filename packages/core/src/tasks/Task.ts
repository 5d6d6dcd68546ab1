/**
 * A handle on a fiber that a group owns: its result, its state, its end.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type * as Duration from "effect/Duration"
import type { Pipeable } from "effect/Pipeable"
import type * as Types from "effect/Types"

import type * as CancelReason from "../cancellation/CancelReason.ts"
import { cancelTask } from "../internal/tasks/cancelTasks.ts"
import { JoinEntry, joined } from "../internal/tasks/join.ts"
import { nodeAbove } from "../internal/node.ts"
import type { Node } from "../internal/node.ts"
import { reasonFrom } from "../internal/reason.ts"
import type { TaskNode } from "../internal/tasks/taskNode.ts"
import { isTaskNode, taskStatus } from "../internal/tasks/taskNode.ts"
import { waitFor } from "../internal/tasks/waitForTasks.ts"
import { iterable, options as checkOptions, refuse } from "../internal/validate.ts"

export { TaskCancelled } from "../internal/tasks/taskErrors.ts"

/**
 * A task: a named fiber owned by a group.
 *
 * @category models
 * @since 0.1.0
 */
export interface Task<out A, out E = never> extends Pipeable {
  readonly "~skein/Task": { readonly _A: Types.Covariant<A>; readonly _E: Types.Covariant<E> }
  readonly id: number
  /** As given to `fork`; else the `Effect.fn` name, once it has run; else `task:<id>`. */
  readonly name: string
  /** Names from the root to this task, joined with "/"; a "/" inside a name is written "%2F". */
  readonly path: string
  /** What runs it. A task that waits for a semaphore before all else has none until it is served, or somebody asks for it here. */
  readonly fiber: Fiber.Fiber<A, E>
}

/**
 * What a task succeeds with.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Success<T> = T extends Task<infer A, infer _E> ? A : never

/**
 * What a task fails with.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Error<T> = T extends Task<infer _A, infer E> ? E : never

/**
 * The state of a task. "pending": it waits for a slot of a limited group; only `TaskGroup.runtime` hands such a task out.
 *
 * @category models
 * @since 0.1.0
 */
export type Status = "pending" | "running" | "cancelling" | "succeeded" | "failed" | "cancelled"

/**
 * True for a task.
 *
 * @category guards
 * @since 0.1.0
 */
export const isTask = (u: unknown): u is Task<unknown, unknown> => isTaskNode(u)

const node = (where: string, task: Task<any, any>): TaskNode =>
  isTaskNode(task) ? task : refuse(where, "expected a Task", task)

/**
 * Waits for the task and gives its result. A task that was cancelled on its own makes the joiner die with
 * {@link TaskCancelled}; that is not mistaken for being cancelled oneself.
 *
 * **When to use** for a task's value. `outcome` gives the Exit and fails with nothing; `wait` looks at many.
 *
 * **Errors** those of the task. In `TaskGroup.run` they never reach a `catch` around `join`, since the task's failure
 * ends the group first: the group is the catch point, or `collect` or `supervise`. A task that joins itself dies.
 *
 * **Cancellation** Cancel-safe: the task goes on. While the joiner's own group is being cancelled, it does not resume
 * with the cancellation of another task.
 *
 * @category operations
 * @since 0.1.0
 */
export const join = <T extends Task<any, any>>(self: T): Effect.Effect<Success<T>, Error<T>> =>
  Effect.withFiber((fiber) => {
    const task = node("Task.join", self)
    if (task.exit !== undefined) return joined(task)
    if (nodeAbove(fiber) === (task as Node)) {
      return Effect.die(new globalThis.Error(`Task.join: ${task.path} joins itself and would wait for ever`))
    }
    return new JoinEntry("Task.join", fiber, task, joined).suspend() as never
  })

/**
 * Waits for the task and gives its Exit, whatever it is.
 *
 * **Cancellation** Cancel-safe: the task goes on.
 *
 * @category operations
 * @since 0.1.0
 */
export const outcome = <T extends Task<any, any>>(self: T): Effect.Effect<Exit.Exit<Success<T>, Error<T>>> =>
  Effect.withFiber((fiber) => {
    const task = node("Task.outcome", self)
    if (task.exit !== undefined) return Effect.succeed(task.exit as never)
    if (nodeAbove(fiber) === (task as Node)) {
      return Effect.die(
        new globalThis.Error(`Task.outcome: ${task.path} waits for its own exit and would wait for ever`)
      )
    }
    return new JoinEntry("Task.outcome", fiber, task, exitOf).suspend() as never
  })

const exitOf = (task: TaskNode): Exit.Exit<any> => Exit.succeed(task.exit)

/**
 * Asks the task to stop and returns when its cleanup has run. False if it had already exited by itself. A task that
 * cancels itself, or one it runs in, does not wait for it.
 *
 * **Cancellation** Completes anyway: the request stands, the wait ends.
 *
 * @category operations
 * @since 0.1.0
 */
export const cancel: {
  <A, E>(self: Task<A, E>, reason?: CancelReason.Input): Effect.Effect<boolean>
} = (self: Task<any, any>, reason?: CancelReason.Input): Effect.Effect<boolean> =>
  Effect.withFiber((fiber) =>
    cancelTask(fiber, node("Task.cancel", self), reasonFrom("Task.cancel", fiber, reason))
  )

/**
 * The state the task is in now.
 *
 * @category operations
 * @since 0.1.0
 */
export const status = <A, E>(self: Task<A, E>): Effect.Effect<Status> =>
  Effect.sync(() => taskStatus(node("Task.status", self)))

/**
 * The task that this fiber runs or was forked by, as a child; None outside any group and in the body of one that no task opened.
 * None, too, in the fibers that `Effect.all`, `Effect.forEach`, `Effect.race` and `Effect.timeout` fork, since Effect does not tell
 * whose they are: take the handle outside of them.
 *
 * @category operations
 * @since 0.1.0
 */
export const current: Effect.Effect<Option.Option<Task<unknown, unknown>>> = /*#__PURE__*/ Effect.withFiber(
  (fiber) => {
    for (let at: Node | undefined = nodeAbove(fiber); at !== undefined; at = at.parent) {
      if (isTaskNode(at)) return Effect.succeed(Option.some(at as never))
    }
    return Effect.succeed(Option.none())
  }
)

/**
 * When `wait` returns.
 *
 * @category models
 * @since 0.1.0
 */
export interface WaitOptions {
  /** "first-failed" returns at the first failure or cancellation; if there is none, when all have exited. */
  readonly until: "first-completed" | "first-failed" | "all-completed"
  /** Then the state of things is returned, and nothing is cancelled. */
  readonly timeout?: Duration.Input | undefined
}

/**
 * The tasks given, sorted by whether they have exited; both in the order given.
 *
 * @category models
 * @since 0.1.0
 */
export interface Waited<out T> {
  readonly done: ReadonlyArray<T>
  readonly pending: ReadonlyArray<T>
}

/**
 * Waits for the first, or all, of some tasks, and tells which have exited. Fails with none of their errors and
 * cancels none of them; an iterable is read once, a task given twice counts once. Without tasks it dies, except with
 * "all-completed".
 *
 * **Cancellation** Cancel-safe: the tasks go on.
 *
 * **Source** Python's `asyncio.wait`.
 *
 * @category operations
 * @since 0.1.0
 */
export const wait: {
  (options: WaitOptions): <T extends Task<any, any>>(tasks: Iterable<T>) => Effect.Effect<Waited<T>>
  <T extends Task<any, any>>(tasks: Iterable<T>, options: WaitOptions): Effect.Effect<Waited<T>>
} = /*#__PURE__*/ dual(2, (tasks: Iterable<Task<any, any>>, options: WaitOptions) =>
  Effect.withFiber((fiber) => {
    const nodes = iterable("Task.wait", "tasks", tasks).map((task) => node("Task.wait", task))
    checkOptions("Task.wait", options)
    return waitFor(fiber, new Set(nodes), options)
  })
) as never
