/**
 * What came from a stranger's site, made safe to print on a terminal.
 *
 * A title or an URL may hold escape sequences that move the cursor, recolour the screen or answer a terminal's
 * query, line breaks that forge a line of the report, and direction marks that show a host name backwards.
 */

// C0, DEL, C1; line and paragraph separators; zero-width and direction marks; the byte order mark.
const UNPRINTABLE =
  // eslint-disable-next-line no-control-regex -- matching control characters is the purpose
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

const escapeOne = (char: string): string => {
  const code = char.charCodeAt(0)
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`
}

/** The text with everything that a terminal would act on written out (`\x1b`, `\u{202e}`). */
export const escape = (text: string): string => text.replace(UNPRINTABLE, escapeOne)

/** Escaped, white space collapsed, and cut to at most `length` characters. */
export const excerpt = (text: string, length: number): string => {
  const flat = escape(text.replace(/\s+/g, " ").trim())
  const characters = [...flat]
  return characters.length <= length ? flat : `${characters.slice(0, length - 1).join("")}…`
}

/** An URL as it may be shown: without user name and password, escaped. Takes malformed URLs too. */
export const showUrl = (url: string): string =>
  escape(
    url.replace(
      /^(\s*[a-z][a-z0-9+.-]*:)?([/\\]{2})[^/\\?#]*@/i,
      (_, scheme = "", slashes) => `${scheme}${slashes}`
    )
  )
