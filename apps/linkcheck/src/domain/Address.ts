/** URLs as the crawl knows them: parsed, brought to one spelling, and judged to be inside or outside the site. */
import * as Result from "effect/Result"
import { InvalidUrl } from "./Problem.ts"

/** What a link leads to. */
export type Resolved =
  | { readonly _tag: "Http"; readonly url: string; readonly fragment: string | undefined }
  /** `mailto:`, `tel:`, `javascript:`, `data:` and the like: nothing to ask over HTTP. */
  | { readonly _tag: "Other"; readonly scheme: string }

/** Longer than any server takes; beyond it lie traps that add a segment per visit. */
export const MAX_URL_LENGTH = 8192

/** Resolves a link as a browser does; the URL comes without fragment, user name and password. */
export const resolve = (raw: string, base: string | URL): Result.Result<Resolved, InvalidUrl> => {
  const inline = /^\s*(data|javascript):/i.exec(raw)
  if (inline !== null) return Result.succeed({ _tag: "Other", scheme: inline[1]!.toLowerCase() })
  if (raw.length > MAX_URL_LENGTH) {
    return Result.fail(
      new InvalidUrl({ url: `${raw.slice(0, 200)}…`, detail: `longer than ${MAX_URL_LENGTH} characters` })
    )
  }
  if (!URL.canParse(raw, base)) {
    return Result.fail(new InvalidUrl({ url: raw, detail: reasonOf(raw) }))
  }
  const url = new URL(raw, base)
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return Result.succeed({ _tag: "Other", scheme: url.protocol.slice(0, -1) })
  }
  const fragment = url.hash.length > 1 ? url.hash.slice(1) : undefined
  return Result.succeed({ _tag: "Http", url: normalise(url), fragment })
}

/**
 * One spelling per resource: no fragment, no credentials, percent-encoding in capitals and only where it is needed.
 * The URL parser has already lowered the host and dropped default ports and dot segments.
 */
export const normalise = (url: URL): string => {
  const copy = new URL(url)
  copy.hash = ""
  copy.username = ""
  copy.password = ""
  copy.pathname = normaliseEncoding(copy.pathname)
  copy.search = normaliseEncoding(copy.search)
  // A lone "?" survives as an empty query in href; it names the same resource.
  return copy.search === "" ? copy.href.replace(/\?$/, "") : copy.href
}

/**
 * Escaped letters, digits and -._~ mean the same as the plain ones. A decoded dot could become a dot segment, so dots
 * stay as they are.
 *
 * **Source** RFC 3986, 6.2.2.
 */
export const normaliseEncoding = (text: string): string =>
  text.replace(/%[0-9a-f]{2}/gi, (escaped) => {
    const char = String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
    return /[A-Za-z0-9_~-]/.test(char) ? char : escaped.toUpperCase()
  })

const reasonOf = (raw: string): string => {
  const authority = /^\s*(?:https?:)?[/\\]{2}([^/\\?#]*)/i.exec(raw)?.[1]
  if (authority === undefined) return "cannot be resolved against the page's address"
  const host = authority.slice(authority.lastIndexOf("@") + 1)
  if (host === "") return "no host"
  if (host.length > 300) return "host name too long"
  if (/:[^\]]*$/.test(host) && !/:\d{0,5}$/.test(host)) return "bad port"
  if (/:\d+$/.test(host) && Number(host.slice(host.lastIndexOf(":") + 1)) > 65535) return "bad port"
  return "bad host name"
}

/** The credentials written into an URL, as an `Authorization` header; undefined when there are none. */
export const basicAuth = (url: URL): string | undefined => {
  if (url.username === "" && url.password === "") return undefined
  const text = `${decode(url.username)}:${decode(url.password)}`
  return `Basic ${Buffer.from(text, "utf8").toString("base64")}`
}

/** Percent-decoded, or as it is where that is not possible. */
export const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The site under check: its pages are read and their links followed, everything else is only asked for. */
export interface Scope {
  readonly includes: (url: string) => boolean
  /** On an origin of the site, also outside the folder that it is kept to: what its pages are made of may lie there. */
  readonly owns: (url: URL) => boolean
  /** Where the first page was redirected to belongs to the site as well. */
  readonly admit: (url: string) => void
}

/**
 * The site of a start page: its origin, from its folder down when `below` is set. `skip` takes away what the user
 * does not want to be followed.
 */
export const makeScope = (start: string, options: { readonly below: boolean }): Scope => {
  const prefixes = new Set([prefixOf(start, options.below)])
  const origins = new Set([new URL(start).origin])
  return {
    includes: (url) => {
      for (const prefix of prefixes) if (url.startsWith(prefix)) return true
      return false
    },
    owns: (url) => origins.has(url.origin),
    admit: (url) => {
      origins.add(new URL(url).origin)
      prefixes.add(prefixOf(url, options.below))
    }
  }
}

// Ends in "/" always, so that http://a.example does not include http://a.example.org.
const prefixOf = (start: string, below: boolean): string => {
  const url = new URL(start)
  return below ? new URL(".", url).href.replace(/[?#].*$/, "") : `${url.origin}/`
}

/** What the user typed as the site to check. */
export const parseStart = (text: string): Result.Result<URL, InvalidUrl> => {
  if (!/^https?:\/\//i.test(text)) {
    const hint = /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
      ? "only http:// and https:// can be checked"
      : "it must start with http:// or https://"
    return Result.fail(new InvalidUrl({ url: text, detail: hint }))
  }
  if (!URL.canParse(text)) return Result.fail(new InvalidUrl({ url: text, detail: reasonOf(text) }))
  return Result.succeed(new URL(text))
}
