/**
 * Runs a generator of effects so that its `finally` blocks run however it ends.
 *
 * `Effect.gen` abandons the iterator when a yielded effect fails or the fiber is interrupted. Here that calls the
 * iterator's `return()`, and what its `finally` blocks yield runs in the surrounding uninterruptible region.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

import { interruptedCause, isInterrupted } from "../effect.ts"
import type { AnyEffect, AnyExit } from "../effect.ts"
import { effectOf, expected, functionOf } from "../misuse.ts"

export type Body = Iterator<AnyEffect, unknown, any>

type Restore = (effect: AnyEffect) => AnyEffect

/** The hooks are read before each step: they may be changed while the generator runs. */
export interface Driver {
  readonly where: string
  readonly iterator: Body
  /** Around each yielded effect; undefined where the code of the generator is not to be interrupted. */
  restore: Restore | undefined
  /** Sees each yielded effect before it runs; when an effect comes back, that runs and the generator stays suspended. */
  pause: ((yielded: AnyEffect) => AnyEffect | undefined) | undefined
  /** Wraps what is left of the run, before each next step. */
  rest: ((rest: AnyEffect) => AnyEffect) | undefined
  /** Set once it ends early: from then on only its `finally` blocks run. */
  unwinding: boolean
}

/** Calls the generator function; throws when it is none. */
export const begin = <A>(where: string, body: (argument: A) => Body, argument: A): Body => {
  functionOf(where, "a generator function", body)
  const iterator = body(argument) as Partial<AsyncGenerator> & Body
  if (typeof iterator?.next === "function" && iterator[Symbol.asyncIterator] === undefined) return iterator
  return expected(where, "a generator function", body)
}

/** Must run uninterruptibly as a whole: of two such regions in a row an interruption would skip the second. */
export const drive = (driver: Driver, value?: unknown): AnyEffect =>
  Effect.withFiber((fiber) => {
    const { iterator, restore } = driver
    // Noticed here, it unwinds from the last step: a `finally` that would come next still runs as a whole.
    if (restore !== undefined && isInterrupted(fiber)) return unwind(driver, interruptedCause(fiber)!)
    const step = iterator.next(value)
    if (step.done === true) return Effect.succeed(step.value)
    const paused = driver.pause?.(step.value)
    if (paused !== undefined) return paused
    const yielded = effectOf(driver.where, step.value)
    const effect = restore === undefined ? yielded : restore(yielded)
    return Effect.flatMap(Effect.exit(effect), (exit) => resume(driver, exit))
  })

/** Goes on after a step that ended so. */
export const resume = (driver: Driver, exit: Exit.Exit<unknown, unknown>): AnyEffect => {
  const next = Exit.isSuccess(exit) ? drive(driver, exit.value) : unwind(driver, exit.cause)
  return driver.rest === undefined ? next : driver.rest(next)
}

/**
 * Ends the generator: its `finally` blocks run, innermost first, then it fails with the cause. What fails in them joins
 * the cause and does not keep the outer ones from running.
 */
export const unwind = (driver: Driver, cause: Cause.Cause<unknown>): AnyEffect =>
  Effect.suspend(() => {
    let step: IteratorResult<AnyEffect, unknown>
    driver.unwinding = true
    try {
      step = driver.iterator.return?.(undefined) ?? { done: true, value: undefined }
    } catch (defect) {
      return Effect.failCause(Cause.combine(cause, Cause.die(defect)))
    }
    return cleanup(driver, cause, step)
  })

const cleanup = (
  driver: Driver,
  cause: Cause.Cause<unknown>,
  step: IteratorResult<AnyEffect, unknown>
): AnyEffect => {
  if (step.done === true) return Effect.failCause(cause)
  return Effect.flatMap(Effect.exit(effectOf(driver.where, step.value)), (exit) => {
    if (Exit.isFailure(exit)) return unwind(driver, Cause.combine(cause, exit.cause))
    let next: IteratorResult<AnyEffect, unknown>
    try {
      next = driver.iterator.next(exit.value)
    } catch (defect) {
      return Effect.failCause(Cause.combine(cause, Cause.die(defect)))
    }
    return cleanup(driver, cause, next)
  })
}

export const withCause = (exit: AnyExit, cause: Cause.Cause<unknown>): AnyExit =>
  Exit.failCause(Exit.isSuccess(exit) ? cause : Cause.combine(exit.cause, cause))

/** The exit, after `cleanup`; what that fails with stands behind it in the Cause. */
export const beside = (exit: AnyExit, cleanup: AnyEffect): AnyEffect =>
  Effect.matchCauseEffect(cleanup, { onSuccess: () => exit, onFailure: (cause) => withCause(exit, cause) })

export const isNoInterrupt = (reason: Cause.Reason<unknown>): boolean => reason._tag !== "Interrupt"

/** Failures as a finalizer has them: defects. */
export const asDefects = (cause: Cause.Cause<unknown>): Cause.Cause<never> =>
  Cause.fromReasons(
    cause.reasons.map((reason) => (reason._tag === "Fail" ? Cause.makeDieReason(reason.error) : reason))
  )
