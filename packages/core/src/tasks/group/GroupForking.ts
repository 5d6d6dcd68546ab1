/** Forking into a group: `fork`, `tryFork`, `start`, and through handles. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Types from "effect/Types"

import type { AnyEffect } from "../../internal/effect.ts"
import * as forks from "../../internal/tasks/fork.ts"
import { forkSite } from "../../internal/tasks/forkSites.ts"
import { makeReason } from "../../internal/reason.ts"
import { startTask } from "../../internal/tasks/startTask.ts"
import type { TaskGroupClosed, TaskNotStarted } from "../../internal/tasks/taskErrors.ts"
import { effect as effectIn, refuse } from "../../internal/validate.ts"
import type * as Task from "../Task.ts"
import { checkShape, groupOf, inGroup } from "./GroupModel.ts"
import type { EffectAny, ForkOptions, TaskGroup } from "./GroupModel.ts"

const checkForkOptions = (where: string, options: unknown, expected = "options"): void => {
  checkShape(where, options, expected)
  const { background } = options as ForkOptions
  if (background !== undefined && typeof background !== "boolean")
    refuse(where, "background must be a boolean", background)
}

const checkFork = (where: string, effect: unknown, options: unknown): void => {
  effectIn(where, effect)
  if (options !== undefined) checkForkOptions(where, options)
}

const requestOf = (where: string, effect: AnyEffect, options: ForkOptions | undefined): forks.Request => {
  checkFork(where, effect, options)
  return { effect, options, site: forkSite(), refusal: "die" }
}

const forkEffect = (effect: AnyEffect, options: ForkOptions | undefined): AnyEffect =>
  new forks.Fork(effect, options, undefined)

// Data-first with an effect, data-last with options or, in a pipe, with neither.
const forker =
  (where: string, fork: (effect: AnyEffect, options: ForkOptions | undefined) => AnyEffect) =>
  (first: unknown, second?: ForkOptions): any => {
    if (Effect.isEffect(first)) {
      if (second !== undefined) checkForkOptions(where, second)
      return fork(first as AnyEffect, second)
    }
    checkForkOptions(where, first, "an effect or options")
    return (effect: AnyEffect) => {
      checkFork(where, effect, first)
      return fork(effect, first as ForkOptions)
    }
  }

/**
 * Starts a task in the group around, and gives its handle. Where the group has a limit, waits for a slot.
 *
 * **Shape** whether the task's first step runs before `fork` returns is unspecified. It runs in the context of the fiber
 * that forks, under the group's cancellation and deadline, not under a `CancelScope` or `Effect.scoped` around the call
 * of `fork`: open resources that tasks use outside the group.
 *
 * **Errors** fails with nothing; the task's failure is the group's. While the group is being cancelled nothing starts and
 * the task handed back is already cancelled. After `close` it dies with {@link TaskGroupClosed}; it dies with
 * {@link TaskGroupSaturated} when every running task of the group waits here.
 *
 * **Cancellation** Cancel-safe, loses place: interrupted while it waits for a slot, nothing was started.
 *
 * **Ordering** slots are handed out first come, first served.
 *
 * **Example** see `examples/05-task.ts`
 *
 * @category forking
 * @since 0.1.0
 */
export const fork: <Arg extends EffectAny | ForkOptions>(
  effectOrOptions: Arg,
  options?: ForkOptions
) => [Arg] extends [Effect.Effect<infer A, infer E, infer R>]
  ? Effect.Effect<Task.Task<A, E>, never, R | TaskGroup<E>>
  : <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<Task.Task<A, E>, never, R | TaskGroup<E>> =
  /*#__PURE__*/ forker("TaskGroup.fork", forkEffect)

/**
 * As `fork`, but None when the group is at its limit.
 *
 * **Cancellation** Cancel-safe: it does not wait.
 *
 * @category forking
 * @since 0.1.0
 */
export const tryFork: <Arg extends EffectAny | ForkOptions>(
  effectOrOptions: Arg,
  options?: ForkOptions
) => [Arg] extends [Effect.Effect<infer A, infer E, infer R>]
  ? Effect.Effect<Option.Option<Task.Task<A, E>>, never, R | TaskGroup<E>>
  : <A, E, R>(
      effect: Effect.Effect<A, E, R>
    ) => Effect.Effect<Option.Option<Task.Task<A, E>>, never, R | TaskGroup<E>> = /*#__PURE__*/ forker(
  "TaskGroup.tryFork",
  (effect, options) => {
    const request = requestOf("TaskGroup.tryFork", effect, options)
    return inGroup("TaskGroup.tryFork", (fiber, group) =>
      group.closed
        ? forks.refuse(group, request)
        : Effect.succeed(Option.fromUndefinedOr(forks.tryFork(fiber, group, request)))
    )
  }
)

/**
 * The requirement that `started(v)` puts into R: `start` reads V from it and takes it out.
 *
 * @category models
 * @since 0.1.0
 */
export interface Started<out V> {
  readonly "~skein/TaskGroup/Started": Types.Covariant<V>
}

