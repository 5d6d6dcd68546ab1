/** Fetches one URL to its end: redirects followed, passing failures tried again, everybody's turn waited for. */
import { CancelScope, Retry, Semaphore } from "@skein/core"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Cookies from "effect/http/Cookies"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { resolve } from "../domain/Address.ts"
import { showUrl } from "../domain/Escape.ts"
import {
  BadAnswer,
  isPassing,
  type Problem,
  RedirectLoop,
  RequestTimeout,
  TooManyRedirects
} from "../domain/Problem.ts"
import { type Answer, type Ask, exchange, type Secrets, type Want } from "./Exchange.ts"
import * as Hosts from "./Hosts.ts"
import * as Permission from "./Permission.ts"

export interface Options {
  /** Requests under way at a time, in all and per host. */
  readonly concurrency: number
  readonly perHost: number
  readonly rate: Option.Option<number>
  /** For one request, from the first byte sent to the last one read. */
  readonly timeout: Duration.Duration
  /** Further tries after a failure that may pass. */
  readonly retries: number
  /** A `Retry-After` beyond this is not waited for. */
  readonly maxPause: Duration.Duration
  readonly maxRedirects: number
  /** Of a page, decompressed, in bytes. */
  readonly maxBody: number
  readonly userAgent: string
  readonly secrets: Option.Option<Secrets>
  /** Whose `robots.txt` is obeyed. */
  readonly robots: (url: URL) => boolean
}

export interface Fetched {
  /** Where the redirects ended. */
  readonly url: string
  readonly status: number
  readonly contentType: string
  readonly body: Option.Option<Uint8Array>
  readonly redirects: number
  /** Tries that failed before this one did not. */
  readonly retries: number
}

/** A try that failed and will be repeated. */
export interface Retried {
  readonly url: string
  readonly problem: Problem
  readonly delay: Duration.Duration
}

export type OnRetry = (retried: Retried) => Effect.Effect<void>

export class Fetcher extends Context.Service<
  Fetcher,
  {
    /**
     * **Errors** what is wrong with the URL, after all retries; `Disallowed` where nobody was asked.
     * **Cancellation** Cancel-safe: the request is aborted, its turn given back.
     */
    readonly fetch: (url: string, want: Want, onRetry?: OnRetry) => Effect.Effect<Fetched, Problem>
  }
>()("linkcheck/Fetcher") {}

/** One request of a chain of redirects. */
interface Hop {
  readonly url: URL
  readonly cookie: string | undefined
}

