/** What a page says: its links, and the places on it that a fragment may name. */

/**
 * What a link leads to: a "page" where visitors may go (`<a>`, `<iframe>`), a style "sheet", which may load more; any
 * other "file" is only asked for.
 */
export type Kind = "page" | "sheet" | "file"

/** One link as written on a page, or in a style sheet. */
export interface Link {
  /** As written, with references like `&amp;` resolved. */
  readonly raw: string
  /** Empty in a style sheet. */
  readonly element: string
  readonly attribute: string
  /** The text inside the element, or its `alt`; cut short. */
  readonly text: string
  /** Line on the page, from 1. */
  readonly line: number
  readonly kind: Kind
}

/** A page or a style sheet, parsed. Plain data: it crosses from a worker thread. */
export interface Document {
  readonly title: string
  /** The `href` of the first `<base>`, where there is one. */
  readonly base: string | undefined
  readonly links: ReadonlyArray<Link>
  /** Every `id`, and every `name` of an `<a>`. */
  readonly anchors: ReadonlyArray<string>
}
