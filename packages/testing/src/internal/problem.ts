import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import { format } from "effect/Formatter"
import type * as Option from "effect/Option"

/**
 * One step of the printed interleaving.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step {
  readonly fiber: string
  /** The source text of the step where it is known, else the name of the operation. */
  readonly operation: string
  /** File, line and column. */
  readonly source: Option.Option<string>
}

/**
 * What an explored program did wrong.
 *
 * @category models
 * @since 0.1.0
 */
export type Problem =
  | { readonly _tag: "Rejected"; readonly exit: Exit.Exit<unknown, unknown> }
  | { readonly _tag: "Deadlock"; readonly waiting: ReadonlyArray<string> }
  | { readonly _tag: "Leak"; readonly what: ReadonlyArray<string> }
  | { readonly _tag: "InvariantBroken"; readonly cause: unknown }
  | { readonly _tag: "Livelock"; readonly steps: number }
  /** Something outside the explorer's control took part: a real timer, a promise, I/O. */
  | { readonly _tag: "Nondeterminism"; readonly where: string }

/** The same for the same problem found by another schedule. @internal */
export const signatureOf = (problem: Problem): string => {
  switch (problem._tag) {
    case "Rejected":
      return `Rejected ${Exit.isSuccess(problem.exit) ? "" : problem.exit.cause.reasons.map(nameOfReason).join()}`
    case "InvariantBroken":
      return `InvariantBroken ${firstLine(problem.cause)}`
    default:
      return problem._tag
  }
}

const nameOfReason = (reason: Cause.Reason<unknown>): string => {
  switch (reason._tag) {
    case "Fail":
      return `Fail ${firstLine(reason.error)}`
    case "Die":
      return `Die ${firstLine(reason.defect)}`
    case "Interrupt":
      return "Interrupt"
  }
}

const firstLine = (u: unknown): string => {
  const text =
    u instanceof Error ? `${u.name}: ${u.message}` : typeof u === "string" ? u : String(safeJson(u))
  return text.split("\n", 1)[0]!
}

const safeJson = (u: unknown): string | undefined => {
  try {
    return JSON.stringify(u)
  } catch {
    return String(u)
  }
}

/** A value for people. @internal */
export const firstLineOf = (u: unknown): string => format(u).split("\n", 1)[0]!

/** @internal */
export const printProblem = (problem: Problem): string => {
  switch (problem._tag) {
    case "Rejected":
      return Exit.isSuccess(problem.exit)
        ? `the program ended with a success that accept refused: ${firstLineOf(problem.exit.value)}`
        : `the program failed:\n${indent(printCause(problem.exit.cause))}`
    case "Deadlock":
      return `deadlock: nothing can run, and the program has not ended\n${indent(problem.waiting.join("\n"))}`
    case "Leak":
      return `leak: the program has ended and left behind:\n${indent(problem.what.join("\n"))}`
    case "InvariantBroken":
      return `invariant broken: ${problem.cause instanceof Error ? problem.cause.message : firstLine(problem.cause)}`
    case "Livelock":
      return `livelock: the program has not ended after ${problem.steps} steps`
    case "Nondeterminism":
      return `nondeterminism: ${problem.where}`
  }
}

/** Tagged errors say what they are about in their fields, and mostly have no message. */
const printCause = (cause: Cause.Cause<unknown>): string => {
  let text = Cause.pretty(cause)
  for (const reason of cause.reasons) {
    const error = reason._tag === "Fail" ? reason.error : reason._tag === "Die" ? reason.defect : undefined
    if (!(error instanceof Error) || error.message !== "") continue
    const { _tag, ...fields } = error as unknown as Record<string, unknown>
    const shown = Object.keys(fields).length === 0 ? undefined : safeJson(fields)
    if (shown !== undefined) text = text.replace(`${error.name}: \n`, () => `${error.name}: ${shown}\n`)
  }
  return text
}

/** @internal */
export const indent = (text: string): string => text.replace(/^/gm, "  ")
