import { describe, expect, it } from "@effect/vitest"
import { decodeHtml, decodeSheet, isHtml } from "../../src/html/decode.ts"

const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"))

describe("decodeHtml", () => {
  it("believes a byte order mark, then the header, then the page, then UTF-8", () => {
    expect(decodeHtml(Buffer.from("\ufeffé"), "text/html; charset=latin1")).toBe("é")
    expect(decodeHtml(latin1("é"), 'text/html; Charset="ISO-8859-1"')).toBe("é")
    expect(decodeHtml(latin1("<meta charset=windows-1252>é"), "text/html")).toBe(
      "<meta charset=windows-1252>é"
    )
    expect(decodeHtml(Buffer.from("é"), "text/html")).toBe("é")
    expect(decodeHtml(Uint8Array.of(0xff, 0xfe, 0xe9, 0), "text/html")).toBe("é")
  })

  it("reads on where the charset is unknown or the bytes are broken", () => {
    expect(decodeHtml(Buffer.from("é"), "text/html; charset=nonsense")).toBe("é")
    expect(decodeHtml(Uint8Array.of(0x61, 0xff, 0x62), "text/html")).toBe("a\ufffdb")
    expect(decodeHtml(Buffer.from("<meta charset=utf-16>é"), "text/html")).toBe("<meta charset=utf-16>é")
  })
})

describe("decodeSheet", () => {
  it("believes a byte order mark, then the header, then @charset, then UTF-8", () => {
    const own = '@charset "latin1";é'
    expect(decodeSheet(Buffer.from(`\ufeff${own}`), "text/css; charset=latin1")).toBe(own)
    expect(decodeSheet(latin1("é"), "text/css; charset=latin1")).toBe("é")
    expect(decodeSheet(latin1(own), "text/css")).toBe(own)
    expect(decodeSheet(Buffer.from("é"), "text/css")).toBe("é")
  })
})

describe("isHtml", () => {
  it("takes what browsers show as a page, and a missing type", () => {
    expect(["text/html", "Text/HTML; charset=x", "application/xhtml+xml", ""].every(isHtml)).toBe(true)
    expect(["text/plain", "application/pdf", "image/svg+xml"].some(isHtml)).toBe(false)
  })
})
