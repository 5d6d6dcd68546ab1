/** Wrong types, for those whom no type checker tells. */
import * as Exit from "effect/Exit"

import { evaluate } from "../effect.ts"
import type { AnyEffect } from "../effect.ts"
import { InvalidArgument, show } from "../validate.ts"

export const wrongType = (where: string, what: string, wanted: string, got: unknown): InvalidArgument =>
  new InvalidArgument(`${where}: ${what} must be ${wanted}, got ${show(got)}`)

/** Of what an operation works on: one that was not yielded, or of another kind. */
export const wrongSelf = (where: string, wanted: string, got: unknown): InvalidArgument =>
  new InvalidArgument(`${where}: expected ${wanted}, got ${show(got)}`)

/** `Effect.isEffect` for hot paths: a look at what the run loop is about to call. */
export const canRun = (effect: AnyEffect): boolean =>
  effect !== null && effect !== undefined && (effect as any)[evaluate] !== undefined

/**
 * Of what was to run while something is held. Effect's run loop refuses what is no effect without leaving what is on the stack:
 * nothing would be given back.
 */
export const noEffect = (where: string, got: unknown, what = "effect"): AnyEffect =>
  Exit.die(wrongType(where, what, "an Effect", got))
