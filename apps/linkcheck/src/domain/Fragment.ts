/** The part after the `#`: whether it names a place on the page, and how that place may be spelled there. */
import { decode } from "./Address.ts"

/**
 * The spellings under which the page may have the place; none when there is nothing to check: `#` and `#top` are
 * the top of every page, `#/route` and `#!route` belong to scripts, `:~:text=` is for the browser alone.
 *
 * **Source** HTML Standard, "find a potential indicated element".
 */
export const spellings = (fragment: string | undefined): ReadonlyArray<string> => {
  const plain = (fragment ?? "").replace(/:~:.*$/s, "")
  if (plain === "" || /^top$/i.test(plain) || /^[!/]/.test(plain)) return []
  const decoded = decode(plain)
  // "user-content-" is what code hosts put before the ids of rendered documents; their scripts take it away.
  return [...new Set([plain, decoded, `user-content-${decoded}`])]
}
