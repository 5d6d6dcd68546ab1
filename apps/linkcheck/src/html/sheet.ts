/**
 * Reads style: what style sheets, `<style>` elements and `style` attributes load.
 *
 * Pure, and imports no Effect: it also runs in a worker thread.
 */
import { tokenizer, TokenType } from "@csstools/css-tokenizer"
import type { Document, Link } from "../domain/Link.ts"
import { lineCounter } from "./lines.ts"

export interface Reference {
  readonly raw: string
  readonly attribute: "url()" | "@import"
  readonly kind: "sheet" | "file"
  /** Where in the text. */
  readonly at: number
}

// Functions whose strings are addresses.
const LOADING = new Set(["url", "src", "image-set", "-webkit-image-set"])
// At-rules that hold addresses as mere names, up to their block or semicolon.
const NAMING = new Set(["namespace", "charset", "document", "-moz-document"])
const LINK_LIMIT = 50_000
/** What is wrong this often is no style sheet; each error is costly. */
const ERROR_LIMIT = 10_000

/** All that the text refers to, in its order. **Cost** linear in the text, whatever is in it. */
export const referencesOf = (css: string): ReadonlyArray<Reference> => {
  const found: Array<Reference> = []
  let errors = 0
  const { nextToken } = tokenizer({ css }, { onParseError: () => errors++ })
  /** The functions that are open, innermost last; "" for plain parentheses. */
  const open: Array<string> = []
  /** Before the block or semicolon of an at-rule: its name, until what it imports is known. */
  let rule = ""

  const add = (raw: string, at: number): void => {
    const imported = rule === "import"
    if (imported) rule = "imported"
    // An empty address loads nothing; one of a place alone is on the page itself, a gradient for one.
    if (raw.trim() === "" || raw.startsWith("#") || NAMING.has(rule)) return
    found.push({ raw, attribute: imported ? "@import" : "url()", kind: imported ? "sheet" : "file", at })
  }

  while (found.length < LINK_LIMIT && errors < ERROR_LIMIT) {
    const token = nextToken()
    switch (token[0]) {
      case TokenType.EOF:
        return found
      case TokenType.AtKeyword:
        rule = token[4].value.toLowerCase()
        break
      case TokenType.Semicolon:
      case TokenType.OpenCurly:
        rule = ""
        break
      case TokenType.Function:
        open.push(token[4].value.toLowerCase())
        break
      case TokenType.OpenParen:
        open.push("")
        break
      case TokenType.CloseParen:
        open.pop()
        break
      case TokenType.URL:
        add(token[4].value, token[2])
        break
      case TokenType.String:
        if (LOADING.has(open.at(-1) ?? "") || (rule === "import" && open.length === 0)) {
          add(token[4].value, token[2])
        }
        break
    }
  }
  return found
}

/** A style sheet as a document: links alone. */
export const extractSheet = (css: string): Document => {
  const lineAt = lineCounter(css)
  const links = referencesOf(css).map(({ at, ...found }): Link => ({
    ...found,
    element: "",
    text: "",
    line: lineAt(at)
  }))
  return { title: "", base: undefined, links, anchors: [] }
}
