/**
 * Reads a page: its links, anchors, title and base. However malformed it is, what a browser would find is found.
 *
 * Built on htmlparser2's tokenizer and not on its `Parser`, which keeps a stack of open elements in an array that it
 * shifts: 300,000 nested `<div>`s (4 MB) took it 340 s. No link needs the stack; the tokenizer is linear.
 *
 * Pure, and imports no Effect: it also runs in a worker thread, where start-up counts.
 */
import { Tokenizer } from "htmlparser2"
import type { Document, Link } from "../domain/Link.ts"
import { inForeign } from "./foreign.ts"
import { linksOf } from "./links.ts"

const TEXT_LIMIT = 120
/** A page made of nothing but links, or places, must not fill the memory of a run. */
const LINK_LIMIT = 50_000
const ANCHOR_LIMIT = 50_000

type Draft = { -readonly [K in keyof Link]: Link[K] }

/** The parsed page. **Cost** linear in the page, whatever is in it. */
export const extract = (html: string): Document => {
  const links: Array<Link> = []
  const anchors = new Set<string>()
  const lineAt = lineCounter(html)
  const foreign = inForeign()
  let title: string | undefined
  let base: string | undefined
  /** What the text that comes next belongs to. */
  let into: "title" | Draft | undefined

  // The tag being read.
  let element = ""
  let start = 0
  let attributes = new Map<string, string>()
  let name = ""
  let value = ""

  const anchor = (place: string): void => {
    if (anchors.size < ANCHOR_LIMIT) anchors.add(place)
  }

  const opened = (): void => {
    foreign.open(element)
    const id = attributes.get("id")
    if (id) anchor(id)
    if (element === "title" && title === undefined && !foreign.now()) {
      title = ""
      into = "title"
    } else if (element === "a") {
      const named = attributes.get("name")
      if (named) anchor(named)
      into = undefined
    } else if (element === "base") {
      base ??= attributes.get("href")
    }
    for (const found of linksOf(element, attributes)) {
      if (links.length >= LINK_LIMIT) return
      const label = attributes.get("alt") ?? attributes.get("title") ?? ""
      const link: Draft = { ...found, element, text: tidy(label, TEXT_LIMIT), line: lineAt(start) }
      links.push(link)
      if (element === "a") into = link
    }
  }

  const append = (text: string): void => {
    if (into === "title") {
      if (title!.length < TEXT_LIMIT * 2) title += text.slice(0, TEXT_LIMIT * 4)
    } else if (into !== undefined && into.text.length < TEXT_LIMIT) {
      into.text = tidyStart(into.text + text.slice(0, TEXT_LIMIT * 4)).slice(0, TEXT_LIMIT * 2)
    }
  }

  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      onopentagname(from, to) {
        element = html.slice(from, to).toLowerCase()
        start = from
        attributes = new Map()
      },
      onattribname(from, to) {
        name = html.slice(from, to).toLowerCase()
        value = ""
      },
      onattribdata(from, to) {
        value += html.slice(from, to)
      },
      onattribentity(codepoint) {
        value += String.fromCodePoint(codepoint)
      },
      onattribend() {
        // Of an attribute given twice the first one counts.
        if (!attributes.has(name)) attributes.set(name, value)
      },
      onopentagend: opened,
      onselfclosingtag() {
        opened()
        foreign.close(element)
      },
      onclosetag(from, to) {
        const closed = html.slice(from, to).toLowerCase()
        foreign.close(closed)
        if (closed === "title" || closed === "a") into = undefined
      },
      ontext(from, to) {
        if (into !== undefined) append(html.slice(from, to))
      },
      ontextentity(codepoint) {
        append(String.fromCodePoint(codepoint))
      },
      isInForeignContext: foreign.now,
      oncdata() {},
      oncomment() {},
      ondeclaration() {},
      onprocessinginstruction() {},
      onend() {}
    }
  )
  tokenizer.write(html)
  tokenizer.end()
  for (const link of links as Array<Draft>) link.text = tidy(link.text, TEXT_LIMIT)
  return { title: tidy(title ?? "", TEXT_LIMIT * 2), base, links, anchors: [...anchors] }
}

const tidyStart = (text: string): string => text.replace(/\s+/g, " ").trimStart()

const tidy = (text: string, length: number): string =>
  tidyStart(text.slice(0, length * 4))
    .slice(0, length)
    .trimEnd()

/** Lines of ascending positions, each character looked at once. */
const lineCounter = (text: string): ((index: number) => number) => {
  let line = 1
  let next = text.indexOf("\n")
  return (index) => {
    while (next !== -1 && next < index) {
      line++
      next = text.indexOf("\n", next + 1)
    }
    return line
  }
}
