/** What a group is to its users: types, options, and the way from a handle to its group. */
import * as Effect from "effect/Effect"
import type { Pipeable } from "effect/Pipeable"
import type * as Types from "effect/Types"

import type { AnyEffect, AnyFiber } from "../../internal/effect.ts"
import type { Group } from "../../internal/tasks/group.ts"
import { enclosingGroup, isGroup } from "../../internal/tasks/group.ts"
import { isTaskNode } from "../../internal/tasks/taskNode.ts"
import { InvalidArgument, integer, isOptions, isPlain, name, refuse } from "../../internal/validate.ts"
import type * as TaskGroupError from "../TaskGroupError.ts"

/**
 * A handle, and the requirement that a fork puts into R. Invariant, so that unions of groups do not collapse.
 *
 * @category models
 * @since 0.1.0
 */
export interface TaskGroup<in out E> extends Pipeable {
  readonly "~skein/TaskGroup": Types.Invariant<E>
  readonly name: string
}

type Any = { readonly "~skein/TaskGroup": unknown }

/**
 * The errors of all groups in R.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Errors<R> = R extends TaskGroup<infer E> ? E : never

/**
 * R without groups.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Outside<R> = R extends Any ? never : R

/**
 * `TaskGroupError<Errors<R>>`, or never when no child can fail.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Collected<R> = TaskGroupError.Rest<Errors<R>>

// Not a group nor a task by mistake: both have a `name`.
interface NotAHandle {
  readonly "~skein/TaskGroup"?: never
  readonly "~skein/Task"?: never
}

/**
 * Options of a group.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends NotAHandle {
  readonly name?: string | undefined
  /** How many tasks run at once, at least 1; forks beyond it wait, in order of asking. Default: unlimited. */
  readonly limit?: number | undefined
}

/**
 * Options of a task.
 *
 * @category models
 * @since 0.1.0
 */
export interface ForkOptions extends NotAHandle {
  /** Default: the `Effect.fn` name where there is one, else `task:<id>`. */
  readonly name?: string | undefined
  /**
   * For helpers that never end by themselves (a progress line, a heartbeat, a server): cancelled, reason OwnerExited,
   * once the body and every other task have exited. Does not count towards `limit`; its failure counts.
   */
  readonly background?: boolean | undefined
}

/**
 * True for a group.
 *
 * @category guards
 * @since 0.1.0
 */
export const isTaskGroup = (u: unknown): u is TaskGroup<unknown> => isGroup(u)

/** @internal */
export type EffectAny = Effect.Effect<any, any, any>

/**
 * Throws: what is no group has none of its operations.
 *
 * @internal
 */
export const groupOf = (where: string, group: unknown): Group =>
  isGroup(group) ? group : refuse(where, "expected a TaskGroup", group)

/** @internal */
export const handleOf = <E>(group: Group): TaskGroup<E> => group as unknown as TaskGroup<E>

/**
 * Throws: what is neither an effect nor options cannot be made an effect of.
 *
 * @internal
 */
export const checkShape = (where: string, options: unknown, expected: string): void => {
  if (!isPlain(options) && (!isOptions(options) || isGroup(options) || isTaskNode(options)))
    return refuse(where, `expected ${expected}`, options)
  name(where, (options as Options).name)
}

/**
 * Throws; call it inside an effect, so that wrong values are defects.
 *
 * @internal
 */
export const checkOptions = (where: string, options: unknown): Options => {
  checkShape(where, options, "options")
  const { limit } = options as Options
  if (limit !== undefined) integer(where, "limit", limit, 1, { infinity: true })
  return options as Options
}

/** @internal */
export const inGroup = (where: string, f: (fiber: AnyFiber, group: Group) => AnyEffect): AnyEffect =>
  Effect.withFiber((fiber) => {
    const group = enclosingGroup(fiber)
    return group === undefined
      ? Effect.die(new InvalidArgument(`${where}: there is no task group around`))
      : f(fiber, group)
  })
