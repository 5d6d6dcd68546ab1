/** Opens a group around a body, waits until it is complete, and makes its outcome. */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

import { evaluatePrimitive, exitNow, interruptedCause, isInterruptible, start } from "../effect.ts"
import { Operation } from "../operation.ts"
import type { AnyEffect, AnyExit, AnyFiber } from "../effect.ts"
import { withEnv } from "../env.ts"
import { Group } from "./group.ts"
import type { Failure, Policy } from "./group.ts"
import { beginWait, endWait, holderOf } from "../node.ts"
import type { Wait } from "../node.ts"
import { makeReason, reasonOf } from "../reason.ts"
import type { Reason } from "../reason.ts"
import { watchSaturation } from "./slotEntry.ts"
import { Slots } from "./slots.ts"

export interface GroupOptions {
  readonly name?: string | undefined
  readonly limit?: number | undefined
}

export interface Kind {
  readonly policy: (owner: AnyFiber) => Policy
  /** What the failures make of the group's outcome. */
  readonly cause: (group: Group, failures: ReadonlyArray<Failure>) => Cause.Cause<unknown>
  /** Told of the failures, when there is more than one, at the end. */
  readonly onEnd?: (owner: AnyFiber, group: Group, failures: ReadonlyArray<Failure>) => void
}

export const makeGroup = (
  owner: AnyFiber,
  body: AnyEffect | undefined,
  policy: Policy,
  options: GroupOptions
): Group => {
  const slots =
    options.limit === undefined || options.limit === Infinity ? undefined : new Slots(options.limit)
  const group = new Group(owner, body, policy, options.name, slots)
  if (slots !== undefined) watchSaturation(group)
  return group
}

/** Why an owner that is being interrupted cancels what it owns: its own reason handed on. */
export const reasonOfOwner = (owner: AnyFiber): Reason => {
  const cause = interruptedCause(owner)
  return (cause === undefined ? undefined : reasonOf(cause)) ?? makeReason(owner, { _tag: "OwnerExited" })
}

// The group is opened within the callback: the owner could be interrupted between two operations, and leave it alone.
export const openGroup = (owner: AnyFiber, body: AnyEffect, kind: Kind, options: GroupOptions): AnyEffect =>
  atOnce(
    Effect.callback<unknown, unknown>((resume) => {
      const group = makeGroup(owner, body, kind.policy(owner), options)
      start(withEnv(owner.context, group.env), group)
      return awaitGroup(owner, group, kind, () => resume(outcome(owner, group, kind)))
    })
  )

/** What is resumed at once is had in that step: between it and the next the owner may be interrupted, and lose a failure. */
export const atOnce = (callback: AnyEffect): AnyEffect => new AtOnce(callback)

class AtOnce extends Operation<any, any, any> {
  private readonly callback: AnyEffect
  constructor(callback: AnyEffect) {
    super()
    this.callback = callback
  }
  protected run(owner: AnyFiber): AnyEffect {
    return exitNow(owner, evaluatePrimitive<AnyEffect>(this.callback as never, owner))
  }
}

/** Calls `ended` when the group is complete; what it gives back is for the owner's interruption. */
export const awaitGroup = (
  owner: AnyFiber,
  group: Group,
  kind: Pick<Kind, "cause">,
  ended: () => void
): Effect.Effect<void> | undefined => {
  whenComplete(owner, group, ended)
  if (isInterruptible(owner)) group.awaiter = owner
  return group.complete ? undefined : (cancelAndAwait(owner, group, kind) as Effect.Effect<void>)
}

// The owner was interrupted. What it owns goes first; what fails on the way stays in the Cause beside the interruption.
const cancelAndAwait = (
  owner: AnyFiber,
  group: Group,
  kind: Pick<Kind, "cause">
): Effect.Effect<void, unknown> =>
  Effect.callback<void, unknown>((resume) => {
    // The owner may have been parked between two operations, and the group be complete meanwhile.
    whenComplete(owner, group, () =>
      resume(group.failures === undefined ? Exit.void : Exit.failCause(kind.cause(group, group.failures)))
    )
    if (!group.complete) group.end(reasonOfOwner(owner), owner, false)
  })

const whenComplete = (owner: AnyFiber, group: Group, ended: () => void): void => {
  if (group.complete) return ended()
  const wait = waitFor(group)
  beginWait(owner, wait)
  group.onComplete = () => {
    endWait(owner, wait)
    ended()
  }
}

const outcome = (owner: AnyFiber, group: Group, kind: Kind): AnyExit => {
  const failures = group.failures
  if (failures === undefined) return group.bodyExit!
  if (failures.length > 1) kind.onEnd?.(owner, group, failures)
  return Exit.failCause(kind.cause(group, failures))
}

const waitFor = (group: Group): Wait => ({
  operation: "TaskGroup.run",
  // Computed when somebody looks: a path is as long as the tree is deep.
  get resource() {
    return group.path
  },
  since: group.clock.currentTimeMillisUnsafe(),
  holders: () => {
    const tasks = group.tasks().map((task) => holderOf(task.fiber))
    return group.bodyExit === undefined && group.fiber !== undefined
      ? [holderOf(group.fiber), ...tasks]
      : tasks
  }
})
