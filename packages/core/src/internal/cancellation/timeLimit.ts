/** From what users write to milliseconds from now. */
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

import { isSync } from "../effect.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { wallMillis } from "../wallClock.ts"
import { enterLocalScope } from "./localScope.ts"
import * as internal from "./scopes.ts"
import {
  callable,
  InvalidArgument,
  isOptions,
  millis,
  options,
  name as checkName,
  refuse
} from "../validate.ts"

interface When {
  readonly timeout?: Duration.Input | undefined
  readonly deadline?: DateTime.DateTime | undefined
}

export interface Limit {
  readonly name?: string | undefined
  readonly onTimeout?: ((error: any) => unknown) | undefined
}

/** How a call with the effect first is told from one that gives it later, also where it is no effect. */
export const isDataFirst = (args: ArrayLike<unknown>): boolean =>
  Effect.isEffect(args[0]) || (args[1] !== undefined && !isOptions(args[1]))

/** The limit in milliseconds of a call of `failAfter` or the like, or why there can be none. */
export const checked = (
  where: string,
  self: AnyEffect,
  parameter: string,
  input: Duration.Input,
  given: Limit | undefined
): number | InvalidArgument => {
  try {
    if (!Effect.isEffect(self)) refuse(where, "expected an effect", self)
    if (given !== undefined) {
      options(where, given)
      checkName(where, given.name)
      if (given.onTimeout !== undefined) callable(where, "onTimeout", given.onTimeout)
    }
    return millis(where, parameter, input)
  } catch (error) {
    return error as InvalidArgument
  }
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
  return enterLocalScope(
    self,
    (owner, work, began) => new internal.FailAfter(owner, where, work, limit, name, onTimeout, began)
  )
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
  if (when?.timeout !== undefined && when.deadline !== undefined) {
    return new InvalidArgument(`${where}: expected a timeout or a deadline, got both`)
  }
  if (when?.timeout !== undefined) return limitOf(where, "timeout", when.timeout)
  if (when?.deadline === undefined) return Infinity
  if (!DateTime.isDateTime(when.deadline)) {
    return new InvalidArgument(`${where}: deadline must be a DateTime, got ${String(when.deadline)}`)
  }
  return DateTime.toEpochMillis(when.deadline) - wallMillis(fiber)
}
