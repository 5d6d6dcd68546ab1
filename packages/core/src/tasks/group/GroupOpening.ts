/** Opening a group: `run`, `collect`, `supervise`, `scoped`. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import type { AnyEffect, AnyFiber } from "../../internal/effect.ts"
import { openGroup } from "../../internal/tasks/openGroup.ts"
import type { Kind } from "../../internal/tasks/openGroup.ts"
import { openScoped } from "../../internal/tasks/scopedGroup.ts"
import { callable, effect, millis } from "../../internal/validate.ts"
import type * as TaskGroupError from "../TaskGroupError.ts"
import * as kinds from "./GroupKind.ts"
import { checkOptions, checkShape, handleOf } from "./GroupModel.ts"
import type { Collected, EffectAny, Errors, Options, Outside, TaskGroup } from "./GroupModel.ts"

// `run(body, options)`, `run(body)`, `run(options)`, and `run` itself in a pipe.
const opener =
  (where: string, open: (owner: AnyFiber, body: AnyEffect, options: Options) => AnyEffect) =>
  (first: unknown, second?: Options): any => {
    const opened = (body: AnyEffect, options: unknown) =>
      Effect.withFiber((owner) => open(owner, body, checkOptions(where, options ?? {})))
    if (Effect.isEffect(first)) return opened(first as AnyEffect, second)
    checkShape(where, first, "an effect or options")
    return (body: AnyEffect) => opened(effect(where, body), first)
  }

/**
 * Runs the body as the owner of the tasks forked in it, and returns when all have exited. The first failure, of a task
 * or of the body, cancels everything else; then the group fails with it.
 *
 * **When to use** for tasks that make no sense without each other. `collect` lets all finish and reports all failures;
 * `supervise` lets failures disturb nobody.
 *
 * **Shape** the body's value; `E` is the body's errors and those of every task in it. One failure or many, the error is
 * the same bare `E`: the first one is first in the Cause, what failed while everything was being cancelled follows in
 * order (and is logged at Warning, since a `catchTag` on the first would drop it unseen). Nobody's cancellation is listed.
 *
 * **Errors** a defect dominates and keeps the typed failures beside it. {@link ForeignInterrupt} when a task ends
 * interrupted though nobody cancelled it. A `limit` that is no integer of at least 1 dies.
 *
 * **Cancellation** Cancel-safe: interrupted, it cancels and awaits body and tasks; failures of their cleanup stay in the Cause.
 *
 * **Cost** about that of an unsupervised fork for each task.
 *
 * **Source** Trio's nursery, Python's `asyncio.TaskGroup`, Kotlin's `coroutineScope`.
 *
 * **Example** see `examples/07-task-group.ts`
 *
 * @category constructors
 * @since 0.1.0
 */
