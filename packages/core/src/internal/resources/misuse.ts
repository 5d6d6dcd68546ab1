/**
 * What plain JavaScript may hand over. Effect's run loop ends a fiber at once that comes to what is no effect, without its
 * cleanup: so it is looked at before.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

import type { AnyEffect } from "../effect.ts"
import { InvalidArgument } from "../validate.ts"

export const shown = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(value)
  if (typeof value === "function") return "a function"
  if (value instanceof Promise) return "a Promise"
  if (Effect.isEffect(value)) return "an effect"
  return Array.isArray(value) ? "an array" : String(value)
}

/** Throws. */
export const expected = (where: string, what: string, value: unknown): never => {
  throw new InvalidArgument(`${where}: expected ${what}, got ${shown(value)}`)
}

/** Throws unless it can be called. */
export const functionOf = (where: string, what: string, value: unknown): void => {
  if (typeof value !== "function") expected(where, what, value)
}

/** The effect; what is none becomes a defect. */
export const effectOf = (where: string, value: unknown): AnyEffect =>
  // A load costs a part of what `in` of `Effect.isEffect` does, when effects of many shapes come along.
  (value as any)?.["~effect/Effect"] !== undefined
    ? (value as AnyEffect)
    : Exit.die(new InvalidArgument(`${where}: expected an effect, got ${shown(value)}`))
