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
import { lineCounter } from "./lines.ts"
import { linksOf } from "./links.ts"
import { type Reference, referencesOf } from "./sheet.ts"

export { extractSheet } from "./sheet.ts"

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
  /** The `<style>` that is open: its text, and where that begins. */
  let style: { text: string; start: number | undefined } | undefined

  // The tag being read.
  let element = ""
  let start = 0
  let attributes = new Map<string, string>()
  let name = ""
  let value = ""

  const anchor = (place: string): void => {
    if (anchors.size < ANCHOR_LIMIT) anchors.add(place)
  }

  const add = (link: Draft): void => {
    if (links.length < LINK_LIMIT) links.push(link)
  }

  const addStyle = (
    references: ReadonlyArray<Reference>,
    element: string,
    start: number,
    inAttribute: boolean
  ) => {
    for (const { at, attribute, kind, raw } of references) {
      const line = lineAt(inAttribute ? start : start + at)
      add({ raw, kind, element, attribute: inAttribute ? "style" : attribute, text: "", line })
    }
  }

  const styleEnded = (): void => {
    if (style?.start !== undefined) addStyle(referencesOf(style.text), "style", style.start, false)
    style = undefined
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
      const label = attributes.get("alt") ?? attributes.get("title") ?? ""
      const link: Draft = { ...found, element, text: tidy(label, TEXT_LIMIT), line: lineAt(start) }
      add(link)
      if (element === "a") into = link
    }
    const own = attributes.get("style")
    // Most hold colours and lengths: what has no function has no address.
    if (own?.includes("(")) addStyle(referencesOf(own), element, start, true)
    if (element === "style" && isCss(attributes.get("type"))) style = { text: "", start: undefined }
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
        if (element === "style") style = undefined
        foreign.close(element)
      },
      onclosetag(from, to) {
        const closed = html.slice(from, to).toLowerCase()
        foreign.close(closed)
        if (closed === "style") styleEnded()
        if (closed === "title" || closed === "a") into = undefined
      },
      ontext(from, to) {
        if (style !== undefined) {
          style.start ??= from
          style.text += html.slice(from, to)
        } else if (into !== undefined) append(html.slice(from, to))
      },
      ontextentity(codepoint) {
        if (style !== undefined) style.text += String.fromCodePoint(codepoint)
        else append(String.fromCodePoint(codepoint))
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
  styleEnded()
  for (const link of links as Array<Draft>) link.text = tidy(link.text, TEXT_LIMIT)
  return { title: tidy(title ?? "", TEXT_LIMIT * 2), base, links, anchors: [...anchors] }
}

const isCss = (type: string | undefined): boolean => !type || type.trim().toLowerCase() === "text/css"

const tidyStart = (text: string): string => text.replace(/\s+/g, " ").trimStart()

const tidy = (text: string, length: number): string =>
  tidyStart(text.slice(0, length * 4))
    .slice(0, length)
    .trimEnd()
