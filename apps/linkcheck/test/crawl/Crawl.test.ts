import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { main } from "../../src/cli/Main.ts"
import { Output } from "../../src/report/Output.ts"
import { type Answer, listen } from "../../src/site/server.ts"

const html = (...links: ReadonlyArray<string>): Answer => ({
  status: 200,
  headers: { "content-type": "text/html" },
  body: `<h1 id=here></h1>${links.map((link) => `<a href="${link}">x</a>`).join("\n")}`
})
const robots = (body: string): Answer => ({ status: 200, headers: { "content-type": "text/plain" }, body })
const redirect = (location: string): Answer => ({ status: 302, headers: { location }, body: "" })
const missing: Answer = { status: 404, headers: {}, body: "" }

/** A site; what was asked of it, in order; for its robots.txt only where it has one. */
const site = Effect.fnUntraced(function* (routes: Record<string, Answer>) {
  const asked: Array<string> = []
  const origin = yield* listen((request) => {
    if (request.url !== "/robots.txt" || Object.hasOwn(routes, "/robots.txt")) {
      asked.push(`${request.method} ${request.url}`)
    }
    return Effect.succeed(routes[request.url ?? ""] ?? missing)
  }, "site")
  return { origin, asked }
})

const check = (...args: ReadonlyArray<string>) =>
  Effect.suspend(() => {
    let stdout = ""
    const stdoutTo = (text: string) => Effect.sync(() => void (stdout += text))
    const output = { stdout: stdoutTo, stderr: () => Effect.void, live: false, columns: () => 80 }
    return main(["--json", "--db", ":memory:", "--retries", "0", ...args]).pipe(
      Effect.map(() => JSON.parse(stdout)),
      Effect.provide(Layer.succeed(Output, output))
    )
  })

const urls = (report: { readonly broken: ReadonlyArray<{ readonly url: string }> }) =>
  report.broken.map(({ url }) => new URL(url).pathname + new URL(url).hash)

// Real time: requests go over real sockets.
describe("crawl", () => {
  it.live("asks for each URL once, under however many spellings, anchors and redirects it is linked", () =>
    Effect.gen(function* () {
      const { asked, origin } = yield* site({
        "/": html("/a", "a", "./a#here", "/%61", "/old"),
        "/a": html("/", "/a#here", "#here"),
        "/old": redirect("/new"),
        "/new": html("/new", "/old#here", "/a")
      })
      const report = yield* check(`${origin}/`)
      expect(report.broken).toEqual([])
      expect(asked.toSorted()).toEqual(["GET /", "GET /a", "GET /new", "GET /old"])
    }).pipe(Effect.scoped)
  )

  it.live("asks again for what turns out to be a page to read", () =>
    Effect.gen(function* () {
      const { asked, origin } = yield* site({
        "/": { ...html(), body: '<img src="/both"><a href="/both#gone">x</a>' },
        "/both": html()
      })
      expect(urls(yield* check(`${origin}/`))).toEqual(["/both#gone"])
      expect(asked).toContain("GET /both")
    }).pipe(Effect.scoped)
  )

  it.live("takes the place that the start page redirects to for the site, and only asks elsewhere", () =>
    Effect.gen(function* () {
      const other = yield* site({ "/": html("/not-followed") })
      const real = yield* site({ "/home": html("/sub", other.origin), "/sub": html("/gone") })
      const alias = yield* site({ "/": redirect(`${real.origin}/home`) })
      const report = yield* check(`${alias.origin}/`)
      expect(urls(report)).toEqual(["/gone"])
      expect(other.asked).toEqual(["HEAD /"])
    }).pipe(Effect.scoped)
  )

  it.live("does not follow pages that redirect out of the site", () =>
    Effect.gen(function* () {
      const other = yield* site({ "/": html("/gone") })
      const { origin } = yield* site({ "/": html("/away"), "/away": redirect(other.origin) })
      expect((yield* check(`${origin}/`)).broken).toEqual([])
      expect(other.asked).toEqual(["GET /"])
    }).pipe(Effect.scoped)
  )

  it.live("stops taking on URLs at the limit and says how many links it turned away", () =>
    Effect.gen(function* () {
      const { asked, origin } = yield* site({ "/": html("/1", "/2", "/3", "/4"), "/1": html(), "/2": html() })
      const report = yield* check("--max-urls", "3", `${origin}/`)
      expect(report.turnedAway).toBe(2)
      expect(asked.toSorted()).toEqual(["GET /", "GET /1", "GET /2"])
    }).pipe(Effect.scoped)
  )

  it.live("keeps below the start page's folder when told, and leaves out what is to be skipped", () =>
    Effect.gen(function* () {
      const { asked, origin } = yield* site({
        "/docs/": html("/docs/a", "/blog/", "/docs/skip/b"),
        "/docs/a": html(),
        "/blog/": html("/blog/gone")
      })
      const report = yield* check("--below", "--skip", "/skip/", `${origin}/docs/`)
      expect(report.broken).toEqual([])
      expect(report.ignored).toEqual({ skipped: 1 })
      expect(asked.toSorted()).toEqual(["GET /docs/", "GET /docs/a", "HEAD /blog/"])
    }).pipe(Effect.scoped)
  )
})

