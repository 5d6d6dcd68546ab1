/** A time limit in a request header, in gRPC's notation: at most eight digits and a unit. */

const unitMillis: Readonly<Record<string, number>> = {
  n: 1e-6,
  u: 1e-3,
  m: 1,
  S: 1_000,
  M: 60_000,
  H: 3_600_000
}

const maxDigits = 99_999_999

/** Milliseconds; Infinity for whatever is not in the notation: it comes from outside. */
export const parseTimeout = (header: unknown): number => {
  if (typeof header !== "string") return Infinity
  const match = /^(\d{1,8})([HMSmun])$/.exec(header)
  return match === null ? Infinity : Number(match[1]) * unitMillis[match[2]!]!
}

/** The finest unit, from milliseconds up, that holds it; rounded down, for the callee must not take longer. */
export const formatTimeout = (millis: number): string => {
  for (const unit of ["m", "S", "M"]) {
    const value = Math.floor(millis / unitMillis[unit]!)
    if (value <= maxDigits) return `${value}${unit}`
  }
  return `${Math.min(Math.floor(millis / unitMillis["H"]!), maxDigits)}H`
}
