/**
 * What has been handed out already: each URL once, or twice when it was first only asked for ("head") and later turns
 * out to be a page or a style sheet to read, or a page whose anchors are needed.
 */
import type { Want } from "../http/Exchange.ts"
import type { KnownTarget, Target } from "../store/Store.ts"

export interface Ledger {
  /** The job that this mention of an URL makes necessary; undefined when it is known already, or the limit is reached. */
  readonly claim: (url: string, want: Want, depth: number) => Target | undefined
  /** True for the first who arrives at a page, under whatever URL: its links are recorded by that one alone. */
  readonly enter: (page: string) => boolean
  readonly size: () => number
  /** Mentions that were turned away because of the limit. */
  readonly turnedAway: () => number
}

// Whoever reads a page reads a style sheet as well, should it be one.
const NEED = { head: 0, sheet: 1, page: 2 }

export const make = (limit: number, known: ReadonlyArray<KnownTarget> = []): Ledger => {
  const wants = new Map<string, Want>()
  const pages = new Set<string>()
  let turnedAway = 0
  for (const target of known) {
    wants.set(target.url, target.want)
    if (target.parsed === 1 && target.state !== "pending") pages.add(target.final ?? target.url)
  }
  return {
    claim: (url, want, depth) => {
      const before = wants.get(url)
      if (before !== undefined && NEED[before] >= NEED[want]) return undefined
      if (before === undefined && wants.size >= limit) {
        turnedAway++
        return undefined
      }
      wants.set(url, want)
      return { url, want, depth }
    },
    enter: (page) => {
      if (pages.has(page)) return false
      pages.add(page)
      return true
    },
    size: () => wants.size,
    turnedAway: () => turnedAway
  }
}