describe("style sheets", () => {
  const sheet = (body: string): Answer => ({ status: 200, headers: { "content-type": "text/css" }, body })
  const head = (markup: string): Answer => ({ ...html(), body: markup })

  it.live("are read, and what they load is checked against their own address", () =>
    Effect.gen(function* () {
      const { asked, origin } = yield* site({
        "/": head(`<link rel=stylesheet href=/css/a.css><div style="background: url(gone-too.png)">`),
        "/css/a.css": sheet('@import "b.css";\n.x { background: url(../ok.png) }'),
        "/css/b.css": sheet("@import 'a.css'; .y { src: url(gone.woff2?#iefix) }"),
        "/ok.png": { ...html(), headers: { "content-type": "image/png" } }
      })
      const report = yield* check(`${origin}/`)
      const place = ({ places: [at] }: { readonly places: ReadonlyArray<Record<string, unknown>> }) =>
        `${at!.page} line ${at!.line} ${at!.element} ${at!.attribute}`
      expect(urls(report)).toEqual(["/css/gone.woff2", "/gone-too.png"])
      expect(report.broken.map(place)).toEqual([
        `${origin}/css/b.css line 1  url()`,
        `${origin}/ line 1 div style`
      ])
      expect(report.summary).toMatchObject({ checked: 6, pages: 1, pending: 0 })
      expect(asked.filter((request) => request.endsWith(".css"))).toEqual([
        "GET /css/a.css",
        "GET /css/b.css"
      ])
    }).pipe(Effect.scoped)
  )

  it.live("that are answered with a page are not read as one: such a site would have no end", () =>
    Effect.gen(function* () {
      const { asked, origin } = yield* site({
        "/": head("<link rel=stylesheet href=css/a.css>"),
        "/css/a.css": head("<link rel=stylesheet href=css/a.css>")
      })
      expect((yield* check(`${origin}/`)).broken).toEqual([])
      expect(asked).toEqual(["GET /", "GET /css/a.css"])
    }).pipe(Effect.scoped)
  )

  it.live("of other sites are asked for, not read", () =>
    Effect.gen(function* () {
      const other = yield* site({ "/a.css": sheet("@import '/gone.css'") })
      const { origin } = yield* site({ "/": head(`<link rel=stylesheet href=${other.origin}/a.css>`) })
      expect((yield* check(`${origin}/`)).broken).toEqual([])
      expect(other.asked).toEqual(["HEAD /a.css"])
    }).pipe(Effect.scoped)
  )
})

describe("robots.txt", () => {
  const file = robots("User-agent: *\nDisallow: /private")

  it.live("of the site is read first and once, and what it forbids is not asked for", () =>
    Effect.gen(function* () {
      const { asked, origin } = yield* site({
        "/robots.txt": file,
        "/": html("/private/a", "/private/b#x", "/open", "/old"),
        "/open": html("/private/a"),
        "/old": redirect("/private/new")
      })
      const report = yield* check(`${origin}/`)
      expect([report.broken, report.complete]).toEqual([[], true])
      expect(report.ignored).toEqual({ "robots.txt": 3 })
      expect(report.summary).toMatchObject({ checked: 2, pages: 2, pending: 0 })
      expect(asked.slice(0, 2)).toEqual(["GET /robots.txt", "GET /"])
      expect(asked.slice(2).toSorted()).toEqual(["GET /old", "GET /open"])
    }).pipe(Effect.scoped)
  )

  it.live("that forbids the start page is a finding, and says how to go on", () =>
    Effect.gen(function* () {
      const { asked, origin } = yield* site({ "/robots.txt": file, "/private": html() })
      const report = yield* check(`${origin}/private`)
      expect(report.broken).toMatchObject([
        { problem: "Disallowed", why: "not allowed by robots.txt; --robots none asks all the same" }
      ])
      expect(asked).toEqual(["GET /robots.txt"])
      const all = yield* check("--robots", "none", `${origin}/private`)
      expect([all.broken, asked]).toEqual([[], ["GET /robots.txt", "GET /private"]])
    }).pipe(Effect.scoped)
  )

  it.live("of other sites counts only when told", () =>
    Effect.gen(function* () {
      const other = yield* site({ "/robots.txt": file, "/private": html() })
      const { origin } = yield* site({ "/": html(`${other.origin}/private`) })
      expect((yield* check(`${origin}/`)).ignored).toEqual({})
      expect(other.asked).toEqual(["HEAD /private"])
      expect((yield* check("--robots", "all", `${origin}/`)).ignored).toEqual({ "robots.txt": 1 })
      expect(other.asked).toEqual(["HEAD /private", "GET /robots.txt"])
    }).pipe(Effect.scoped)
  )

  it.live("that the server fails to give keeps out, one that does not exist does not", () =>
    Effect.gen(function* () {
      const trouble = yield* site({ "/robots.txt": { ...missing, status: 503 }, "/": html() })
      expect((yield* check(`${trouble.origin}/`)).broken[0].why).toMatch(
        /^robots.txt cannot be had \(503 Service Unavailable\)/
      )
      const none = yield* site({ "/robots.txt": { ...missing, status: 403 }, "/": html() })
      expect((yield* check(`${none.origin}/`)).broken).toEqual([])
    }).pipe(Effect.scoped)
  )
})
