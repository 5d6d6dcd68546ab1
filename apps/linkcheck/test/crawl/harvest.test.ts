import { describe, expect, it } from "@effect/vitest"
import { harvest, type Rules } from "../../src/crawl/harvest.ts"
import * as Ledger from "../../src/crawl/Ledger.ts"
import { makeScope } from "../../src/domain/Address.ts"
import { extract } from "../../src/html/extract.ts"

const rules: Rules = {
  scope: makeScope("http://a.example/", { below: false }),
  maxDepth: Number.MAX_SAFE_INTEGER,
  fragments: "internal",
  external: true,
  skip: []
}

const reap = (html: string, change: Partial<Rules> = {}, depth = 0) =>
  harvest("http://a.example/docs/", depth, extract(html), { ...rules, ...change }, Ledger.make(100))

const targets = (html: string, change?: Partial<Rules>, depth?: number) =>
  reap(html, change, depth).discovered.map(({ url, want }) => `${want} ${url}`)

describe("harvest", () => {
  it("reads pages of the site, asks for the rest", () => {
    expect(
      targets(`<a href=x></a><img src=/i.png><a href=http://b.example/></a><iframe src=../y></iframe>`)
    ).toEqual([
      "page http://a.example/docs/x",
      "head http://a.example/i.png",
      "head http://b.example/",
      "page http://a.example/y"
    ])
  })

  it("resolves against <base>, and against the page where the base is no URL", () => {
    expect(targets(`<base href="/other/"><a href=x></a>`)).toEqual(["page http://a.example/other/x"])
    expect(targets(`<base href="http://["><a href=x></a>`)).toEqual(["page http://a.example/docs/x"])
  })

  it("at the last level asks for pages without reading them, unless for an anchor", () => {
    expect(targets("<a href=x></a><a href=y#part></a>", { maxDepth: 1 }, 1)).toEqual([
      "head http://a.example/docs/x",
      "page http://a.example/docs/y"
    ])
  })

  it("reads style sheets of the site, from outside its folder too and however deep, and asks others for theirs", () => {
    const scope = makeScope("http://a.example/docs/", { below: true })
    const html = `<link rel=stylesheet href=/x.css><link rel=stylesheet href=//b.example/y.css><img src=z.svg#part>`
    expect(targets(html, { scope, maxDepth: 0 })).toEqual([
      "sheet http://a.example/x.css",
      "head http://b.example/y.css",
      "head http://a.example/docs/z.svg"
    ])
  })

  it("looks at the anchors of other sites only when told", () => {
    const html = "<a href=http://b.example/#part></a>"
    expect(targets(html)).toEqual(["head http://b.example/"])
    expect(targets(html, { fragments: "all" })).toEqual(["page http://b.example/"])
    expect(reap(html).links[0]?.fragment).toBeUndefined()
    expect(reap("<a href=#part></a>", { fragments: "none" }).links[0]?.fragment).toBeUndefined()
  })

  it("counts what is not checked, by reason", () => {
    const { discovered, ignored } = reap(
      `<a href=mailto:a@b></a><a href=tel:1></a><a href=tel:2></a><a href=/skip/me></a><a href=//b.example></a>`,
      { skip: [/\/skip\//], external: false }
    )
    expect(discovered).toEqual([])
    expect(Object.fromEntries(ignored)).toEqual({ mailto: 1, tel: 2, skipped: 1, external: 1 })
  })

  it("records each target of a page once, at its first place; its places on the page apart", () => {
    const { links } = reap(
      "<a href=x>one</a>\n<a href=x>two</a><a href=x#a></a><a href=http://[></a><a href=http://[>"
    )
    expect(links.map(({ fragment, line, problem, url }) => [url, fragment, line, problem?._tag])).toEqual([
      ["http://a.example/docs/x", undefined, 1, undefined],
      ["http://a.example/docs/x", "a", 2, undefined],
      ["http://[", undefined, 2, "InvalidUrl"]
    ])
  })
})
