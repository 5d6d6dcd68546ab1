import { describe, expect, it } from "@effect/vitest"
import { parse, productOf } from "../../src/domain/Robots.ts"

const AGENT = "linkcheck/0.0 (link checker)"

/** Of these paths, those that the file allows. */
const allowed = (file: string, ...paths: ReadonlyArray<string>) => {
  const robots = parse(file, AGENT)
  return paths.filter((path) => robots.allows(new URL(path, "http://a.example/")))
}

describe("parse", () => {
  it("takes the group that names the crawler, in whatever case and version, and only then not everybody's", () => {
    const file = `User-agent: *\nDisallow: /all\n\nUSER-AGENT: LinkCheck/2\ndisallow : /own # why\nDisallow:`
    expect(allowed(file, "/all", "/own", "/own/x", "/other")).toEqual(["/all", "/other"])
    expect(parse(file, "else/1").allows(new URL("http://a.example/all"))).toBe(false)
    expect(parse(file, "").allows(new URL("http://a.example/own"))).toBe(true)
  })

  it("reads several names above one group of rules, and groups that come back", () => {
    const file = `
      User-agent: other
      User-agent: linkcheck
      Sitemap: /map.xml
      Disallow: /a
      User-agent: other
      Disallow: /b
      User-agent: linkcheck
      Disallow: /c`
    expect(allowed(file, "/a", "/b", "/c")).toEqual(["/b"])
  })

  it("lets a group that names the crawler and forbids nothing stand against everybody's", () => {
    expect(allowed("User-agent: *\nDisallow: /\nUser-agent: linkcheck\nDisallow:", "/", "/x")).toEqual([
      "/",
      "/x"
    ])
  })

  it("lets the longest pattern decide, and of equals the one that allows", () => {
    const file =
      "User-agent: *\nDisallow: /\nAllow: /docs\nDisallow: /docs/old\nAllow: /docs/old\nDisallow: /docs/p?q"
    expect(allowed(file, "/", "/docs/", "/docs/old/x", "/docs/p", "/docs/p?q=1")).toEqual([
      "/docs/",
      "/docs/old/x",
      "/docs/p"
    ])
  })

  it("knows stars and the end of a path", () => {
    const file = "User-agent: *\nDisallow: /*.php$\nDisallow: /a*b*c\nDisallow: /only$\nDisallow: *?print="
    expect(
      allowed(file, "/x.php", "/x.php?y", "/a1b2c3", "/abc", "/acb", "/only", "/only/", "/p?print=1")
    ).toEqual(["/x.php?y", "/acb", "/only/"])
    expect(allowed("User-agent: *\nDisallow: /ab*b$", "/ab", "/abb", "/abxb")).toEqual(["/ab"])
  })

  it("compares paths however they are encoded", () => {
    const file = "User-agent: *\nDisallow: /caf\u00e9\nDisallow: /%7euser\nDisallow: /a%2fb"
    expect(allowed(file, "/caf%C3%A9", "/caf\u00e9/x", "/~user", "/a%2Fb", "/a/b")).toEqual(["/a/b"])
  })

  it("takes what it cannot read for no rule", () => {
    expect(
      allowed("\ufeff<html>\nDisallow: /early\nUser-agent: *\nDisallow\nDisallow: x\nfoo: /", "/early", "/x")
    ).toEqual(["/early", "/x"])
    expect(allowed("User-agent: *\rDisallow: /x\r\nDisallow: /y", "/x", "/y", "/robots.txt")).toEqual([
      "/robots.txt"
    ])
    expect(allowed("User-agent: *\nDisallow: /", "/robots.txt", "/")).toEqual(["/robots.txt"])
  })

  it("answers at once, whatever is in the file", () => {
    const stars = `User-agent: *\n${`Disallow: /${"a*".repeat(16)}b\n`.repeat(5000)}`
    const began = performance.now()
    expect(allowed(stars, `/${"a".repeat(8000)}`).length).toBe(1)
    expect(performance.now() - began).toBeLessThan(3000)
  })
})

describe("productOf", () => {
  it("is the name before the version", () => {
    expect([AGENT, "Mozilla/5.0 (X11)", " my-bot ", "7"].map(productOf)).toEqual([
      "linkcheck",
      "mozilla",
      "my-bot",
      ""
    ])
  })
})
