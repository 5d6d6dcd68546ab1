/** A group without a body, owned by a Scope. */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

import { awaitExits, runsIn } from "./cancelTasks.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import type { Failure, Group } from "./group.ts"
import { isReporter } from "./groupPolicy.ts"
import { makeGroup } from "./openGroup.ts"
import type { GroupOptions, Kind } from "./openGroup.ts"
import { makeReason } from "../reason.ts"
import { InvalidArgument } from "../validate.ts"

export const openScoped = (
  kind: Kind,
  options: GroupOptions,
  grace: number
): Effect.Effect<Group, never, Scope.Scope> =>
  Effect.uninterruptible(
    Effect.withFiber((fiber) =>
      Effect.flatMap(Effect.scope, (scope) => {
        const group = makeGroup(fiber, undefined, kind.policy(fiber), options)
        const close = (): Effect.Effect<void> =>
          Effect.withFiber((closer) => closeGroup(closer, group, kind, grace)) as Effect.Effect<void>
        return Effect.as(
          Effect.tap(Scope.addFinalizer(scope, Effect.suspend(close)), () =>
            Effect.sync(() => keepNewest(group, scope))
          ),
          group
        )
      })
    )
  )

/**
 * Finalizers run newest first. Moving the group's to the end with each fork makes its tasks end before any resource that
 * was opened before they were forked.
 */
const keepNewest = (group: Group, scope: Scope.Scope): void => {
  const key = newestKey(scope)
  group.onFork = () => {
    const state = scope.state
    if (state._tag !== "Open" || state.finalizers === undefined) return
    const finalizer = state.finalizers.get(key!)
    if (finalizer === undefined) return
    state.finalizers.delete(key!)
    state.finalizers.set(key!, finalizer)
  }
}

const newestKey = (scope: Scope.Scope): {} | undefined => {
  const state = scope.state
  if (state._tag !== "Open") return undefined
  return state.finalizers === undefined ? state.finalizerKey : [...state.finalizers.keys()].at(-1)
}

const closeGroup = (closer: AnyFiber, group: Group, kind: Kind, grace: number): AnyEffect => {
  group.closed = true
  const own = group.tasks().find((task) => runsIn(closer, task))
  const others = group.tasks().filter((task) => task !== own)
  const waited = others.filter((task) => !task.background)
  const first = grace <= 0 ? Effect.void : Effect.timeoutOption(awaitExits(waited), grace)
  // The group has no body whose end could complete it: from here on it counts as ended.
  const end = (): void => {
    group.bodyExit = Exit.void
    group.end(makeReason(closer, { _tag: "OwnerExited", by: group.path }), closer, false)
    group.settle(closer, false)
  }
  const causeOf = (failures: ReadonlyArray<Failure>): Cause.Cause<unknown> => kind.cause(group, failures)
  if (own === undefined && !isReporter(closer, group)) {
    const completed = Effect.callback<void, unknown>((resume) => {
      group.onComplete = () =>
        resume(group.failures === undefined ? Exit.void : Exit.failCause(causeOf(group.failures)))
      end()
    })
    return Effect.andThen(first, completed)
  }
  // Who closes runs in the group, which cannot complete before it: all else is waited for.
  const rest = Effect.suspend(() => {
    group.onComplete = () => {
      if (group.failures === undefined) return
      const late = Effect.logError(`${group.path} failed after its scope was closed`, causeOf(group.failures))
      Effect.runForkWith(closer.context)(late)
    }
    end()
    return awaitExits(others)
  })
  if (own === undefined) return Effect.andThen(first, rest)
  const by = `${own.path}, a task of ${group.path}`
  const misuse = new InvalidArgument(
    `TaskGroup.scoped: ${by}, closes the scope of its group, it would wait for itself`
  )
  return Effect.andThen(first, Effect.andThen(rest, Effect.die(misuse)))
}
