/** Errors of tasks and groups; `Task`, `TaskGroup` and `TaskGroupError` export them. */
import * as Data from "effect/Data"
import * as Option from "effect/Option"

import type { Reason } from "../reason.ts"

export const describeReason = (reason: Reason): string => {
  const by = reason.by === undefined ? "" : ` by ${reason.by}`
  const label = reason.label === undefined ? "" : `: ${reason.label}`
  const what = reason._tag === "SiblingFailed" ? `SiblingFailed (${reason.sibling})` : reason._tag
  return `${what}${by}${label}`
}

/**
 * A defect: thrown at whoever joins a task that was cancelled on its own. It is not to be mistaken for being cancelled
 * oneself.
 *
 * @category errors
 * @since 0.1.0
 */
export class TaskCancelled
  extends /*#__PURE__*/ Data.TaggedError("TaskCancelled")<{
    readonly task: string
    readonly reason: Reason
  }>
{
  override get message(): string {
    return `${this.task} was cancelled, so it has no result (${describeReason(this.reason)})`
  }
}

/**
 * A defect: a task or a body ended interrupted though nobody cancelled it: a fiber that it waited for was interrupted.
 *
 * `Effect.interrupt` cancels a task that runs it itself, in a scope, time
 * limit, retry or hedge too. Not so in a fiber that one of Effect's operators forks (`Effect.all` and `Effect.forEach` with
 * concurrency, `Effect.race`, `Effect.timeout`, `Effect.forkChild`): an interruption tells who asked for it, and Effect does not
 * tell whose child that was, so it counts as foreign. To give up from there, take the task's handle (`Task.current`) outside of
 * the operator and `Task.cancel` it, or fail.
 *
 * @category errors
 * @since 0.1.0
 */
export class ForeignInterrupt
  extends /*#__PURE__*/ Data.TaggedError("ForeignInterrupt")<{ readonly task: string }>
{
  override get message(): string {
    return (
      `${this.task} ended interrupted though nobody cancelled it: a fiber that it waited for, outside the group or forked by an ` +
      `operator such as Effect.all, was interrupted or interrupted itself`
    )
  }
}

/**
 * The group takes no more tasks: it was closed, or it has ended.
 *
 * @category errors
 * @since 0.1.0
 */
export class TaskGroupClosed
  extends /*#__PURE__*/ Data.TaggedError("TaskGroupClosed")<{ readonly group: string }>
{
  override get message(): string {
    return `task group ${this.group} is closed and takes no more tasks`
  }
}

/**
 * The task returned, or was cancelled, before it reported ready.
 *
 * @category errors
 * @since 0.1.0
 */
export class TaskNotStarted
  extends /*#__PURE__*/ Data.TaggedError("TaskNotStarted")<{
    readonly task: string
    readonly reason: Option.Option<Reason>
  }>
{
  override get message(): string {
    return Option.match(this.reason, {
      onNone: () => `${this.task} returned without calling started`,
      onSome: (reason) => `${this.task} was cancelled before it called started (${describeReason(reason)})`
    })
  }
}

/**
 * A defect: every running task of a limited group waits in `fork` of that group, so no slot will ever come free.
 *
 * @category errors
 * @since 0.1.0
 */
export class TaskGroupSaturated
  extends /*#__PURE__*/ Data.TaggedError("TaskGroupSaturated")<{
    readonly group: string
    readonly limit: number
    readonly waiting: ReadonlyArray<string>
  }>
{
  override get message(): string {
    return (
      `task group ${this.group} can never go on: all ${this.limit} of its tasks wait for a slot in fork ` +
      `(${this.waiting.join(", ")}); raise the limit, or fork into a group inside the task`
    )
  }
}
