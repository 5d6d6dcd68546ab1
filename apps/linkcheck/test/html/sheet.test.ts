import { describe, expect, it } from "@effect/vitest"
import { extract } from "../../src/html/extract.ts"
import { extractSheet, referencesOf } from "../../src/html/sheet.ts"

const raws = (css: string) => referencesOf(css).map(({ raw }) => raw)

describe("referencesOf", () => {
  it("reads addresses in every way they can be written", () => {
    expect(
      raws(String.raw`.a { background: URL( a.png ), url("b c.png") no-repeat; cursor: url('d.cur'), auto;
        src: url(e\)f.woff2) format("woff2"), local("Name"), url( "g.woff" ); mask: src("h.svg") }`)
    ).toEqual(["a.png", "b c.png", "d.cur", "e)f.woff2", "g.woff", "h.svg"])
    expect(
      raws(`a{b:image-set("1.png" 1x, url(2.png) 2x type("image/png"));c:-webkit-image-set(url('3.png') 1x)}`)
    ).toEqual(["1.png", "2.png", "3.png"])
  })

  it("tells what is imported from what is shown", () => {
    const css = `@charset "utf-8"; @import "a.css" screen; @import url(b.css) supports(x: url(no));
      @import url("c.css") layer(l); @font-face{src:url(f.woff)}`
    expect(referencesOf(css).map(({ attribute, kind, raw }) => `${attribute} ${kind} ${raw}`)).toEqual([
      "@import sheet a.css",
      "@import sheet b.css",
      "url() file no",
      "@import sheet c.css",
      "url() file f.woff"
    ])
  })

  it("does not take names, comments, strings and places on the page for addresses", () => {
    expect(
      raws(`@namespace svg url(http://www.w3.org/2000/svg); @namespace "urn:x"; /* url(no) */
        a::after{content:"url(no)";fill:url(#gradient);x:url();y:url("")} @media (x:"y"){b{background:url(yes)}}`)
    ).toEqual(["yes"])
  })

  it("goes on after what is broken", () => {
    expect(raws(`a{b:url(no no);c:"open\n;d:url(yes)} } ) ] @ url(also) url(end`)).toEqual([
      "yes",
      "also",
      "end"
    ])
  })

  it("stays linear on sheets made to be slow", () => {
    const n = 200_000
    for (const css of [
      "{",
      '"',
      '"\n',
      "\\",
      "/*",
      "url(",
      "url(a b",
      "(",
      "@import ",
      "a(",
      "<!-",
      "url(x)"
    ]) {
      const began = performance.now()
      raws(css.repeat(n))
      expect(performance.now() - began).toBeLessThan(3000)
    }
  })
})

describe("extractSheet", () => {
  it("says where a link stands", () => {
    expect(extractSheet("a{}\n\nb { c: url(x) }").links).toEqual([
      { raw: "x", kind: "file", element: "", attribute: "url()", text: "", line: 3 }
    ])
  })
})

describe("extract", () => {
  const found = (html: string) =>
    extract(html).links.map(({ attribute, element, kind, line, raw }) => [
      raw,
      kind,
      element,
      attribute,
      line
    ])

  it("reads <style> and style attributes, with their lines", () => {
    expect(
      found(`<style>
        @import "a.css";
        b { c: url(b.png) }</style>
        <p style="x: url(&quot;c.png&quot;)"
        ><x-y style='color: rgb(1,2,3)'>`)
    ).toEqual([
      ["a.css", "sheet", "style", "@import", 2],
      ["b.png", "file", "style", "url()", 3],
      ["c.png", "file", "p", "style", 4]
    ])
  })

  it("reads <style> where it is not closed, in a link and in a drawing; not what is no CSS", () => {
    expect(found("<style>a{b:url(x)}").map(([raw]) => raw)).toEqual(["x"])
    expect(
      found("<svg><style>a{b:url(x)}</style></svg><style>a{b:url(y)}</style>").map(([raw]) => raw)
    ).toEqual(["x", "y"])
    expect(
      found('<style type="text/less">a{b:url(x)}</style><style type="TEXT/CSS">a{b:url(y)}')[0]?.[0]
    ).toBe("y")
    const [link] = extract("<a href=x>one <style>a{}</style>two</a>").links
    expect(link?.text).toBe("one two")
  })
})
