/** From a parsed page to what it adds to the crawl: links with their targets, and the targets that are new. */
import * as Result from "effect/Result"
import { resolve, type Scope } from "../domain/Address.ts"
import { spellings } from "../domain/Fragment.ts"
import type { Document, Kind } from "../domain/Link.ts"
import type { Want } from "../http/Exchange.ts"
import type { FoundLink, Target } from "../store/Store.ts"
import type { Ledger } from "./Ledger.ts"

/** Whose anchors are looked at: those of the site's own pages, also those of other sites, or nobody's. */
export type Fragments = "internal" | "all" | "none"

export interface Rules {
  readonly scope: Scope
  readonly maxDepth: number
  readonly fragments: Fragments
  /** Whether links out of the site are asked for at all. */
  readonly external: boolean
  readonly skip: ReadonlyArray<RegExp>
}

export interface Harvest {
  readonly links: ReadonlyArray<FoundLink>
  readonly discovered: ReadonlyArray<Target>
  /** Links that are not checked, by reason ("mailto", "skipped", ...). */
  readonly ignored: ReadonlyMap<string, number>
}

/** **Cost** linear in the links; each target on a page counts once, where it stands first. */
export const harvest = (
  page: string,
  depth: number,
  document: Document,
  rules: Rules,
  ledger: Ledger
): Harvest => {
  const links: Array<FoundLink> = []
  const discovered: Array<Target> = []
  const ignored = new Map<string, number>()
  const seen = new Set<string>()
  const base = baseOf(page, document.base)
  const ignore = (reason: string): void => void ignored.set(reason, (ignored.get(reason) ?? 0) + 1)

  for (const { attribute, element, kind, line, raw, text } of document.links) {
    const place = { page, line, element, attribute, text }
    const resolved = resolve(raw, base)
    if (Result.isFailure(resolved)) {
      if (!first(seen, raw)) continue
      links.push({ ...place, url: raw.slice(0, 1000), fragment: undefined, problem: resolved.failure })
      continue
    }
    if (resolved.success._tag === "Other") {
      ignore(resolved.success.scheme)
      continue
    }
    const { fragment, url } = resolved.success
    const inside = rules.scope.includes(url)
    if (!inside && !rules.external) {
      ignore("external")
      continue
    }
    if (rules.skip.some((pattern) => pattern.test(url))) {
      ignore("skipped")
      continue
    }
    const checked = kind === "page" ? anchorOf(fragment, inside, rules.fragments) : undefined
    const wanted = wantOf(url, kind, inside && depth < rules.maxDepth, checked !== undefined, rules.scope)
    const target = ledger.claim(url, wanted, depth + 1)
    if (target !== undefined) discovered.push(target)
    if (first(seen, `${url}#${checked ?? ""}`)) {
      links.push({ ...place, url, fragment: checked, problem: undefined })
    }
  }
  return { links, discovered, ignored }
}

const first = (seen: Set<string>, key: string): boolean => !seen.has(key) && seen.add(key) !== undefined

// A base that cannot be used is as good as none.
const baseOf = (page: string, base: string | undefined): string =>
  base !== undefined && URL.canParse(base, page) ? new URL(base, page).href : page

const anchorOf = (fragment: string | undefined, inside: boolean, which: Fragments): string | undefined =>
  which === "none" || (which === "internal" && !inside) || spellings(fragment).length === 0
    ? undefined
    : fragment

// Style sheets belong to the page that names them: they are read however deep it is.
const wantOf = (url: string, kind: Kind, follow: boolean, anchored: boolean, scope: Scope): Want => {
  if (anchored || (kind === "page" && follow)) return "page"
  return kind === "sheet" && scope.owns(new URL(url)) ? "sheet" : "head"
}
