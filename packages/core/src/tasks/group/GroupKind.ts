/** What `run`, `collect` and `supervise` are made of, with the errors and reports that users see. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"

import type { AnyEffect, AnyFiber } from "../../internal/effect.ts"
import type { Failure, Group } from "../../internal/tasks/group.ts"
import * as policies from "../../internal/tasks/groupPolicy.ts"
import type { Kind } from "../../internal/tasks/openGroup.ts"
import { effect } from "../../internal/validate.ts"
import { TaskGroupError } from "../TaskGroupError.ts"
import type { Failed, TaskFailure } from "../TaskGroupError.ts"

/** The first failure decides. */
export const run: Kind = {
  policy: () => policies.run,
  cause: (_group, failures) => policies.causeOf(failures),
  // A `catchTag` on the first failure would drop these unseen.
  onEnd: (owner, group, failures) => {
    const later = failures.slice(1).filter((failure) => failure.cause !== failures[0]!.cause)
    for (const failure of later) {
      log(
        owner,
        Effect.logWarning(
          `${failure.node.path} failed while ${group.path} was being cancelled`,
          failure.cause
        )
      )
    }
  }
}

/** All failures as one error, at the end. */
export const collect: Kind = {
  policy: () => policies.collect,
  cause: (group, failures) => policies.collectedCause(group, failures, (tasks) => toError(group, tasks))
}

/** Failures go to a handler, and disturb nobody. */
export const supervise = (
  where: string,
  onFailure: ((failure: TaskFailure<any>) => AnyEffect) | undefined
): Kind => ({
  policy: (owner) =>
    new policies.Supervision(owner.context, (failure) =>
      effect(where, (onFailure ?? logFailure)(toTaskFailure(failure)), "onFailure must return an effect")
    ),
  cause: (_group, failures) => policies.causeOf(failures)
})

const log = (owner: AnyFiber, entry: Effect.Effect<void>): void => {
  Effect.runForkWith(owner.context)(entry)
}

const logFailure = (failure: TaskFailure<unknown>): Effect.Effect<void> =>
  Effect.logError(`${failure.path} failed in a supervised group`, failure.cause)

const toError = (group: Group, failures: ReadonlyArray<Failure>): TaskGroupError<unknown> =>
  new TaskGroupError({ group: group.path, failures: failures.flatMap(typedFailures) as never })

// A task that failed with several errors (a group inside it did) counts once for each.
const typedFailures = ({ node, cause }: Failure): ReadonlyArray<Failed<unknown>> =>
  cause.reasons.flatMap((reason) =>
    reason._tag === "Fail"
      ? [{ _tag: "Failed", task: node.name, path: node.path, error: reason.error, cause }]
      : []
  )

const toTaskFailure = ({ node, cause }: Failure): TaskFailure<unknown> => {
  const at = { task: node.name, path: node.path }
  const defect = cause.reasons.find((reason) => reason._tag === "Die")
  if (defect !== undefined)
    return { _tag: "Died", ...at, defect: defect.defect, cause: cause as Cause.Cause<never> }
  return { _tag: "Failed", ...at, error: Cause.squash(cause), cause }
}
