/** Checks of arguments: what can never work dies at once, naming module, parameter, bound and value. */
import * as Duration from "effect/Duration"

export class InvalidArgument extends Error {
  override readonly name = "InvalidArgument"
}

const show = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : String(value))

/** Throws unless `value` is an integer of at least `min`. */
export const integer = (where: string, parameter: string, value: number, min: number): number => {
  if (Number.isInteger(value) && value >= min) return value
  throw new InvalidArgument(`${where}: ${parameter} must be an integer >= ${min}, got ${show(value)}`)
}

/** Milliseconds of a duration; Infinity for an infinite one. Throws on what is no duration and on negative ones. */
export const millis = (where: string, parameter: string, input: Duration.Input): number => {
  let value = Number.NaN
  try {
    value = Duration.toMillis(Duration.fromInputUnsafe(input))
  } catch {
    // reported below
  }
  if (value >= 0 && !Number.isNaN(input)) return value
  throw new InvalidArgument(`${where}: ${parameter} must be a duration, got ${show(input)}`)
}
