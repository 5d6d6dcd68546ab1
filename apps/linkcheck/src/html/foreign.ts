/**
 * Whether the reader is inside SVG or MathML, where `<title>`, `<style>` and `<script>` are elements like any other.
 * A count, not a stack: enough to tell the page's title from a drawing's, and linear on any input.
 */
export interface Foreign {
  readonly open: (element: string) => void
  readonly close: (element: string) => void
  readonly now: () => boolean
}

// Elements of HTML that end foreign content wherever they open. **Source** HTML Standard, 13.2.6.5.
const BREAKOUT = new Set(
  (
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta " +
    "nobr ol p pre ruby s small span strong strike sub sup table tt u ul var foreignobject"
  ).split(" ")
)

export const inForeign = (): Foreign => {
  let depth = 0
  return {
    open: (element) => {
      if (element === "svg" || element === "math") depth++
      else if (depth > 0 && BREAKOUT.has(element)) depth = 0
    },
    close: (element) => {
      if (depth > 0 && (element === "svg" || element === "math")) depth--
    },
    now: () => depth > 0
  }
}
