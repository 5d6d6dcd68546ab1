/**
 * `robots.txt`: what a site asks crawlers to leave alone.
 *
 * **Source** RFC 9309.
 */
import { normaliseEncoding } from "./Address.ts"

export interface Robots {
  /** **Cost** the number of rules. */
  readonly allows: (url: URL) => boolean
}

export const ALLOW_ALL: Robots = { allows: () => true }

/** Beyond it a file is not read: the RFC asks for 500 KiB at least. */
const LENGTH_LIMIT = 512 * 1024
/** A pattern has so many stars at most, or a file could make each question costly. */
const STAR_LIMIT = 16

interface Rule {
  readonly allow: boolean
  /** The pattern between its stars; what is before the first star is where a path must begin. */
  readonly pieces: ReadonlyArray<string>
  /** Ended in `$`: the path must end there too. */
  readonly anchored: boolean
  readonly length: number
}

/** The name of a crawler as `User-agent` lines spell it: `linkcheck` of `linkcheck/0.0 (link checker)`. */
export const productOf = (userAgent: string): string =>
  /^[A-Za-z_-]+/.exec(userAgent.trim())?.[0].toLowerCase() ?? ""

/** The rules for one crawler: those of its own groups, else those for everybody (`*`). Nothing malformed fails. */
export const parse = (text: string, userAgent: string): Robots => {
  const product = productOf(userAgent)
  const own: Array<Rule> = []
  const everybody: Array<Rule> = []
  let named = false
  // Whom the rules that come next are for, and whether a `User-agent` line would start a new group.
  let groups: Array<Array<Rule>> = []
  let inRules = true

  for (const line of text.slice(0, LENGTH_LIMIT).split(/\r\n|\r|\n/)) {
    const colon = line.indexOf(":")
    if (colon === -1) continue
    const field = line.slice(0, colon).trim().toLowerCase()
    const value = line
      .slice(colon + 1)
      .replace(/#.*$/, "")
      .trim()
    if (field === "user-agent") {
      if (inRules) groups = []
      inRules = false
      if (value === "*") groups.push(everybody)
      else if (product !== "" && productOf(value) === product) {
        named = true
        groups.push(own)
      }
    } else if (field === "allow" || field === "disallow") {
      inRules = true
      const rule = ruleOf(value, field === "allow")
      if (rule !== undefined) for (const group of groups) group.push(rule)
    }
  }

  const rules = named ? own : everybody
  // The longest pattern decides; of two as long as each other the one that allows.
  rules.sort((a, b) => b.length - a.length || Number(b.allow) - Number(a.allow))
  return {
    allows: (url) => {
      const path = normaliseEncoding(url.pathname + url.search)
      if (path === "/robots.txt") return true
      return rules.find((rule) => matches(rule, path))?.allow ?? true
    }
  }
}

// An empty pattern says nothing; one that begins with neither "/" nor "*" can match no path.
const ruleOf = (value: string, allow: boolean): Rule | undefined => {
  if (!/^[/*]/.test(value)) return undefined
  const anchored = value.endsWith("$")
  const pattern = normaliseEncoding(escapeUnicode(anchored ? value.slice(0, -1) : value))
  const pieces = pattern.split(/\*+/)
  return pieces.length > STAR_LIMIT + 1 ? undefined : { allow, pieces, anchored, length: value.length }
}

// Paths come percent-encoded, patterns as their authors wrote them.
const escapeUnicode = (text: string): string =>
  text.replace(/[^\u0000-\u007f]+/g, (plain) => encodeURIComponent(plain.toWellFormed()))

// Each piece where it comes first: a later place would leave less room for the pieces after it.
const matches = ({ anchored, pieces }: Rule, path: string): boolean => {
  const first = pieces[0]!
  if (!path.startsWith(first)) return false
  if (pieces.length === 1) return !anchored || path.length === first.length
  let at = first.length
  for (let n = 1; n < pieces.length - 1; n++) {
    const found = path.indexOf(pieces[n]!, at)
    if (found === -1) return false
    at = found + pieces[n]!.length
  }
  const last = pieces[pieces.length - 1]!
  return anchored ? path.length - last.length >= at && path.endsWith(last) : path.indexOf(last, at) !== -1
}