export const run: <Arg extends EffectAny | Options>(
  bodyOrOptions: Arg,
  options?: Options
) => [Arg] extends [Effect.Effect<infer A, infer E, infer R>]
  ? Effect.Effect<A, E | Errors<R>, Outside<R>>
  : <A, E, R>(body: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Errors<R>, Outside<R>> =
  /*#__PURE__*/ opener("TaskGroup.run", (owner, body, options) => openGroup(owner, body, kinds.run, options))

/**
 * As `run`, but a failing task cancels nothing: once all have exited, the group fails with a `TaskGroupError` of all
 * failures.
 *
 * **When to use** where each task's failure matters by itself. `TaskGroupError.catchEach` handles them by tag.
 *
 * **Errors** `TaskGroupError`, however many failed. A defect cancels the siblings, as in `run`. A failing body cancels
 * the tasks: its error is first in the Cause, a `TaskGroupError` beside it.
 *
 * **Cancellation** Cancel-safe: interrupted, it cancels and awaits body and tasks; failures of their cleanup stay in the Cause.
 *
 * **Example** see `examples/08-error-group.ts`
 *
 * @category constructors
 * @since 0.1.0
 */
export const collect: <Arg extends EffectAny | Options>(
  bodyOrOptions: Arg,
  options?: Options
) => [Arg] extends [Effect.Effect<infer A, infer E, infer R>]
  ? Effect.Effect<A, E | Collected<R>, Outside<R>>
  : <A, E, R>(body: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Collected<R>, Outside<R>> =
  /*#__PURE__*/ opener("TaskGroup.collect", (owner, body, options) =>
    openGroup(owner, body, kinds.collect, options)
  )

/**
 * Options of a supervising group.
 *
 * @category models
 * @since 0.1.0
 */
export interface SuperviseOptions<E, R> extends Options {
  /**
   * Gets each failure once, one after the other. Runs in the owner's context: a fork in it goes to the group around this
   * one. A defect in it ends the group. What it has begun it finishes, also when the owner is interrupted: bound it with
   * `failAfter` where it may take long.
   */
  readonly onFailure: (failure: TaskGroupError.TaskFailure<E>) => Effect.Effect<unknown, never, R>
}

/**
 * As `run`, but a failing task disturbs nobody: the group fails with the body's errors only, and every failure of a task
 * goes to `onFailure` (default: logged at Error with the task's path).
 *
 * **When to use** for work that is independent of each other: connections of a server, metrics, background jobs.
 *
 * **Shape** returns when all tasks have exited and all reports are in. Overloaded, to type the handler in `pipe`; so
 * point-free it does not compile: write `supervise()`.
 *
 * **Errors** the body's. A failing body cancels the tasks. A failure goes to `onFailure` and to whoever joins the task.
 *
 * **Cancellation** Cancel-safe: interrupted, it cancels and awaits body and tasks.
 *
 * **Source** Kotlin's `supervisorScope`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const supervise: {
  <R, R2>(
    options: SuperviseOptions<Errors<R>, R2>
  ): <A, E>(body: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Outside<R> | R2>
  <A, E, R, R2>(
    body: Effect.Effect<A, E, R>,
    options: SuperviseOptions<Errors<R>, R2>
  ): Effect.Effect<A, E, Outside<R> | R2>
  <A, E, R>(body: Effect.Effect<A, E, R>, options?: Options): Effect.Effect<A, E, Outside<R>>
  (options?: Options): <A, E, R>(body: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Outside<R>>
} = ((first: unknown = {}, second?: Options) => superviseWith(first, second)) as never

const superviseWith = /*#__PURE__*/ opener("TaskGroup.supervise", (owner, body, options) =>
  openGroup(owner, body, supervision("TaskGroup.supervise", options), options)
)

const supervision = (where: string, options: Partial<SuperviseOptions<any, any>>): Kind => {
  if (options.onFailure !== undefined) callable(where, "onFailure", options.onFailure)
  return kinds.supervise(where, options.onFailure)
}

/**
 * A supervising group owned by a Scope, for services that are built in a Layer. Closing the scope closes the group, waits
 * up to `grace` (default: not at all) for its tasks, and cancels what is left.
 *
 * **Errors** every failure goes to `onFailure`; a defect in that makes the scope's closing die. So does a task that closes the
 * scope itself: it would wait for itself. Closed by `onFailure`, the scope waits for the tasks, not for the reports.
 *
 * **Ordering** its tasks end before any resource of the same scope that was opened before their fork.
 *
 * @category constructors
 * @since 0.1.0
 */
export const scoped = <E = never, R = never>(
  options: SuperviseOptions<E, R> & { readonly grace?: Duration.Input | undefined }
): Effect.Effect<TaskGroup<E>, never, R | Scope.Scope> => {
  const opened = Effect.suspend(() => {
    const checked = checkOptions("TaskGroup.scoped", options)
    const grace = options.grace === undefined ? 0 : millis("TaskGroup.scoped", "grace", options.grace)
    return openScoped(supervision("TaskGroup.scoped", options), checked, grace)
  })
  return Effect.map(opened, handleOf<E>)
}
