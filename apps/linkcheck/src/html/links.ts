/** Which attributes of which elements are links. */
import { parseSrcset } from "./srcset.ts"

/** A link of one element; `navigates`: a visitor may go there, so it is read as a page. */
export interface Found {
  readonly raw: string
  readonly attribute: string
  readonly navigates: boolean
}

const SOURCES: Readonly<Record<string, ReadonlyArray<readonly [attribute: string, navigates: boolean]>>> = {
  a: [["href", true]],
  area: [["href", true]],
  iframe: [["src", true]],
  frame: [["src", true]],
  img: [["src", false]],
  source: [["src", false]],
  video: [
    ["src", false],
    ["poster", false]
  ],
  audio: [["src", false]],
  track: [["src", false]],
  embed: [["src", false]],
  object: [["data", false]],
  script: [["src", false]]
}

// Hints to the browser: nothing need exist at the bare origin that they name.
const HINTS = new Set(["preconnect", "dns-prefetch"])
const RESOURCE_RELS = new Set([
  "stylesheet",
  "preload",
  "prefetch",
  "modulepreload",
  "manifest",
  "pingback",
  "search"
])

const isResource = (rel: string): boolean => RESOURCE_RELS.has(rel) || rel.includes("icon")

export const linksOf = (element: string, attributes: ReadonlyMap<string, string>): ReadonlyArray<Found> => {
  const found: Array<Found> = []
  if (Object.hasOwn(SOURCES, element)) {
    for (const [attribute, navigates] of SOURCES[element]!) {
      const raw = attributes.get(attribute)
      // An empty src loads nothing; an empty href is the page itself.
      if (raw !== undefined && (attribute === "href" || raw.trim() !== ""))
        found.push({ raw, attribute, navigates })
    }
  }
  if (element === "img" || element === "source") {
    for (const raw of parseSrcset(attributes.get("srcset") ?? "")) {
      found.push({ raw, attribute: "srcset", navigates: false })
    }
  }
  if (element === "link") {
    const raw = attributes.get("href")
    const rels = (attributes.get("rel") ?? "").toLowerCase().split(/\s+/)
    if (raw && !rels.some((rel) => HINTS.has(rel))) {
      found.push({ raw, attribute: "href", navigates: !rels.some(isResource) })
    }
  }
  if (element === "meta" && attributes.get("http-equiv")?.toLowerCase() === "refresh") {
    const content = (attributes.get("content") ?? "").slice(0, 2000)
    const raw = /^\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?(["']?)(.+?)\1\s*$/is.exec(content)?.[2]
    if (raw !== undefined) found.push({ raw, attribute: "content", navigates: true })
  }
  return found
}
