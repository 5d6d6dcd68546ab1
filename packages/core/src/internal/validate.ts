/** Checks of arguments: what can never work dies at once, naming module, parameter, bound and value. */
import * as Duration from "effect/Duration"

export class InvalidArgument extends Error {
  override readonly name = "InvalidArgument"
}

const show = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : String(value))

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
  if (typeof input === "number" && Number.isNaN(input)) {
    throw new InvalidArgument(`${where}: ${parameter} must be a duration, got NaN`)
  }
  let value: number
  try {
    value = Duration.toMillis(Duration.fromInputUnsafe(input))
  } catch {
    throw new InvalidArgument(`${where}: ${parameter} must be a duration, got ${show(input)}`)
  }
  if (Number.isNaN(value))
    throw new InvalidArgument(`${where}: ${parameter} must be a duration, got ${show(input)}`)
  return value
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
