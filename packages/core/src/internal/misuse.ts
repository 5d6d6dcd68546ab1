/**
 * What plain JavaScript hands over where types would have refused it. Effect's run loop ends a fiber that comes to what is no
 * effect without leaving what is on its stack: nothing would be given back, no cleanup run. So it is looked at before.
 */
import * as Exit from "effect/Exit"

import { evaluate } from "./effect.ts"
import type { AnyEffect } from "./effect.ts"
import { InvalidArgument, name, options as optionsIn, show } from "./validate.ts"

export const wrongType = (where: string, what: string, wanted: string, got: unknown): InvalidArgument =>
  new InvalidArgument(`${where}: ${what} must be ${wanted}, got ${show(got)}`)

/** Of what an operation works on: one that was not yielded, or of another kind. */
export const wrongSelf = (where: string, wanted: string, got: unknown): InvalidArgument =>
  new InvalidArgument(`${where}: expected ${wanted}, got ${show(got)}`)

/** Throws. */
export const expected = (where: string, wanted: string, got: unknown): never => {
  throw wrongSelf(where, wanted, got)
}

/** Throws unless it can be called. */
export const functionOf = (where: string, wanted: string, got: unknown): void => {
  if (typeof got !== "function") expected(where, wanted, got)
}

/** The name among options that may be left out. Throws where there are other things than options, or another thing than a name. */
export const nameIn = (
  where: string,
  options: { readonly name?: string | undefined } | undefined
): string | undefined => {
  if (options === undefined) return undefined
  optionsIn(where, options)
  name(where, options.name)
  return options.name
}

/** `Effect.isEffect` for hot paths: a look at what the run loop is about to call. */
export const canRun = (effect: unknown): boolean => (effect as any)?.[evaluate] !== undefined

/** Instead of what was to run while something is held. */
export const noEffect = (where: string, got: unknown, what = "effect"): AnyEffect =>
  Exit.die(wrongType(where, what, "an Effect", got))

/** The effect; what is none becomes a defect. */
export const effectOf = (where: string, effect: AnyEffect): AnyEffect =>
  canRun(effect) ? effect : Exit.die(wrongSelf(where, "an effect", effect))
