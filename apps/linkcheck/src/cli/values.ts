/** Values of flags, read strictly: what is not understood is refused, never guessed. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `500ms`, `10s`, `2m`, `1h`; a bare number is seconds. Throws on anything else. */
export const parseDuration = (text: string): Duration.Duration => {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(text.trim())
  const millis = match === null ? 0 : Number(match[1]) * UNITS[match[2] ?? "s"]!
  if (millis < 1 || millis > 24 * 3_600_000) {
    throw new Error(`a time between 1ms and 24h like 500ms, 10s or 2m, got "${text}"`)
  }
  return Duration.millis(millis)
}

const SIZES: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** `500k`, `10m`, `1g`, bytes without a unit. Throws on anything else. */
export const parseSize = (text: string): number => {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?$/i.exec(text.trim())
  const bytes = match === null ? 0 : Math.floor(Number(match[1]) * SIZES[match[2]!.toLowerCase()]!)
  if (bytes < 1024 || bytes > 1024 ** 3)
    throw new Error(`a size between 1k and 1g like 500k or 10m, got "${text}"`)
  return bytes
}

/** `Name: value`; none for anything else. */
export const parseHeader = (text: string): Option.Option<readonly [name: string, value: string]> => {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*([\t\x20-\x7e\x80-\xff]*)$/.exec(text)
  return match === null ? Option.none() : Option.some([match[1]!.toLowerCase(), match[2]!.trim()])
}

/** A regular expression. Throws on anything else. */
export const parsePattern = (text: string): RegExp => {
  try {
    return new RegExp(text)
  } catch {
    throw new Error(`a regular expression, got "${text}"`)
  }
}
