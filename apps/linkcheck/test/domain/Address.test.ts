import { describe, expect, it } from "@effect/vitest"
import { Result } from "effect"
import { basicAuth, makeScope, normalise, parseStart, resolve } from "../../src/domain/Address.ts"

const http = (raw: string, base = "https://example.org/docs/page") => Result.getOrThrow(resolve(raw, base))
const failure = (raw: string) => Result.getOrThrow(Result.flip(resolve(raw, "https://example.org/")))

describe("resolve", () => {
  it("resolves as a browser does and splits the fragment off", () => {
    expect(http("../a/./b?x=1#there")).toEqual({
      _tag: "Http",
      url: "https://example.org/a/b?x=1",
      fragment: "there"
    })
    expect(http("#there")).toEqual({ _tag: "Http", url: "https://example.org/docs/page", fragment: "there" })
    expect(http("//Other.Example:443")).toEqual({
      _tag: "Http",
      url: "https://other.example/",
      fragment: undefined
    })
  })

  it("takes an empty fragment for none", () => {
    expect(http("/a#")).toEqual({ _tag: "Http", url: "https://example.org/a", fragment: undefined })
  })

  it("drops user name and password", () => {
    expect(http("https://user:secret@example.org/")).toEqual({
      _tag: "Http",
      url: "https://example.org/",
      fragment: undefined
    })
  })

  it("sets other schemes aside, however long they are", () => {
    expect(http("mailto:a@example.org")).toEqual({ _tag: "Other", scheme: "mailto" })
    expect(http(`data:image/png;base64,${"A".repeat(1_000_000)}`)).toEqual({ _tag: "Other", scheme: "data" })
    expect(http(" JavaScript:void 0")).toEqual({ _tag: "Other", scheme: "javascript" })
  })

  it("says what is wrong with what is no URL", () => {
    expect(failure("http://").why).toBe("not a valid URL: no host")
    expect(failure("http://[nope/").why).toBe("not a valid URL: bad host name")
    expect(failure("http://example.org:99999/").why).toBe("not a valid URL: bad port")
    expect(failure(`/${"a".repeat(9000)}`).why).toBe("not a valid URL: longer than 8192 characters")
  })
})

describe("normalise", () => {
  const same = (a: string, b: string) => expect(normalise(new URL(a))).toBe(normalise(new URL(b)))

  it("gives one spelling to what names one resource", () => {
    same("HTTP://Example.ORG:80/%7euser/%2f?q=%41", "http://example.org/~user/%2F?q=A")
    same("http://example.org?", "http://example.org/")
  })

  it("keeps apart what may differ", () => {
    expect(normalise(new URL("http://example.org/a%2Fb"))).not.toBe(
      normalise(new URL("http://example.org/a/b"))
    )
    expect(normalise(new URL("http://example.org/a%2E%2E/b"))).toBe("http://example.org/a%2E%2E/b")
    expect(normalise(new URL("http://example.org/A"))).not.toBe(normalise(new URL("http://example.org/a")))
  })
})

describe("makeScope", () => {
  it("holds the whole origin and no host that merely begins alike", () => {
    const scope = makeScope("https://example.org/docs/page", { below: false })
    expect(scope.includes("https://example.org/other")).toBe(true)
    expect(scope.includes("https://example.org.evil.example/")).toBe(false)
    expect(scope.includes("http://example.org/")).toBe(false)
    expect(scope.includes("https://example.org:8443/")).toBe(false)
  })

  it("holds only the start page's folder when asked to stay below it", () => {
    const scope = makeScope("https://example.org/docs/page?x#y", { below: true })
    expect(scope.includes("https://example.org/docs/other")).toBe(true)
    expect(scope.includes("https://example.org/document")).toBe(false)
  })

  it("grows by where the start page was redirected to", () => {
    const scope = makeScope("http://example.org/", { below: false })
    scope.admit("https://www.example.org/home")
    expect(scope.includes("https://www.example.org/a")).toBe(true)
    expect(scope.includes("http://example.org/a")).toBe(true)
  })
})

describe("basicAuth", () => {
  it("encodes what the URL escapes, as UTF-8", () => {
    expect(basicAuth(new URL("http://us%20er:p%C3%A4ss@example.org/"))).toBe(
      `Basic ${Buffer.from("us er:päss").toString("base64")}`
    )
    expect(basicAuth(new URL("http://example.org/"))).toBeUndefined()
  })
})

describe("parseStart", () => {
  it("takes http and https only, and says what it wants instead", () => {
    expect(Result.isSuccess(parseStart("https://example.org"))).toBe(true)
    const why = (text: string) => Result.getOrThrow(Result.flip(parseStart(text))).detail
    expect(why("example.org")).toBe("it must start with http:// or https://")
    expect(why("ftp://example.org/")).toBe("only http:// and https:// can be checked")
    expect(why("http://")).toBe("no host")
    expect(why("https://exa mple.org/")).toBe("bad host name")
  })
})
