/** What the exits of a gathering's effects make of the whole, for each operation of `Gather`. */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"

import type { AnyExit } from "../effect.ts"
import type { Rule } from "./gathering.ts"

/** All values in input order; the first failure decides. */
export const all = (shape: (values: Array<unknown>) => unknown): Rule => {
  const values: Array<unknown> = []
  let failed: AnyExit | undefined
  return {
    exited: (index, exit) => {
      if (exit._tag === "Success") {
        values[index] = exit.value
        return false
      }
      failed = exit
      return true
    },
    outcome: () => failed ?? Exit.succeed(shape(values))
  }
}

/** Every exit as it is. */
export const settled = (shape: (exits: Array<unknown>) => unknown): Rule => {
  const exits: Array<unknown> = []
  return {
    lenient: true,
    exited: (index, _exit, raw) => {
      exits[index] = raw
      return false
    },
    outcome: () => Exit.succeed(shape(exits))
  }
}

/** The first exit, whatever it is. */
export const race = (): Rule => {
  let first: AnyExit | undefined
  return {
    lenient: true,
    exited: (_index, exit) => {
      first = exit
      return true
    },
    outcome: () => first!
  }
}

/**
 * The first n successes, in order of completion. Fails, with all failures in order of time, as soon as there cannot be n;
 * a defect decides at once.
 */
export const quorum = (n: number, size: number, shape: (values: Array<unknown>) => unknown): Rule => {
  const values: Array<unknown> = []
  const causes: Array<Cause.Cause<unknown>> = []
  const failure = (): AnyExit =>
    Exit.failCause(Cause.fromReasons(causes.flatMap((cause) => [...cause.reasons])))
  return {
    lenient: true,
    exited: (_index, exit) => {
      if (exit._tag === "Success") {
        values.push(exit.value)
        return values.length === n
      }
      causes.push(exit.cause)
      return Cause.hasDies(exit.cause) || size - causes.length < n
    },
    outcome: () => (values.length === n ? Exit.succeed(shape(values)) : failure())
  }
}

/** The first success that satisfies; the first failure decides. */
export const firstMatching = (predicate: (value: unknown) => boolean): Rule => {
  let found: Option.Option<unknown> = Option.none()
  let failed: AnyExit | undefined
  return {
    exited: (_index, exit) => {
      if (exit._tag === "Failure") {
        failed = exit
        return true
      }
      try {
        if (!predicate(exit.value)) return false
      } catch (defect) {
        failed = Exit.die(defect)
        return true
      }
      found = Option.some(exit.value)
      return true
    },
    outcome: () => failed ?? Exit.succeed(found)
  }
}

/** Each success is handed on as it comes; the first failure decides. */
export const asCompleted = (emit: (value: unknown) => void): Rule => {
  let failed: AnyExit | undefined
  return {
    exited: (_index, exit) => {
      if (exit._tag === "Success") {
        emit(exit.value)
        return false
      }
      failed = exit
      return true
    },
    outcome: () => failed ?? Exit.void
  }
}
