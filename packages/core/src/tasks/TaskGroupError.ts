/**
 * What a collecting group fails with: the typed failures of all its tasks.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Types from "effect/Types"

import { renderFailures } from "../internal/tasks/renderFailures.ts"
import { callable, effect, options } from "../internal/validate.ts"

interface Common {
  /** The task's name. */
  readonly task: string
  /** Names from the root to the task, joined with "/". */
  readonly path: string
}

/**
 * A task that failed with a typed error.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failed<out E> extends Common {
  readonly _tag: "Failed"
  readonly error: E
  /** All that went wrong in the task, without interruptions. */
  readonly cause: Cause.Cause<E>
}

/**
 * A task that died of a defect.
 *
 * @category models
 * @since 0.1.0
 */
export interface Died extends Common {
  readonly _tag: "Died"
  readonly defect: unknown
  readonly cause: Cause.Cause<never>
}

/**
 * How a task of a supervised group failed.
 *
 * @category models
 * @since 0.1.0
 */
export type TaskFailure<E> = Failed<E> | Died

/**
 * The typed failures of a group's tasks, in the order in which they happened. Typed failures only: a defect makes the
 * whole group die and stands beside this error in the Cause.
 *
 * **Example** see `examples/08-error-group.ts`
 *
 * @category errors
 * @since 0.1.0
 */
export class TaskGroupError<out E> extends /*#__PURE__*/ Data.TaggedError("TaskGroupError")<{}> {
  /** The group's path. */
  declare readonly group: string
  declare readonly failures: Arr.NonEmptyReadonlyArray<Failed<E>>

  constructor(args: { readonly group: string; readonly failures: Arr.NonEmptyReadonlyArray<Failed<E>> }) {
    super(args as never)
  }

  override get message(): string {
    return renderFailures(this.group, this.failures)
  }
}

/**
 * True for a `TaskGroupError`.
 *
 * @category guards
 * @since 0.1.0
 */
export const isTaskGroupError = (u: unknown): u is TaskGroupError<unknown> => u instanceof TaskGroupError

/**
 * What the group errors in E contain.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Members<E> = E extends TaskGroupError<infer X> ? X : never

/**
 * A group error of X; `never` when nothing is left.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Rest<X> = [X] extends [never] ? never : TaskGroupError<X>

type Others<E> = E extends { readonly _tag: "TaskGroupError" } ? never : E

type Handlers<X, Cases> = {
  readonly [K in Types.Tags<X>]+?: (
    failures: Arr.NonEmptyReadonlyArray<Failed<Types.ExtractTag<X, K>>>
  ) => Effect.Effect<any, any, any>
} & { readonly [K in Exclude<keyof Cases, Types.Tags<X>>]: never }

type CaseEffect<Cases> = {
  [K in keyof Cases]: Cases[K] extends (...args: Array<any>) => infer Eff ? Eff : never
}[keyof Cases]

/**
 * Handles the failures of some tags, and fails with a `TaskGroupError` of the rest.
 *
 * Runs, in the order they are written, the handlers of the tags that occurred, each with all failures of its tag.
 * Succeeds with the value of the last one run if nothing is left.
 *
 * **Errors** those of the handlers; a handler's failure comes instead of what the later ones would have handled. A Cause
 * with a defect is left alone, and so is an interruption. Interrupted, the handler that runs is interrupted.
 *
 * **Source** Python's `except*`.
 *
 * **Example** see `examples/08-error-group.ts`
 *
 * @category error handling
 * @since 0.1.0
 */
export const catchEach: {
  <E, Cases extends Handlers<Members<E>, Cases>>(
    cases: Cases
  ): <A, R>(
    self: Effect.Effect<A, E, R>
  ) => Effect.Effect<
    A | Effect.Success<CaseEffect<Cases>>,
    Others<E> | Rest<Exclude<Members<E>, { readonly _tag: keyof Cases }>> | Effect.Error<CaseEffect<Cases>>,
    R | Effect.Services<CaseEffect<Cases>>
  >
  <A, E, R, Cases extends Handlers<Members<E>, Cases>>(
    self: Effect.Effect<A, E, R>,
    cases: Cases
  ): Effect.Effect<
    A | Effect.Success<CaseEffect<Cases>>,
    Others<E> | Rest<Exclude<Members<E>, { readonly _tag: keyof Cases }>> | Effect.Error<CaseEffect<Cases>>,
    R | Effect.Services<CaseEffect<Cases>>
  >
} = /*#__PURE__*/ dual(
  2,
  (
    self: Effect.Effect<unknown, unknown, unknown>,
    cases: Record<
      string,
      (failures: Arr.NonEmptyReadonlyArray<Failed<unknown>>) => Effect.Effect<unknown, unknown, unknown>
    >
  ) => {
    checkCases(cases)
    return Effect.catchCause(effect(where, self), (cause) => {
      const error = Cause.hasDies(cause) ? undefined : groupErrorIn(cause)
      if (error === undefined) return Effect.failCause(cause)
      const others = cause.reasons.filter((reason) => !(reason._tag === "Fail" && reason.error === error))
      const rest = error.failures.filter((failure) => handlerOf(cases, failure.error) === undefined)
      if (rest.length === error.failures.length) return Effect.failCause(cause)
      const left: Array<Cause.Reason<unknown>> = [...others]
      if (rest.length > 0) {
        const remaining = new TaskGroupError({ group: error.group, failures: rest as never })
        left.push(...Cause.fail(remaining).reasons)
      }
      let handled: Effect.Effect<unknown, unknown, unknown> = Effect.void
      for (const tag of Object.keys(cases)) {
        const failures = error.failures.filter((failure) => tagOf(failure.error) === tag)
        if (failures.length === 0 || cases[tag] === undefined) continue
        const run = cases[tag]
        handled = Effect.andThen(
          handled,
          Effect.suspend(() =>
            effect(where, run(failures as never), `the handler of ${tag} must return an effect`)
          )
        )
      }
      return left.length === 0 ? handled : Effect.andThen(handled, Effect.failCause(Cause.fromReasons(left)))
    })
  }
) as never

const where = "TaskGroupError.catchEach"

const checkCases = (cases: unknown): void => {
  options(where, cases, "handlers by tag")
  for (const [tag, handler] of Object.entries(cases as object))
    if (handler !== undefined) callable(where, `the handler of ${tag}`, handler)
}

const groupErrorIn = (cause: Cause.Cause<unknown>): TaskGroupError<unknown> | undefined => {
  for (const reason of cause.reasons)
    if (reason._tag === "Fail" && isTaskGroupError(reason.error)) return reason.error
  return undefined
}

const tagOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "_tag" in error ? error._tag : undefined

const handlerOf = (cases: Record<string, unknown>, error: unknown): unknown => {
  const tag = tagOf(error)
  return typeof tag === "string" && Object.hasOwn(cases, tag) ? cases[tag] : undefined
}
