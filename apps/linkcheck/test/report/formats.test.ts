import { describe, expect, it } from "@effect/vitest"
import * as Html from "../../src/report/html.ts"
import * as Json from "../../src/report/json.ts"
import * as Junit from "../../src/report/junit.ts"
import type { Broken, Report } from "../../src/report/Report.ts"
import * as Text from "../../src/report/text.ts"

const place = { page: "http://a.example/", line: 3, element: "a", attribute: "href", text: "" }
const broken: Broken = {
  url: "http://a.example/x",
  problem: "HttpStatus",
  why: "404 Not Found",
  status: 404,
  places: [{ ...place, text: "the \u001b[31m<x>" }]
}
const clean: Report = {
  start: "http://a.example/",
  complete: true,
  summary: { checked: 1234, pages: 1, links: 2, broken: 0, healed: 0, pending: 0, millis: 1540 },
  broken: [],
  healed: [],
  ignored: {},
  turnedAway: 0,
  resumable: true
}
const faulty: Report = { ...clean, broken: [broken], summary: { ...clean.summary, broken: 1 } }

describe("text", () => {
  it("says of a clean site how much was looked at", () => {
    expect(Text.render(clean)).toBe(
      "no broken links at http://a.example/\n  1,234 URLs checked, 1 page read, 2 links in 1.5 s\n"
    )
  })

  it("says of each broken link why, where, and in which words", () => {
    expect(Text.render(faulty)).toBe(
      "BROKEN http://a.example/x\n" +
        "  why: 404 Not Found\n" +
        '  found: http://a.example/ line 3 <a href> "the \\x1b[31m<x>"\n' +
        "\n" +
        "1 broken link at http://a.example/\n" +
        "  1,234 URLs checked, 1 page read, 2 links in 1.5 s\n"
    )
  })

  it("says of a link in a style sheet how it is loaded there", () => {
    const sheet = { ...place, page: "http://a.example/s.css", element: "", attribute: "url()" }
    expect(Text.render({ ...faulty, broken: [{ ...broken, places: [sheet] }] })).toContain(
      "\n  found: http://a.example/s.css line 3 url()\n"
    )
  })

  it("lists the first places of a link that is everywhere", () => {
    const places = Array.from({ length: 1200 }, (_, line) => ({ ...place, line }))
    const lines = Text.render({ ...faulty, broken: [{ ...broken, places }] }).split("\n")
    expect(lines.slice(6, 8)).toEqual([
      "  found: http://a.example/ line 4 <a href>",
      "  and on 1,195 more pages"
    ])
  })

  it("tells what was healed, left out and not got to", () => {
    const summary = { ...clean.summary, healed: 1, pending: 2 }
    const healed = [{ url: "http://a.example/h", retries: 2 }]
    const text = Text.render({
      ...clean,
      summary,
      healed,
      complete: false,
      ignored: { mailto: 2, "robots.txt": 3, skipped: 1 },
      turnedAway: 1
    })
    expect(text).toBe(
      "HEALED http://a.example/h (fine after 2 retries)\n\n" +
        "STOPPED EARLY: no broken links at http://a.example/\n" +
        "  1,234 URLs checked, 1 page read, 2 links in 1.5 s\n" +
        "  not checked: mailto 2, robots.txt 3, skipped 1 (--robots none asks for those of robots.txt)\n" +
        "  limit of URLs reached: 1 link was not checked\n" +
        "  2 URLs not got to: --resume goes on from here\n"
    )
  })
})

describe("json", () => {
  it("is the report, with nothing in it that a terminal would act on", () => {
    const text = Json.render({ ...faulty, broken: [{ ...broken, why: "\u009b\u202e\u001b" }] })
    expect(JSON.parse(text).broken[0].why).toBe("\u009b\u202e\u001b")
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    expect(text.endsWith("\n")).toBe(true)
  })
})

describe("junit", () => {
  it("has a failed case per broken link, and escapes what XML cannot hold", () => {
    const text = Junit.render({ ...faulty, broken: [{ ...broken, why: `"<&'\u0000` }] })
    expect(text).toContain('tests="1234" failures="1"')
    expect(text).toContain('<testcase classname="HttpStatus" name="http://a.example/x">')
    expect(text).toContain('message="&quot;&lt;&amp;&#39;\ufffd"')
    expect(text).toContain("http://a.example/ line 3 &lt;a href&gt; the \\x1b[31m&lt;x&gt;</failure>")
  })
})

describe("html", () => {
  it("escapes what came from the site, and links only to what is an URL", () => {
    const script = { ...broken, url: "javascript:alert(1)" }
    const text = Html.render({ ...faulty, broken: [broken, script] })
    expect(text).toContain('<a href="http://a.example/x">http://a.example/x</a>')
    expect(text).toContain("<h2>javascript:alert(1)</h2>")
    expect(text).toContain("the \\x1b[31m&lt;x&gt;")
    expect(text).not.toContain('href="javascript')
  })
})