export const layer = (options: Options): Layer.Layer<Fetcher, never, HttpClient.HttpClient> =>
  Layer.effect(
    Fetcher,
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      const hosts = Hosts.make(options)
      const all = yield* Semaphore.make(options.concurrency, { name: "requests" })

      const permission = Permission.make({ obeys: options.robots, userAgent: options.userAgent })

      const once = (
        method: "GET" | "HEAD",
        { cookie, url }: Hop,
        want: Ask
      ): Effect.Effect<Answer, Problem> =>
        Effect.suspend(() => {
          let phase: "headers" | "body" = "headers"
          return exchange(method, url, want, { ...options, cookie, onHeaders: () => (phase = "body") }).pipe(
            Effect.provideService(HttpClient.HttpClient, client),
            CancelScope.failAfter(options.timeout, {
              name: "request",
              onTimeout: () => new RequestTimeout({ url: url.href, timeout: options.timeout, phase })
            }),
            Semaphore.withPermit(all),
            hosts.take(url)
          )
        })

      const follow = Effect.fnUntraced(function* (
        start: string,
        want: Ask,
        onRetry: OnRetry,
        request: (hop: Hop) => Effect.Effect<Answer, Problem>
      ): Effect.fn.Return<Omit<Fetched, "retries">, Problem> {
        const chain = [start]
        const visited = new Set<string>()
        // For this chain alone: many sites set a cookie and send the visitor back to the same page, to see it come.
        let cookies: ReadonlyArray<Cookies.Cookie> = []
        while (true) {
          const at = chain[chain.length - 1]!
          const now = yield* Clock.currentTimeMillis
          const hop = { url: new URL(at), cookie: cookieFor(at, cookies, now) }
          visited.add(`${at} ${hop.cookie}`)
          if (want !== "file") {
            yield* permission.check(hop.url, (file) =>
              Effect.map(get(file, "file", onRetry), ({ body }) => body)
            )
          }
          const answer = yield* request(hop)
          if (answer._tag === "Final") return { ...answer, url: at, redirects: chain.length - 1 }
          const next = yield* redirectTarget(start, answer.location, at)
          cookies = Cookies.mergeIntoArray(cookies, at, answer.cookies, now)
          if (visited.has(`${next} ${cookieFor(next, cookies, now)}`))
            return yield* new RedirectLoop({ url: start, chain: [...chain, next] })
          if (chain.length > options.maxRedirects) {
            return yield* new TooManyRedirects({ url: start, limit: options.maxRedirects })
          }
          chain.push(next)
        }
      })

      const get = Effect.fnUntraced(function* (
        url: string,
        want: Ask,
        onRetry: OnRetry
      ): Effect.fn.Return<Fetched, Problem> {
        let retries = 0
        const got = yield* follow(url, want, onRetry, (hop) =>
          once("GET", hop, want).pipe(
            Retry.run({
              attempts: options.retries + 1,
              initial: "200 millis",
              // Time spent in line counts as well, and a line may be long: attempts are what is bounded.
              elapsed: "1 day",
              while: (problem) =>
                isPassing(problem) && pauseOf(problem) <= Duration.toMillis(options.maxPause),
              retryAfter: (problem) => (problem._tag === "HttpStatus" ? problem.retryAfter : Option.none()),
              onRetry: ({ delay, error }) => {
                retries++
                return onRetry({ url: error.url, problem: error, delay })
              }
            })
          )
        ).pipe(Effect.tapError(hosts.gaveUp))
        return { ...got, retries }
      })

      const fetch = Effect.fnUntraced(function* (
        url: string,
        want: Want,
        onRetry: OnRetry = () => Effect.void
      ): Effect.fn.Return<Fetched, Problem> {
        if (want !== "head") return yield* get(url, want, onRetry)
        // HEAD is cheaper, but servers often answer it wrongly: whatever it fails with, GET decides.
        const head = yield* Effect.result(follow(url, want, onRetry, (hop) => once("HEAD", hop, want)))
        if (Result.isSuccess(head)) return { ...head.success, retries: 0 }
        if (!isFinal(head.failure)) return yield* get(url, want, onRetry)
        yield* hosts.gaveUp(head.failure)
        return yield* Effect.fail(head.failure)
      })

      return { fetch }
    })
  )

const cookieFor = (url: string, cookies: ReadonlyArray<Cookies.Cookie>, now: number): string | undefined =>
  cookies.length === 0 ? undefined : Cookies.toRequestCookieHeader(cookies, url, now)

// No other method would help: there is nobody to ask, or nobody who wants to be asked.
const isFinal = (problem: Problem): boolean =>
  problem._tag === "TlsFailure" ||
  problem._tag === "Disallowed" ||
  (problem._tag === "HostUnreachable" && !problem.passing)

const pauseOf = (problem: Problem): number =>
  problem._tag === "HttpStatus" && Option.isSome(problem.retryAfter)
    ? Duration.toMillis(problem.retryAfter.value)
    : 0

const redirectTarget = (start: string, location: string, at: string): Effect.Effect<string, Problem> => {
  const resolved = resolve(location, at)
  if (Result.isFailure(resolved)) {
    return Effect.fail(
      new BadAnswer({ url: start, detail: `redirect to ${showUrl(location.slice(0, 200))}, not a valid URL` })
    )
  }
  return resolved.success._tag === "Http"
    ? Effect.succeed(resolved.success.url)
    : Effect.fail(new BadAnswer({ url: start, detail: `redirect to ${resolved.success.scheme}:` }))
}
