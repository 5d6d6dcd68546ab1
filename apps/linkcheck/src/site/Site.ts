/** The demo site: two origins on loopback, with the faults of `faults.ts`. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { createServer, type Server } from "node:http"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import type { Addresses } from "./faults.ts"
import * as Pages from "./pages.ts"

export interface Site extends Addresses {
  /** What reached the other origin and should not have: credentials, cookies, referrers. */
  readonly leaks: () => ReadonlyArray<string>
}

type Handler = Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest>

const html = (body: string, headers: Readonly<Record<string, string>> = {}): Handler =>
  Effect.succeed(HttpServerResponse.text(body, { contentType: "text/html; charset=utf-8", headers }))

const status = (code: number, headers: Readonly<Record<string, string>> = {}): Handler =>
  Effect.succeed(HttpServerResponse.text(`${code}\n`, { status: code, headers }))

const redirect = (to: string): Handler => Effect.succeed(HttpServerResponse.redirect(to, { status: 301 }))

const typed = (contentType: string): Handler =>
  Effect.succeed(HttpServerResponse.text("...", { contentType }))

const compressed = (body: Uint8Array): Handler =>
  Effect.succeed(
    HttpServerResponse.uint8Array(body, { contentType: "text/html", headers: { "content-encoding": "gzip" } })
  )

const streamed = (stream: Stream.Stream<Uint8Array>): Handler =>
  Effect.succeed(HttpServerResponse.stream(stream, { contentType: "text/html" }))

/** Serves until the scope closes; nothing that hangs keeps it open. */
export const serve: Effect.Effect<Site, never, Scope.Scope> = Effect.gen(function* () {
  const leaked: Array<string> = []
  const bomb = yield* Effect.promise(() => promisify(gzip)(Buffer.alloc(16 * 1024 * 1024, " ")))
  const damaged = (yield* Effect.promise(() => promisify(gzip)(Pages.guide))).subarray(0, 60)
  const visits = new Map<string, number>()
  const failingOnce = (path: string, failure: Handler): Handler =>
    Effect.suspend(() => {
      const visit = (visits.get(path) ?? 0) + 1
      visits.set(path, visit)
      return visit === 1 ? failure : html(Pages.about)
    })

  const other = yield* listen(
    {
      "/fine": html(Pages.about),
      "/landing": html(Pages.about),
      "/no-head": Effect.flatMap(HttpServerRequest, ({ method }) =>
        method === "HEAD" ? status(405) : html(Pages.about)
      ),
      "/gone": status(410)
    },
    (request) => {
      for (const name of ["authorization", "cookie", "referer"]) {
        if (request.headers[name] !== undefined) leaked.push(`${name} at ${request.url}`)
      }
    }
  )

  const addresses = { site: "", other }
  const site = yield* listen({
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
  })
  addresses.site = site
  return { site, other, leaks: () => leaked }
})

const listen = Effect.fnUntraced(function* (
  routes: Readonly<Record<string, Handler>>,
  inspect?: (request: HttpServerRequest) => void
): Effect.fn.Return<string, never, Scope.Scope> {
  const node: Server = createServer()
  const server = yield* Effect.orDie(NodeHttpServer.make(() => node, { port: 0, host: "127.0.0.1" }))
  yield* Effect.addFinalizer(() => Effect.sync(() => node.closeAllConnections()))
  yield* server.serve(
    Effect.flatMap(HttpServerRequest, (request) => {
      inspect?.(request)
      const path = request.url.replace(/[?#].*$/, "")
      return Object.hasOwn(routes, path) ? routes[path]! : status(404)
    })
  )
  return HttpServer.formatAddress(server.address).replace(/\/$/, "")
})
