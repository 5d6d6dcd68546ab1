/** From what users write to milliseconds from now. */
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

import { isSync } from "../effect.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { wallMillis } from "../wallClock.ts"
import { enterScope } from "./scope.ts"
import * as internal from "./scopes.ts"
import { InvalidArgument, millis } from "../validate.ts"

interface When {
  readonly timeout?: Duration.Input | undefined
  readonly deadline?: DateTime.DateTime | undefined
}

/** `failAfter` of a checked number of milliseconds. */
export const failWithin = (
  where: string,
  self: AnyEffect,
  limit: number,
  name: string | undefined,
  onTimeout: ((error: internal.DeadlineExceeded) => unknown) | undefined
): AnyEffect => {
  // What is done already is not too late.
  if (limit === Infinity || Exit.isExit(self)) return self
  if (limit <= 0)
    return Effect.suspend(() => Effect.fail(internal.exceeded(name, limit, undefined, onTimeout)))
  if (isSync(self)) return self
  return enterScope((owner) => new internal.FailAfter(owner, where, self, limit, name, onTimeout))
}

/** Milliseconds, or why they are none. */
export const limitOf = (
  where: string,
  parameter: string,
  input: Duration.Input
): number | InvalidArgument => {
  try {
    return millis(where, parameter, input)
  } catch (error) {
    return error as InvalidArgument
  }
}

/** Milliseconds from now. */
export const limitOfWhen = (
  where: string,
  fiber: AnyFiber,
  when: When | undefined
): number | InvalidArgument => {
  if (when?.timeout !== undefined) return limitOf(where, "timeout", when.timeout)
  if (when?.deadline === undefined) return Infinity
  if (!DateTime.isDateTime(when.deadline)) {
    return new InvalidArgument(`${where}: deadline must be a DateTime, got ${String(when.deadline)}`)
  }
  return DateTime.toEpochMillis(when.deadline) - wallMillis(fiber)
}
