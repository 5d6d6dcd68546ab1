/** Bytes to text as a browser guesses it: byte order mark, then the header's charset, then the page's own. */

/** The page as text. An unknown charset is read as UTF-8, a broken sequence becomes U+FFFD; nothing fails. */
export const decodeHtml = (bytes: Uint8Array, contentType: string): string => {
  const label = byteOrderMark(bytes) ?? charsetOf(contentType) ?? declared(bytes) ?? "utf-8"
  return decoder(label).decode(bytes)
}

/** A style sheet as text; `@charset` is its own way to name an encoding. */
export const decodeSheet = (bytes: Uint8Array, contentType: string): string => {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 100))
  const own = /^@charset "([^"]+)";/.exec(head)?.[1]
  return decoder(byteOrderMark(bytes) ?? charsetOf(contentType) ?? asciiBased(own) ?? "utf-8").decode(bytes)
}

export const isSheet = (contentType: string): boolean => mimeType(contentType) === "text/css"

/** `text/html` or `application/xhtml+xml`; a missing type counts as HTML, as browsers sniff it. */
export const isHtml = (contentType: string): boolean => {
  const type = mimeType(contentType)
  return type === "" || type === "text/html" || type === "application/xhtml+xml"
}

export const mimeType = (contentType: string): string => contentType.split(";", 1)[0]!.trim().toLowerCase()

const charsetOf = (contentType: string): string | undefined =>
  /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1]

const byteOrderMark = (bytes: Uint8Array): string | undefined => {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return "utf-8"
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be"
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le"
  return undefined
}

// **Source** HTML Standard, "prescan a byte stream": the first 1024 bytes.
const declared = (bytes: Uint8Array): string | undefined => {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 1024))
  return asciiBased(/<meta[^>]+charset\s*=\s*["']?\s*([^\s"'/>;]+)/i.exec(head)?.[1])
}

// What could be read as ASCII so far is not UTF-16, whatever it says.
const asciiBased = (label: string | undefined): string | undefined =>
  label !== undefined && /^utf-16/i.test(label) ? "utf-8" : label

const decoder = (label: string): TextDecoder => {
  try {
    return new TextDecoder(label)
  } catch {
    return new TextDecoder("utf-8")
  }
}
