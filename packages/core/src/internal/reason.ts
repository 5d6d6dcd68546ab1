/** How a cancel reason travels: as an annotation of the interruption in the Cause. */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"

import { interruptAs } from "./effect.ts"
import { nodeAbove } from "./node.ts"
import { refuse } from "./validate.ts"
import { wallMillis } from "./wallClock.ts"

export const TypeId = "~skein/CancelReason"

interface Common {
  readonly [TypeId]: typeof TypeId
  readonly label: string | undefined
  readonly by: string | undefined
  readonly at: DateTime.Utc
}

export type Reason = Common &
  (
    | { readonly _tag: "Requested" }
    | { readonly _tag: "Deadline"; readonly deadline: DateTime.Utc }
    | { readonly _tag: "SiblingFailed"; readonly sibling: string }
    | { readonly _tag: "OwnerExited" }
    | { readonly _tag: "Shutdown" }
    | { readonly _tag: "Signal"; readonly cause: unknown }
  )

type Distribute<T> = T extends Reason
  ? Omit<T, keyof Common> & { readonly label?: string | undefined; readonly by?: string | undefined }
  : never
export type Fields = Distribute<Reason>

/** Not by `makeUnsafe`: that brings all kinds of dates and zones along. */
export const instant = (millis: number): DateTime.Utc => DateTime.fromDateUnsafe(new Date(millis))

/** A reason as of now, on the fiber's clock; `by` is the path of the task that runs on the fiber unless given. */
export const makeReason = (fiber: Fiber.Fiber<any, any> | undefined, fields: Fields): Reason => {
  const millis = fiber === undefined ? Date.now() : wallMillis(fiber)
  const by = "by" in fields ? fields.by : fiber === undefined ? undefined : nodeAbove(fiber)?.path
  return { [TypeId]: TypeId, ...fields, label: fields.label, by, at: instant(millis) } as Reason
}

export const isReason = (u: unknown): u is Reason => typeof u === "object" && u !== null && TypeId in u

/** "why": the label of a `Requested`; a reason is taken as it is, one written by hand as if made here. */
export const toReason = (fiber: Fiber.Fiber<any, any>, input: string | Reason | undefined): Reason => {
  if (isReason(input)) return input
  if (typeof input === "object" && input !== null) return Object.assign({ [TypeId]: TypeId }, input as Reason)
  return makeReason(fiber, { _tag: "Requested", label: input })
}

const tags = new Set<unknown>(["Requested", "Deadline", "SiblingFailed", "OwnerExited", "Shutdown", "Signal"])

/** The same; throws on what is no reason. */
export const reasonFrom = (where: string, fiber: Fiber.Fiber<any, any>, input: unknown): Reason => {
  const written = typeof input === "object" && input !== null ? (input as Partial<Reason>) : undefined
  const fits =
    written === undefined
      ? input === undefined || typeof input === "string"
      : isReason(written) || (tags.has(written._tag) && DateTime.isDateTime(written.at))
  if (!fits) refuse(where, "reason must be a string or a CancelReason", input)
  return toReason(fiber, input as string | Reason | undefined)
}

const annotations = new WeakMap<Reason, Context.Context<never>>()

/** One Context per reason: 100,000 tasks cancelled together share it. */
export const annotationsOf = (reason: Reason): Context.Context<never> => {
  let context = annotations.get(reason)
  if (context === undefined) {
    context = Context.makeUnsafe<never>(new Map([[TypeId, reason]]))
    annotations.set(reason, context)
  }
  return context
}

/** Asks the fiber to stop; what it runs next happens inline, so call it through the trampoline. */
export const interruptWith = (fiber: Fiber.Fiber<any, any>, reason: Reason, by: number | undefined): void =>
  interruptAs(fiber, exitOf(reason, by), by, annotationsOf(reason))

let lastReason: Reason | undefined
let lastBy: number | undefined
let lastExit: Exit.Failure<never, never> | undefined

/** Fibers that are cancelled together are cancelled one after the other: they share the exit. */
const exitOf = (reason: Reason, by: number | undefined): Exit.Failure<never, never> => {
  if (lastExit !== undefined && reason === lastReason && by === lastBy) return lastExit
  lastReason = reason
  lastBy = by
  const cause = Cause.annotate(Cause.interrupt(by), annotationsOf(reason))
  return (lastExit = Exit.failCause(cause) as Exit.Failure<never, never>)
}

export const reasonOfInterrupt = (interrupt: Cause.Interrupt): Reason | undefined =>
  interrupt.annotations.get(TypeId) as Reason | undefined

/** The reason of the first interruption in the Cause that has one. */
export const reasonOf = (cause: Cause.Cause<unknown>): Reason | undefined => {
  for (const reason of cause.reasons) {
    if (reason._tag !== "Interrupt") continue
    const found = reasonOfInterrupt(reason)
    if (found !== undefined) return found
  }
  return undefined
}

/** For people, in one line: what happened and to whom it is due. */
export const describeReason = (reason: Reason): string => {
  const by = reason.by === undefined ? "" : ` by ${reason.by}`
  const named = reason.label === undefined ? "" : ` "${reason.label}"`
  switch (reason._tag) {
    case "Requested":
      return `cancelled${by}${named === "" ? "" : `:${named}`}`
    case "Deadline": {
      const where = reason.by === undefined ? "" : ` in ${reason.by}`
      return `deadline${named === "" ? "" : ` of${named}`}${where} passed`
    }
    case "SiblingFailed":
      return `cancelled because ${reason.sibling} failed`
    case "OwnerExited":
      return `cancelled because its owner${reason.by === undefined ? "" : ` ${reason.by}`} exited`
    case "Shutdown":
      return `cancelled by shutdown${reason.label === undefined ? "" : ` (${reason.label})`}`
    case "Signal":
      return `aborted by a signal${describeSignalCause(reason.cause)}`
  }
}

// It comes from outside and may be anything, also something that throws when looked at.
const describeSignalCause = (cause: unknown): string => {
  if (cause === undefined) return ""
  try {
    return cause instanceof Error ? `: ${cause.name}: ${cause.message}` : `: ${String(cause)}`
  } catch {
    return ""
  }
}

export const describeInterrupt = (interrupt: Cause.Interrupt): string => {
  const reason = reasonOfInterrupt(interrupt)
  if (reason !== undefined)
    return `Interrupted: ${describeReason(reason)} at ${DateTime.formatIso(reason.at)}`
  return interrupt.fiberId === undefined ? "Interrupted" : `Interrupted by fiber #${interrupt.fiberId}`
}
