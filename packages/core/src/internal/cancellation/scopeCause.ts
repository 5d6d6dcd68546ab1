/** What becomes of the interruptions in the Cause of a scope's work. */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Exit from "effect/Exit"

import { interruptedCause } from "../effect.ts"
import type { AnyEffect, AnyExit, AnyFiber } from "../effect.ts"
import { annotationsOf, makeReason, reasonOfInterrupt } from "../reason.ts"

/** Tells a scope's own interruption from all others. */
export const ScopeKey = "~skein/CancelScope/interruptedBy"

/** The scope that asked for the interruption. */
export const scopeOf = (reason: Cause.Reason<any>): unknown =>
  reason._tag === "Interrupt" ? reason.annotations.get(ScopeKey) : undefined

/** Whether it is the interruption that this scope asked for. */
export const isOwn = (reason: Cause.Reason<any>, scope: object): boolean => scopeOf(reason) === scope

/** An interrupted owner goes on with its interruption; what the work failed with stays beside it, but nobody's cancellation. */
export const left = (cause: Cause.Cause<any>, exit: AnyExit): AnyEffect => {
  if (exit._tag === "Success") return Exit.failCause(cause)
  const rest = exit.cause.reasons.filter((reason: any) => reason._tag !== "Interrupt")
  return Exit.failCause(rest.length === 0 ? cause : Cause.fromReasons([...cause.reasons, ...rest]))
}

/** With a reason for what was asked of the fiber, or by it: people outside do not know that fiber, and would take it for nobody's. */
export const attributed = (fiber: AnyFiber, cause: Cause.Cause<any>): Cause.Cause<any> => {
  const asked = interruptedCause(fiber) !== undefined
  let annotations: Context.Context<never> | undefined
  return Cause.fromReasons(
    cause.reasons.map((reason) => {
      if (reason._tag !== "Interrupt" || reasonOfInterrupt(reason) !== undefined) return reason
      if (!asked && reason.fiberId !== fiber.id) return reason
      annotations ??= annotationsOf(makeReason(fiber, { _tag: "Requested" }))
      return reason.annotate(annotations) as typeof reason
    })
  )
}
