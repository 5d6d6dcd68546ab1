/** How `run`, `collect` and `supervise` treat failures, and what of them their outcome shows. */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

import { Frame, afterExit, frameOf, parentOf, start } from "../effect.ts"
import type { AnyEffect, AnyExit, AnyFiber } from "../effect.ts"
import { failureOf } from "./group.ts"
import type { Failure, Group, Policy } from "./group.ts"
import { annotationsOf, makeReason } from "../reason.ts"

/** The first failure decides. */
export const run: Policy = {
  taskFailed: (group, failure) => {
    group.record(failure)
    return true
  },
  bodyFailed: "SiblingFailed",
  isBusy: () => false
}

/** Failures wait for the end; only a defect cancels. */
export const collect: Policy = {
  taskFailed: (group, failure) => {
    group.record(failure)
    return Cause.hasDies(failure.cause)
  },
  bodyFailed: "OwnerExited",
  isBusy: () => false
}

/** Failures are reported one after the other, and disturb nobody; a defect in the handler ends the group. */
export class Supervision implements Policy {
  readonly bodyFailed = "OwnerExited"
  // Two lists: taking the first of one is as dear as the list is long.
  private queue: Array<Failure> = []
  private batch: Array<Failure> = []
  private at = 0
  private reporting = false
  private broken = false
  private readonly context: Context.Context<never>
  private readonly handler: (failure: Failure) => AnyEffect

  constructor(context: Context.Context<never>, handler: (failure: Failure) => AnyEffect) {
    this.context = context
    this.handler = handler
  }

  isBusy = (): boolean => this.reporting

  taskFailed = (group: Group, failure: Failure): boolean => {
    if (this.broken) {
      group.record(failure)
      return false
    }
    this.queue.push(failure)
    if (!this.reporting) {
      this.reporting = true
      this.startReporter(group, failure.node.fiber!)
    }
    return false
  }

  private startReporter(group: Group, from: AnyFiber): void {
    const reporter = new Reporter(this, this.reportAll(), (exit, fiber) => this.reported(group, exit, fiber))
    afterExit(from, () => start(this.context, reporter))
  }

  private reportAll(): AnyEffect {
    return Effect.suspend(() => {
      const failure = this.take()
      return failure === undefined ? Effect.void : Effect.andThen(this.handler(failure), this.reportAll())
    })
  }

  private take(): Failure | undefined {
    if (this.at === this.batch.length) {
      this.batch = this.queue
      this.queue = []
      this.at = 0
    }
    const failure = this.batch[this.at]
    if (failure !== undefined) this.at++
    return failure
  }

  private reported(group: Group, exit: AnyExit, fiber: AnyFiber): void {
    if (exit._tag === "Success" && this.queue.length > 0) return this.startReporter(group, fiber)
    this.reporting = false
    if (exit._tag === "Failure") {
      // Nobody is left to tell of the rest, so the outcome does.
      this.broken = true
      const path = `${group.path}/onFailure`
      const gaveUp = makeReason(fiber, { _tag: "Requested", by: path })
      const cause =
        failureOf({ path, fiber }, exit.cause, false) ?? Cause.annotate(exit.cause, annotationsOf(gaveUp))
      group.record({ node: group, cause })
      for (let failure = this.take(); failure !== undefined; failure = this.take()) group.record(failure)
      group.end(makeReason(fiber, { _tag: "SiblingFailed", sibling: path }), fiber, true)
    }
    group.settle(fiber)
  }
}

class Reporter extends Frame {
  readonly policy: Policy
  private readonly exited: (exit: AnyExit, fiber: AnyFiber) => void

  constructor(policy: Policy, effect: AnyEffect, exited: (exit: AnyExit, fiber: AnyFiber) => void) {
    super(effect)
    this.policy = policy
    this.exited = exited
  }

  protected onExit(exit: AnyExit): void {
    this.exited(exit, this.fiber!)
  }
}

/** True when the fiber runs the group's failure handler, or is a child of the one that does. */
export const isReporter = (fiber: AnyFiber, group: Group): boolean => {
  for (let at: AnyFiber | undefined = fiber; at !== undefined; at = parentOf(at)) {
    const frame = frameOf(at)
    if (frame instanceof Reporter && frame.policy === group.policy) return true
  }
  return false
}

// ---------------------------------------------------------------- outcomes

/** All reasons in order of time, the same error object once. */
export const causeOf = (failures: ReadonlyArray<Failure>): Cause.Cause<unknown> => {
  if (failures.length === 1) return failures[0]!.cause
  const seen = new Set<unknown>()
  const reasons: Array<Cause.Reason<unknown>> = []
  for (const { cause } of failures) {
    for (const reason of cause.reasons) {
      const thrown = reason._tag === "Fail" ? reason.error : reason._tag === "Die" ? reason.defect : undefined
      if (typeof thrown === "object" && thrown !== null) {
        if (seen.has(thrown)) continue
        seen.add(thrown)
      }
      reasons.push(reason)
    }
  }
  return Cause.fromReasons(reasons)
}

/** The body's own failure first, then defects, then the typed failures of the tasks as one error. */
export const collectedCause = (
  group: Group,
  failures: ReadonlyArray<Failure>,
  toError: (failures: ReadonlyArray<Failure>) => unknown
): Cause.Cause<unknown> => {
  const body = failures.filter((failure) => failure.node === group)
  const tasks = failures.filter((failure) => failure.node !== group)
  const defects = tasks.flatMap((failure) => failure.cause.reasons.filter((reason) => reason._tag === "Die"))
  const typed = tasks.filter((failure) => Cause.hasFails(failure.cause))
  const reasons = [
    ...body.flatMap((failure) => failure.cause.reasons),
    ...defects,
    ...(typed.length === 0 ? [] : Cause.fail(toError(typed)).reasons)
  ]
  return Cause.fromReasons(reasons)
}

/** What the group's owner gets, when nobody interrupted it. */
export const outcome = (group: Group, cause: Cause.Cause<unknown> | undefined): AnyExit => {
  if (cause !== undefined) return Exit.failCause(cause)
  return group.bodyExit!
}
