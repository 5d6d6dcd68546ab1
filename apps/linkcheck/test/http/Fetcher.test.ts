import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Layer, Option, Stream } from "effect"
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"
import { secretsOf } from "../../src/http/Exchange.ts"
import * as Fetcher from "../../src/http/Fetcher.ts"
import { type Answer, listen } from "../../src/site/server.ts"

const html = (body: string | Uint8Array, headers: Record<string, string> = {}): Answer => ({
  status: 200,
  headers: { "content-type": "text/html", ...headers },
  body
})
const answer = (status: number, headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  body: ""
})

interface Seen {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
}

/** Fetches one URL of a server that answers as told; what it saw of it. */
const fetching = (
  routes: Record<string, Answer | ReadonlyArray<Answer> | Effect.Effect<Answer>>,
  body: (
    origin: string,
    fetch: (path: string, want?: "head" | "page") => ReturnType<Fetcher.Fetcher["Service"]["fetch"]>,
    seen: Array<Seen>
  ) => Effect.Effect<void, unknown>,
  options: Partial<Fetcher.Options> & { readonly credentials?: string } = {}
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const seen: Array<Seen> = []
      const origin = yield* listen((request) => {
        const path = request.url ?? "/"
        const earlier = seen.filter((other) => other.path === path && other.method === request.method).length
        seen.push({ method: request.method ?? "", path, authorization: request.headers.authorization })
        const route = routes[path] ?? answer(404)
        if (Effect.isEffect(route)) return route as Effect.Effect<Answer>
        const list = Array.isArray(route) ? (route as ReadonlyArray<Answer>) : [route as Answer]
        return Effect.succeed(list[Math.min(earlier, list.length - 1)]!)
      }, "test server")
      const start = new URL(origin.replace("http://", `http://${options.credentials ?? ""}`))
      const layer = Fetcher.layer({
        concurrency: 4,
        perHost: 4,
        rate: Option.none(),
        timeout: Duration.seconds(5),
        retries: 2,
        maxPause: Duration.seconds(60),
        maxRedirects: 3,
        maxBody: 64 * 1024,
        userAgent: "test",
        secrets: secretsOf(start, {}),
        robots: () => false,
        ...options
      }).pipe(Layer.provide(NodeHttpClient.layerUndici))
      yield* Effect.gen(function* () {
        const fetcher = yield* Fetcher.Fetcher
        yield* body(origin, (path, want = "page") => fetcher.fetch(new URL(path, origin).href, want), seen)
      }).pipe(Effect.provide(layer))
    })
  )

const text = (fetched: Fetcher.Fetched) => Buffer.from(Option.getOrThrow(fetched.body)).toString()

