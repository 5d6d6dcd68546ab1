/** A group without a body, owned by a Scope. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

import { awaitExits } from "./cancelTasks.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import type { Group } from "./group.ts"
import { makeGroup } from "./openGroup.ts"
import type { GroupOptions, Kind } from "./openGroup.ts"
import { makeReason } from "../reason.ts"

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
  const tasks = group.tasks().filter((task) => !task.background)
  const first = grace <= 0 ? Effect.void : Effect.timeoutOption(awaitExits(tasks), grace)
  return Effect.andThen(
    first,
    Effect.callback<void, unknown>((resume) => {
      group.onComplete = () => {
        resume(group.failures === undefined ? Exit.void : Exit.failCause(kind.cause(group, group.failures)))
      }
      // The group has no body whose end could complete it: from here on it counts as ended.
      group.bodyExit = Exit.void
      group.end(makeReason(closer, { _tag: "OwnerExited", by: group.path }), closer, false)
      group.settle(closer, false)
    })
  )
}
