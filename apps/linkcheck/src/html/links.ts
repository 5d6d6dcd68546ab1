/** Which attributes of which elements are links. */
import type { Kind } from "../domain/Link.ts"
import { parseSrcset } from "./srcset.ts"

/** A link of one element. */
export interface Found {
  readonly raw: string
  readonly attribute: string
  readonly kind: Kind
}

const SOURCES: Readonly<Record<string, ReadonlyArray<readonly [attribute: string, kind: Kind]>>> = {
  a: [
    ["href", "page"],
    ["xlink:href", "page"]
  ],
  area: [["href", "page"]],
  iframe: [["src", "page"]],
  frame: [["src", "page"]],
  img: [["src", "file"]],
  source: [["src", "file"]],
  video: [
    ["src", "file"],
    ["poster", "file"]
  ],
  audio: [["src", "file"]],
  track: [["src", "file"]],
  embed: [["src", "file"]],
  object: [["data", "file"]],
  script: [["src", "file"]],
  body: [["background", "file"]],
  // In drawings: <use> takes its symbol from another file.
  image: [
    ["href", "file"],
    ["xlink:href", "file"]
  ],
  use: [
    ["href", "file"],
    ["xlink:href", "file"]
  ]
}

// Hints to the browser: nothing need exist at the bare origin that they name.
const HINTS = new Set(["preconnect", "dns-prefetch"])
// What others show of a page that is linked to.
const PREVIEWS = new Set(["og:image", "og:image:url", "og:image:secure_url", "twitter:image"])
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

// An empty href of a link is the page itself; an empty source loads nothing, one that is but a place is on the page.
const leads = (raw: string, attribute: string, kind: Kind): boolean =>
  (kind === "page" && attribute === "href") ||
  (raw.trim() !== "" && (kind === "page" || !raw.startsWith("#")))

const kindOf = (rels: ReadonlyArray<string>, as: string | undefined): Kind => {
  if (rels.includes("stylesheet") || (rels.includes("preload") && as?.toLowerCase() === "style"))
    return "sheet"
  return rels.some(isResource) ? "file" : "page"
}

export const linksOf = (element: string, attributes: ReadonlyMap<string, string>): ReadonlyArray<Found> => {
  const found: Array<Found> = []
  const sets = (attribute: string): void => {
    for (const raw of parseSrcset(attributes.get(attribute) ?? ""))
      found.push({ raw, attribute, kind: "file" })
  }
  if (Object.hasOwn(SOURCES, element)) {
    for (const [attribute, kind] of SOURCES[element]!) {
      const raw = attributes.get(attribute)
      if (raw !== undefined && leads(raw, attribute, kind)) found.push({ raw, attribute, kind })
    }
  }
  if (element === "img" || element === "source") sets("srcset")
  if (element === "input" && attributes.get("type")?.toLowerCase() === "image") {
    const raw = attributes.get("src")
    if (raw) found.push({ raw, attribute: "src", kind: "file" })
  }
  if (element === "link") {
    const raw = attributes.get("href")
    const rels = (attributes.get("rel") ?? "").toLowerCase().split(/\s+/)
    if (raw && !rels.some((rel) => HINTS.has(rel))) {
      found.push({ raw, attribute: "href", kind: kindOf(rels, attributes.get("as")) })
    }
    sets("imagesrcset")
  }
  if (element === "meta") {
    const content = (attributes.get("content") ?? "").slice(0, 2000)
    if (attributes.get("http-equiv")?.toLowerCase() === "refresh") {
      const raw = /^\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?(["']?)(.+?)\1\s*$/is.exec(content)?.[2]
      if (raw !== undefined) found.push({ raw, attribute: "content", kind: "page" })
    } else if (content !== "" && PREVIEWS.has(attributes.get("property") ?? attributes.get("name") ?? "")) {
      found.push({ raw: content, attribute: "content", kind: "file" })
    }
  }
  return found
}