/**
 * What `started` was given.
 *
 * @category type-level
 * @since 0.1.0
 */
export type StartedValue<R> = R extends Started<infer V> ? V : never

/**
 * Starts a task and waits until it reports ready; gives what it reported, and its handle.
 *
 * **When to use** for what has to be up before others may use it: a server's port, a subscription.
 *
 * **Errors** a task that fails before it reports fails the caller, not the group; one that returns or is cancelled before
 * that: `TaskNotStarted`. From the report on its failure is the group's. A second `started` dies, in the task.
 *
 * **Cancellation** Cancel-safe: interrupted while waiting, it cancels and awaits the task, whose report is then ignored.
 *
 * **Source** Trio's `nursery.start`.
 *
 * @category forking
 * @since 0.1.0
 */
export const start: {
  <A, E, R>(
    f: (started: <V>(value: V) => Effect.Effect<void, never, Started<V>>) => Effect.Effect<A, E, R>,
    options?: ForkOptions
  ): Effect.Effect<
    readonly [value: StartedValue<R>, task: Task.Task<A, E>],
    E | TaskNotStarted,
    Exclude<R, Started<any>> | TaskGroup<E>
  >
  /** For a function written elsewhere, whose `started` parameter is annotated. */
  <V, A, E, R>(
    f: (started: (value: V) => Effect.Effect<void>) => Effect.Effect<A, E, R>,
    options?: ForkOptions
  ): Effect.Effect<readonly [value: V, task: Task.Task<A, E>], E | TaskNotStarted, R | TaskGroup<E>>
} = ((f: (started: (value: unknown) => AnyEffect) => AnyEffect, options?: ForkOptions) => {
  const site = forkSite()
  const program = (started: (value: unknown) => AnyEffect): AnyEffect =>
    effectIn("TaskGroup.start", f(started), "the function must return an effect")
  return inGroup("TaskGroup.start", (fiber, group) => {
    if (typeof f !== "function") refuse("TaskGroup.start", "expected a function", f)
    if (options !== undefined) checkForkOptions("TaskGroup.start", options)
    return startTask(fiber, group, program, { options, site, refusal: "die" })
  })
}) as never

/**
 * The group around, as a handle to pass on. Naming E makes the group answer for it.
 *
 * @category handles
 * @since 0.1.0
 */
export const current = <E = never>(): Effect.Effect<TaskGroup<E>, never, TaskGroup<E>> =>
  inGroup("TaskGroup.current", (_fiber, group) => Effect.succeed(group)) as never

/**
 * As `fork`, into the group of the handle; fails with {@link TaskGroupClosed} once it is closed or has ended.
 *
 * **Cancellation** Cancel-safe, loses place: interrupted while it waits for a slot, nothing was started.
 *
 * @category handles
 * @since 0.1.0
 */
export const forkIn: {
  <E>(
    group: TaskGroup<E>,
    options?: ForkOptions
  ): <A, E1 extends E, R>(
    effect: Effect.Effect<A, E1, R>
  ) => Effect.Effect<Task.Task<A, E1>, TaskGroupClosed, R>
  <A, E, E1 extends E, R>(
    group: TaskGroup<E>,
    effect: Effect.Effect<A, E1, R>,
    options?: ForkOptions
  ): Effect.Effect<Task.Task<A, E1>, TaskGroupClosed, R>
} = ((handle: unknown, ...args: ReadonlyArray<unknown>) => {
  const where = "TaskGroup.forkIn"
  const group = groupOf(where, handle)
  const forkInto = (effect: AnyEffect, options: ForkOptions | undefined): AnyEffect => {
    checkFork(where, effect, options)
    return new forks.Fork(effect, options, group)
  }
  const [first, second] = args
  if (args.length > 1 || Effect.isEffect(first))
    return forkInto(first as AnyEffect, second as ForkOptions | undefined)
  if (first !== undefined) checkForkOptions(where, first, "an effect or options")
  return (effect: AnyEffect) => forkInto(effect, first as ForkOptions | undefined)
}) as never

/**
 * A synchronous fork for event emitters, in the context of the caller. At the limit the task waits its turn; after close
 * the task handed back is already cancelled.
 *
 * @category handles
 * @since 0.1.0
 */
export const runtime =
  <E>(group: TaskGroup<E>) =>
  <R = never>(): Effect.Effect<
    <A, E1 extends E>(effect: Effect.Effect<A, E1, R>, options?: ForkOptions) => Task.Task<A, E1>,
    never,
    R
  > =>
    Effect.contextWith((context) => {
      const target = groupOf("TaskGroup.runtime", group)
      return Effect.succeed((effect: AnyEffect, options?: ForkOptions) => {
        const request = requestOf("TaskGroup.runtime", effect, options)
        if (!target.closed) return forks.forkNow(context as never, target, request) as Task.Task<any, any>
        const reason = makeReason(undefined, { _tag: "OwnerExited", by: target.path })
        return forks.forkClosed(context as never, target, request, reason) as Task.Task<any, any>
      })
    }) as never
