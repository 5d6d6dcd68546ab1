/** The addresses of a `srcset`. **Source** HTML Standard, "parse a srcset attribute". */
export const parseSrcset = (value: string): ReadonlyArray<string> => {
  const urls: Array<string> = []
  let at = 0
  while (at < value.length) {
    while (at < value.length && /[\s,]/.test(value.charAt(at))) at++
    const start = at
    while (at < value.length && !/\s/.test(value.charAt(at))) at++
    // A comma inside an address belongs to it (data: URLs); at its end it separates.
    let end = at
    while (end > start && value.charAt(end - 1) === ",") end--
    if (end > start) urls.push(value.slice(start, end))
    if (end < at) continue
    let depth = 0
    while (at < value.length) {
      const char = value.charAt(at++)
      if (char === "(") depth++
      else if (char === ")") depth--
      else if (char === "," && depth <= 0) break
    }
  }
  return urls
}
