import * as Effect from "effect/Effect"

/** A defect that names module, parameter, bound and value. @internal */
export const misuse = (where: string, parameter: string, bound: string, got: unknown): Error =>
  new Error(`${where}: ${parameter} must be ${bound}, got ${shown(got)}`)

/** @internal */
export const mustBeFunction = (where: string, parameter: string, u: unknown, bound = "a function"): void => {
  if (typeof u !== "function") throw misuse(where, parameter, bound, u)
}

/** @internal */
export const mustBeEffect = (where: string, parameter: string, u: unknown): void => {
  if (!Effect.isEffect(u)) throw misuse(where, parameter, "an Effect", u)
}

/** @internal */
export const mustBeOptions = (where: string, parameter: string, u: unknown): void => {
  if (!isOptions(u)) throw misuse(where, parameter, "an object", u)
}

/** @internal */
export const mustBeCount = (where: string, parameter: string, u: unknown): void => {
  if (!Number.isInteger(u) || (u as number) < 1) throw misuse(where, parameter, "an integer >= 1", u)
}

/** @internal */
export const mustBeOneOf = (
  where: string,
  parameter: string,
  known: ReadonlyArray<unknown>,
  u: unknown
): void => {
  if (!known.includes(u)) throw misuse(where, parameter, `one of ${known.map(shown).join(", ")}`, u)
}

/** True and false, or a list of kinds. @internal */
export const mustBeLeaks = (where: string, kinds: ReadonlyArray<string>, u: unknown): void => {
  if (typeof u === "boolean") return
  if (!Array.isArray(u)) throw misuse(where, "leaks", "true, false or a list of kinds", u)
  for (const kind of u) mustBeOneOf(where, "each of leaks", kinds, kind)
}

/** What could be options: an object that is no Effect. @internal */
export const isOptions = (u: unknown): boolean => typeof u === "object" && u !== null && !Effect.isEffect(u)

const shown = (u: unknown): string => {
  if (Effect.isEffect(u)) return "an Effect"
  if (u instanceof Promise) return "a promise"
  if (typeof u === "function") return "a function"
  if (typeof u === "string") return JSON.stringify(u)
  if (typeof u === "object" && u !== null) return Array.isArray(u) ? "an array" : "an object"
  return String(u)
}
