import { describe, expect, it } from "@effect/vitest"
import { extract } from "../../src/html/extract.ts"
import { parseSrcset } from "../../src/html/srcset.ts"

const raws = (html: string) => extract(html).links.map((link) => link.raw)

describe("extract", () => {
  it("tells where a link stands and what it says", () => {
    expect(
      extract('<p>\n\n<a class=x href="/a?b=1&amp;c=2">  One\n <b>bold</b> &amp; more</a>').links
    ).toEqual([
      {
        raw: "/a?b=1&c=2",
        attribute: "href",
        kind: "page",
        element: "a",
        text: "One bold & more",
        line: 3
      }
    ])
  })

  it("finds what pages load, and tells it from where visitors go", () => {
    const found = extract(`
      <img src=i1 srcset="i2 1x, i3 2x" alt="A  picture"><script src=s></script><video src=v poster=p></video>
      <iframe src=f></iframe><object data=o></object><link rel="shortcut icon" href=icon>
      <link rel=canonical href=c><link rel=preconnect href=//cdn><meta http-equiv=Refresh content="5; URL='next'">`)
    expect(found.links.filter((link) => link.kind !== "page").map((link) => link.raw)).toEqual([
      "i1",
      "i2",
      "i3",
      "s",
      "v",
      "p",
      "o",
      "icon"
    ])
    expect(found.links.filter((link) => link.kind === "page").map((link) => link.raw)).toEqual([
      "f",
      "c",
      "next"
    ])
    expect(found.links[0]?.text).toBe("A picture")
  })

  it("finds what the less usual elements load", () => {
    const found =
      extract(`<body background=b><input type=IMAGE src=i><input src=no><link rel=preload imagesrcset="p 1x">
      <svg><image href=s /><use xlink:href="u#x"/><use href="#no"/><a xlink:href=/v></a></svg>
      <meta property="og:image" content=/og><meta name=description content=no><link rel=preload as=style href=c>
      <link rel="alternate stylesheet" href=d>`)
    expect(found.links.map(({ kind, raw }) => `${kind} ${raw}`)).toEqual([
      "file b",
      "file i",
      "file p",
      "file s",
      "file u#x",
      "page /v",
      "file /og",
      "sheet c",
      "sheet d"
    ])
  })

  it("reads malformed pages as browsers do", () => {
    expect(raws("<a href=/x>one<a HREF='/y'>two<p></a><table><a   href = /z   >")).toEqual(["/x", "/y", "/z"])
    expect(raws('<a href="/first" href="/second">')).toEqual(["/first"])
    expect(raws('<a href="/cut')).toEqual([])
    expect(raws("<!-- <a href=no> --><!- x -><a href=yes></a>")).toEqual(["yes"])
    expect(
      raws("<script>'<a href=no>'</script><style><a href=no></style><textarea><a href=no></textarea>")
    ).toEqual([])
  })

  it("reads drawings as what they are, up to where HTML goes on", () => {
    expect(raws("<svg><style><a href=in></style></svg><style><a href=no></style>")).toEqual(["in"])
    expect(raws("<svg><p><style><a href=no></style>")).toEqual([])
    expect(raws("<svg/><style><a href=no></style>")).toEqual([])
  })

  it("collects anchors, title and base", () => {
    const page = extract(
      '<svg><title>a drawing</title></svg><title> The\n title </title><base href="/b/"><base href="/c/">' +
        '<h1 id="one"></h1><a name="two"></a><form name="three"></form>'
    )
    expect(page.title).toBe("The title")
    expect(page.base).toBe("/b/")
    expect(page.anchors).toEqual(["one", "two"])
  })

  it("does not stumble over the names of JavaScript's own objects", () => {
    expect(raws("<constructor href=x><__proto__ src=y><a __proto__=z href=w>")).toEqual(["w"])
  })

  // Each took a parser that keeps open elements in a list, or a careless pattern, minutes or the stack.
  it("stays linear on pages made to be slow", () => {
    const n = 100_000
    for (const html of [
      "<div><a href=x>".repeat(n),
      "<b>".repeat(n) + "</i>".repeat(n),
      `<a ${"x=1 ".repeat(n)}>`,
      `<a href=x>${"&amp;".repeat(n)}</a>`,
      `<img srcset="a${",".repeat(n)}b">`,
      `<a href=x>${" ".repeat(n)}x</a>`,
      `<meta http-equiv=refresh content="0;${" ".repeat(n)}x">`,
      "<svg>".repeat(n)
    ]) {
      const began = performance.now()
      extract(html)
      expect(performance.now() - began).toBeLessThan(3000)
    }
  })

  it("holds a page of nothing but links or anchors to 50,000 of them", () => {
    const places = Array.from({ length: 60_000 }, (_, n) => `<p id=${n}>`).join("")
    expect(extract(places).anchors.length).toBe(50_000)
    expect(extract("<a href=x>".repeat(60_000)).links.length).toBe(50_000)
  })
})

describe("parseSrcset", () => {
  it("reads candidates as the standard says", () => {
    expect(parseSrcset("a.png, b.png 2x,c.png 100w , d,e.png")).toEqual([
      "a.png",
      "b.png",
      "c.png",
      "d,e.png"
    ])
    expect(parseSrcset(" , ,")).toEqual([])
    expect(parseSrcset("data:image/png;base64,AA== 1x, x.png")).toEqual([
      "data:image/png;base64,AA==",
      "x.png"
    ])
    expect(parseSrcset("a.png calc(1, 2), b.png")).toEqual(["a.png", "b.png"])
  })
})
