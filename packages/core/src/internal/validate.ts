/** Checks of arguments: what can never work dies at once, naming module, parameter, bound and value. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

export class InvalidArgument extends Error {
  override readonly name = "InvalidArgument"
}

/** What was given, in a few words. */
export const show = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(value)
  if (typeof value === "function") return "a function"
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (value instanceof Promise) return "a Promise"
  if (Effect.isEffect(value)) return "an Effect"
  try {
    const text = String(value)
    return text === "[object Object]" ? "an object" : text
  } catch {
    return "an object"
  }
}

/** Throws; `wanted` says what would have been right. */
export const refuse = (where: string, wanted: string, given: unknown): never => {
  throw new InvalidArgument(`${where}: ${wanted}, got ${show(given)}`)
}

/** Throws unless it is an effect; what is not would end its fiber with a TypeError, far from here. */
export const effect = <A>(where: string, value: A, expected = "expected an effect"): A =>
  Effect.isEffect(value) ? value : refuse(where, expected, value)

/** Throws unless it is a function. */
export const callable = <F>(where: string, parameter: string, value: F): F =>
  typeof value === "function" ? value : refuse(where, `${parameter} must be a function`, value)

/** Throws unless it is a string, or absent. */
export const name = (where: string, value: unknown): void => {
  if (value !== undefined && typeof value !== "string") refuse(where, "name must be a string", value)
}

/** True for what may hold options; not for what is passed in their place by mistake. */
export const isOptions = (u: unknown): u is object =>
  isPlain(u) ||
  (typeof u === "object" && u !== null && !Array.isArray(u) && !Effect.isEffect(u) && !(u instanceof Promise))

/** Written as a literal, as options are: the look that costs least. */
export const isPlain = (u: unknown): u is object =>
  typeof u === "object" && u !== null && Object.getPrototypeOf(u) === Object.prototype

/** Throws unless it may hold options. */
export const options = (where: string, value: unknown, expected = "options"): void => {
  if (!isOptions(value)) refuse(where, `expected ${expected}`, value)
}

/** Throws unless it can be iterated over; a copy, read once. */
export const iterable = <A>(where: string, expected: string, value: Iterable<A>): Array<A> =>
  typeof value === "object" && value !== null && Symbol.iterator in value && !Effect.isEffect(value)
    ? Array.from(value)
    : typeof value === "string"
      ? Array.from(value)
      : refuse(where, `expected ${expected}`, value)

/** Throws where a predicate gave a promise, an effect or the like: as a condition that is always true. */
export const verdict = (where: string, parameter: string, value: unknown): boolean =>
  typeof value === "function" || (typeof value === "object" && value !== null)
    ? refuse(where, `the result of ${parameter} must be a boolean`, value)
    : Boolean(value)

/** Throws unless `value` is an integer (or Infinity where allowed) of at least `min`. */
export const integer = (
  where: string,
  parameter: string,
  value: number,
  min: number,
  options?: { readonly infinity?: boolean }
): number => {
  const fits =
    typeof value === "number" &&
    (Number.isInteger(value) || (options?.infinity === true && value === Infinity))
  if (!fits || value < min) {
    const kind = options?.infinity === true ? "an integer or Infinity" : "an integer"
    throw new InvalidArgument(`${where}: ${parameter} must be ${kind} >= ${min}, got ${show(value)}`)
  }
  return value
}

/** Milliseconds of a duration; Infinity for an infinite one. Throws on NaN and on what is no duration. */
export const millis = (where: string, parameter: string, input: Duration.Input): number => {
  let value = NaN
  try {
    if (isDurationLike(input)) value = Duration.toMillis(Duration.fromInputUnsafe(input))
  } catch {
    // Effect says the same without saying where.
  }
  return Number.isNaN(value) ? refuse(where, `${parameter} must be a duration`, input) : value
}

const units = new Set([
  "weeks",
  "days",
  "hours",
  "minutes",
  "seconds",
  "milliseconds",
  "microseconds",
  "nanoseconds"
])

// Effect takes NaN, in whatever form, and objects with none of the units for a duration of nothing.
const isDurationLike = (input: unknown): boolean => {
  if (typeof input === "number") return !Number.isNaN(input)
  if (typeof input !== "object" || input === null || Duration.isDuration(input)) return true
  if (Array.isArray(input)) return !input.some(Number.isNaN)
  const entries = Object.entries(input).filter(([, value]) => value !== undefined)
  return (
    entries.length > 0 &&
    entries.every(([unit, value]) => units.has(unit) && typeof value === "number" && !Number.isNaN(value))
  )
}

/** The same for a duration that cannot be negative. */
export const nonNegativeMillis = (
  where: string,
  parameter: string,
  input: Duration.Input,
  options?: { readonly zero?: boolean }
): number => {
  const value = millis(where, parameter, input)
  const zero = options?.zero !== false
  if (value > 0 || (zero && value === 0)) return value
  const given = typeof input === "object" ? `${value} ms` : show(input)
  throw new InvalidArgument(`${where}: ${parameter} must be a duration ${zero ? ">=" : ">"} 0, got ${given}`)
}
