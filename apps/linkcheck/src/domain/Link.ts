/** What a page says: its links, and the places on it that a fragment may name. */

/** One link as written on a page. */
export interface Link {
  /** As written, with references like `&amp;` resolved. */
  readonly raw: string
  readonly element: string
  readonly attribute: string
  /** The text inside the element, or its `alt`; cut short. */
  readonly text: string
  /** Line on the page, from 1. */
  readonly line: number
  /** A visitor may go there (`<a>`, `<iframe>`), so it is read as a page; all else is only asked for. */
  readonly navigates: boolean
}

/** A page, parsed. Plain data: it crosses from a worker thread. */
export interface Document {
  readonly title: string
  /** The `href` of the first `<base>`, where there is one. */
  readonly base: string | undefined
  readonly links: ReadonlyArray<Link>
  /** Every `id`, and every `name` of an `<a>`. */
  readonly anchors: ReadonlyArray<string>
}
