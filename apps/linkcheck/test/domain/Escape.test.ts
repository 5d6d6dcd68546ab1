import { describe, expect, it } from "@effect/vitest"
import { escape, excerpt, showUrl } from "../../src/domain/Escape.ts"

describe("escape", () => {
  it("writes control characters out, in both control ranges", () => {
    expect(escape("a\u001b[2Jb\u0007\u007f\u009b31m")).toBe("a\\x1b[2Jb\\x07\\x7f\\x9b31m")
  })

  it("writes line breaks out, so that no line of a report can be forged", () => {
    expect(escape("x\nBROKEN y\r\u2028z")).toBe("x\\x0aBROKEN y\\x0d\\u{2028}z")
  })

  it("writes direction marks and invisible characters out", () => {
    expect(escape("a\u202egpj.exe\u200b\ufeff")).toBe("a\\u{202e}gpj.exe\\u{200b}\\u{feff}")
  })

  it("writes lone surrogates out and leaves pairs and accents alone", () => {
    expect(escape("\ud800 café 😀")).toBe("\\u{d800} café 😀")
  })
})

describe("excerpt", () => {
  it("collapses white space and cuts between characters, never inside one", () => {
    expect(excerpt("  one\n two  ", 20)).toBe("one two")
    expect(excerpt("😀😀😀", 2)).toBe("😀…")
  })
})

describe("showUrl", () => {
  it("takes user name and password out, of malformed URLs too", () => {
    expect(showUrl("https://user:secret@example.org/a@b")).toBe("https://example.org/a@b")
    expect(showUrl("http://user:secret@[bad/")).toBe("http://[bad/")
    expect(showUrl("//user:secret@example.org/")).toBe("//example.org/")
    expect(showUrl("HTTP:\\\\user:se@cret@example.org/")).toBe("HTTP:\\\\example.org/")
  })

  it("leaves an at sign in path or query where it is", () => {
    expect(showUrl("https://example.org/@user?x=a@b")).toBe("https://example.org/@user?x=a@b")
  })
})
