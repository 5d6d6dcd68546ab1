/** The demo site: two origins on loopback, with the faults of `faults.ts`. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { IncomingMessage } from "node:http"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import type { Addresses } from "./faults.ts"
import * as Pages from "./pages.ts"
import { type Answer, listen } from "./server.ts"

export interface Site extends Addresses {
  /** What reached the other origin and should not have: credentials, cookies, referrers. */
  readonly leaks: () => ReadonlyArray<string>
  /** Requests that came to the site with its credentials. */
  readonly authorized: () => number
  /** Requests for one path of the site. */
  readonly requests: (path: string) => number
}

type Route = Effect.Effect<Answer>

const HTML = { "content-type": "text/html; charset=utf-8" }

const html = (body: string): Route => Effect.succeed({ status: 200, headers: HTML, body })

const status = (code: number, headers: Readonly<Record<string, string>> = {}): Route =>
  Effect.succeed({ status: code, headers: { "content-type": "text/plain", ...headers }, body: `${code}\n` })

const redirect = (location: string): Route => status(301, { location })

const typed = (contentType: string): Route =>
  Effect.succeed({ status: 200, headers: { "content-type": contentType }, body: "..." })

const compressed = (body: Uint8Array): Route =>
  Effect.succeed({ status: 200, headers: { ...HTML, "content-encoding": "gzip" }, body })

const streamed = (body: Stream.Stream<Uint8Array>): Route =>
  Effect.succeed({ status: 200, headers: HTML, body })

/** Serves until the scope closes; nothing that hangs keeps it open. */
export const serve: Effect.Effect<Site, never, Scope.Scope> = Effect.gen(function* () {
  const leaked: Array<string> = []
  const bomb = yield* Effect.promise(() => promisify(gzip)(Buffer.alloc(16 * 1024 * 1024, " ")))
  const damaged = (yield* Effect.promise(() => promisify(gzip)(Pages.guide))).subarray(0, 60)
  const visits = new Map<string, number>()
  const failingOnce = (path: string, failure: Route): Route =>
    Effect.suspend(() => {
      const visit = (visits.get(path) ?? 0) + 1
      visits.set(path, visit)
      return visit === 1 ? failure : html(Pages.about)
    })

  const other = yield* listen((request) => {
    for (const name of ["authorization", "cookie", "referer", "x-token"]) {
      if (request.headers[name] !== undefined) leaked.push(`${name} at ${request.url}`)
    }
    return route(elsewhere, request)
  }, "other site")

  const addresses = { site: "", other }
  const routes: Record<string, Route> = {
    "/": Effect.suspend(() => html(Pages.home(addresses))),
    "/guide": compressed(yield* Effect.promise(() => promisify(gzip)(Pages.guide))),
    "/about": html(Pages.about),
    "/malformed": html(Pages.malformed),
    "/hostile": Effect.suspend(() => html(Pages.hostile.replace("${host}", new URL(addresses.site).host))),
    "/assets/style.css": typed("text/css"),
    "/assets/logo.png": typed("image/png"),
    "/manual.pdf": typed("application/pdf"),
    "/old": redirect("/guide"),
    "/away": redirect(`${other}/landing`),
    "/heals": failingOnce("/heals", status(500)),
    "/busy": failingOnce("/busy", status(429, { "retry-after": "1" })),
    "/overloaded": status(429, { "retry-after": "3600" }),
    "/error": status(500),
    "/hang": Effect.never,
    "/drip": streamed(Stream.repeat(Stream.succeed(Buffer.from("<p>drip")), Schedule.spaced("100 millis"))),
    "/loop/1": redirect("/loop/2"),
    "/loop/2": redirect("/loop/1"),
    "/endless": streamed(Stream.forever(Stream.succeed(Buffer.alloc(64 * 1024, "<p>more")))),
    "/bomb": compressed(bomb),
    "/truncated": compressed(damaged)
  }
  const requests = new Map<string, number>()
  let authorized = 0
  const site = yield* listen((request) => {
    const path = request.url ?? "/"
    requests.set(path, (requests.get(path) ?? 0) + 1)
    if (request.headers.authorization !== undefined) authorized++
    return route(routes, request)
  }, "site")
  addresses.site = site
  return {
    site,
    other,
    leaks: () => leaked,
    authorized: () => authorized,
    requests: (path) => requests.get(path) ?? 0
  }
})

const elsewhere: Record<string, Route> = {
  "/fine": html(Pages.about),
  "/landing": html(Pages.about),
  "/no-head": html(Pages.about),
  "/gone": status(410)
}

const route = (routes: Readonly<Record<string, Route>>, request: IncomingMessage): Route => {
  const path = (request.url ?? "/").replace(/[?#].*$/, "")
  if (path === "/no-head" && request.method === "HEAD") return status(405)
  return Object.hasOwn(routes, path) ? routes[path]! : status(404)
}
