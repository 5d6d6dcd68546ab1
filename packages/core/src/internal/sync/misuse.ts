/** Wrong types, for those whom no type checker tells. */
import * as Exit from "effect/Exit"

import type { AnyEffect } from "../effect.ts"
import { InvalidArgument } from "../validate.ts"

export const wrongType = (where: string, what: string, wanted: string, got: unknown): InvalidArgument => {
  let shown: string
  if (typeof got === "string") shown = JSON.stringify(got)
  // A function's text is long, and not all objects have one.
  else if (got !== null && (typeof got === "function" || typeof got === "object"))
    shown = Object.prototype.toString.call(got)
  else shown = String(got)
  return new InvalidArgument(`${where}: ${what} must be ${wanted}, got ${shown}`)
}

/**
 * Of what was to run while something is held. Effect's run loop refuses what is no effect without leaving what is on the stack:
 * nothing would be given back.
 */
export const noEffect = (where: string, got: unknown, what = "effect"): AnyEffect =>
  Exit.die(wrongType(where, what, "an Effect", got))