// Real time: requests go over real sockets.
describe("fetch", () => {
  it.live("reads a page, compressed in whatever way it was offered", () =>
    fetching(
      {
        "/plain": html("hello"),
        "/gzip": html(gzipSync("hello"), { "content-encoding": "gzip" }),
        "/deflate": html(deflateSync("hello"), { "content-encoding": "Deflate" }),
        "/br": html(brotliCompressSync("hello"), { "content-encoding": "br" }),
        "/twice": html(gzipSync(gzipSync("hello")), { "content-encoding": "gzip, gzip" })
      },
      (_, fetch) =>
        Effect.gen(function* () {
          for (const path of ["/plain", "/gzip", "/deflate", "/br", "/twice"]) {
            expect(text(yield* fetch(path))).toBe("hello")
          }
        })
    )
  )

  it.live(
    "refuses a body beyond the limit, before or after decompression, and encodings it did not offer",
    () =>
      fetching(
        {
          "/long": html("x".repeat(65 * 1024)),
          "/bomb": html(gzipSync("x".repeat(65 * 1024)), { "content-encoding": "gzip" }),
          "/nested": html("x", { "content-encoding": "gzip, gzip, gzip" }),
          "/odd": html("x", { "content-encoding": "zstd" }),
          "/damaged": html("not gzip", { "content-encoding": "gzip" }),
          "/fits": html("x".repeat(64 * 1024))
        },
        (_, fetch) =>
          Effect.gen(function* () {
            const tag = (path: string) => Effect.map(Effect.flip(fetch(path)), (problem) => problem._tag)
            expect(yield* tag("/long")).toBe("BodyTooLarge")
            expect(yield* tag("/bomb")).toBe("BodyTooLarge")
            expect(yield* tag("/nested")).toBe("BadAnswer")
            expect(yield* tag("/odd")).toBe("BadAnswer")
            expect(yield* tag("/damaged")).toBe("BadAnswer")
            expect(text(yield* fetch("/fits")).length).toBe(64 * 1024)
          })
      )
  )

  it.live("does not read what is not HTML, however long it is", () =>
    fetching(
      {
        "/film": {
          status: 200,
          headers: { "content-type": "video/mp4" },
          body: Stream.forever(Stream.succeed(Buffer.alloc(1024)))
        }
      },
      (_, fetch) =>
        Effect.map(fetch("/film"), ({ body, status }) => expect([body, status]).toEqual([Option.none(), 200]))
    )
  )

  it.live("follows redirects, to a limit, and recognises a loop", () =>
    fetching(
      {
        "/a": answer(301, { location: "b?x#frag" }),
        "/b?x": answer(307, { location: "/c" }),
        "/c": html("end"),
        "/1": answer(302, { location: "/2" }),
        "/2": answer(302, { location: "/3" }),
        "/3": answer(302, { location: "/4" }),
        "/4": answer(302, { location: "/5" }),
        "/self": answer(302, { location: "/self#x" }),
        "/mail": answer(302, { location: "mailto:a@b" }),
        "/bad": answer(302, { location: "http://user:secret@[" }),
        "/nowhere": answer(302)
      },
      (origin, fetch) =>
        Effect.gen(function* () {
          const { body, ...end } = yield* fetch("/a")
          expect(end).toMatchObject({ url: `${origin}/c`, redirects: 2, status: 200 })
          expect(Option.isSome(body)).toBe(true)
          const why = (path: string) => Effect.map(Effect.flip(fetch(path)), (problem) => problem.why)
          expect(yield* why("/1")).toBe("more than 3 redirects")
          expect(yield* why("/self")).toBe(`redirect loop: ${origin}/self -> ${origin}/self`)
          expect(yield* why("/mail")).toBe("unusable answer: redirect to mailto:")
          expect(yield* why("/bad")).toBe("unusable answer: redirect to http://[, not a valid URL")
          expect(yield* why("/nowhere")).toBe("unusable answer: 302 without a Location")
        })
    )
  )

  it.live("brings cookies back along a chain of redirects, to whom they belong, and keeps none of them", () =>
    Effect.gen(function* () {
      const strangers: Array<string | undefined> = []
      const stranger = yield* listen((request) => {
        strangers.push(request.headers.cookie)
        return Effect.succeed(html("stranger"))
      }, "stranger")
      const cookies: Array<string | undefined> = []
      const origin = yield* listen((request) => {
        cookies.push(request.headers.cookie)
        const set = { "set-cookie": `seen=${request.url}` }
        if (request.url === "/away") {
          return Effect.succeed(answer(302, { ...set, location: stranger.replace("127.0.0.1", "localhost") }))
        }
        if (request.url === "/never" || request.headers.cookie === undefined) {
          return Effect.succeed(answer(302, { ...set, location: request.url! }))
        }
        return Effect.succeed(html("welcome"))
      }, "home")
      yield* fetching({}, (_, fetch) =>
        Effect.gen(function* () {
          expect(text(yield* fetch(`${origin}/page`))).toBe("welcome")
          expect(text(yield* fetch(`${origin}/other`))).toBe("welcome")
          expect(cookies).toEqual([undefined, "seen=/page", undefined, "seen=/other"])
          expect((yield* Effect.flip(fetch(`${origin}/never`)))._tag).toBe("RedirectLoop")
          expect(text(yield* fetch(`${origin}/away`))).toBe("stranger")
          expect(strangers).toEqual([undefined])
        })
      )
    }).pipe(Effect.scoped)
  )

  it.live("asks with HEAD, and lets GET decide where HEAD fails", () =>
    fetching({ "/ok": html("x"), "/gone": answer(410) }, (_, fetch, seen) =>
      Effect.gen(function* () {
        expect(Option.isNone((yield* fetch("/ok", "head")).body)).toBe(true)
        expect((yield* Effect.flip(fetch("/gone", "head")))._tag).toBe("HttpStatus")
        expect(seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
          "HEAD /ok",
          "HEAD /gone",
          "GET /gone"
        ])
      })
    )
  )

  it.live("tries again what may pass and nothing else", () =>
    fetching(
      {
        "/heals": [answer(503), answer(500), html("fine")],
        "/stays": answer(502),
        "/never": answer(404),
        "/hour": answer(429, { "retry-after": "3600" })
      },
      (_, fetch, seen) =>
        Effect.gen(function* () {
          expect((yield* fetch("/heals")).retries).toBe(2)
          for (const path of ["/stays", "/never", "/hour"]) yield* Effect.flip(fetch(path))
          const tries = (path: string) => seen.filter((request) => request.path === path).length
          expect([tries("/heals"), tries("/stays"), tries("/never"), tries("/hour")]).toEqual([3, 3, 1, 1])
        })
    )
  )

  it.live("says what it waited for when time was up", () =>
    fetching(
      {
        "/silent": Effect.never,
        "/drip": Effect.succeed({
          status: 200,
          headers: { "content-type": "text/html" },
          body: Stream.concat(Stream.succeed(Buffer.from("x")), Stream.never)
        })
      },
      (_, fetch) =>
        Effect.gen(function* () {
          expect((yield* Effect.flip(fetch("/silent"))).why).toBe("no answer within 1s")
          expect((yield* Effect.flip(fetch("/drip"))).why).toBe("answer not complete within 1s")
        }),
      { timeout: Duration.seconds(1), retries: 0 }
    )
  )

  it.live("sends credentials to their own origin alone, hop by hop", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const strangers: Array<string | undefined> = []
        let home = ""
        const stranger = yield* listen((request) => {
          strangers.push(request.headers.authorization)
          return Effect.succeed(answer(302, { location: `${home}/back` }))
        }, "stranger")
        yield* fetching(
          { "/away": answer(302, { location: stranger }), "/back": html("home") },
          (origin, fetch, seen) =>
            Effect.gen(function* () {
              home = origin
              expect(text(yield* fetch("/away"))).toBe("home")
              expect(strangers).toEqual([undefined])
              const basic = `Basic ${Buffer.from("user:secret").toString("base64")}`
              expect(seen.map(({ authorization }) => authorization)).toEqual([basic, basic])
            }),
          { credentials: "user:secret@" }
        )
      })
    )
  )

  it.live("gives a host no more requests at a time than allowed", () =>
    Effect.suspend(() => {
      let now = 0
      let most = 0
      const busy = Effect.acquireUseRelease(
        Effect.sync(() => (most = Math.max(most, ++now))),
        () => Effect.as(Effect.sleep("10 millis"), html("x")),
        () => Effect.sync(() => now--)
      )
      const paths = Array.from({ length: 30 }, (_, n) => `/${n}`)
      return fetching(
        Object.fromEntries(paths.map((path) => [path, busy])),
        (_, fetch) =>
          Effect.map(
            Effect.forEach(paths, (path) => fetch(path), { concurrency: "unbounded" }),
            (all) => expect([all.length, most]).toEqual([30, 3])
          ),
        { perHost: 3, concurrency: 10 }
      )
    })
  )

  it.live("leaves the server's turn free when interrupted", () =>
    fetching(
      { "/silent": Effect.never, "/ok": html("x") },
      (_, fetch) =>
        Effect.gen(function* () {
          const exit = yield* Effect.exit(Effect.timeoutOption(fetch("/silent"), "100 millis"))
          expect(exit).toEqual(Exit.succeed(Option.none()))
          expect((yield* fetch("/ok")).status).toBe(200)
        }),
      { perHost: 1, concurrency: 1 }
    )
  )
})
