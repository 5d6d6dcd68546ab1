/** One request and its answer: no redirects, no retries, no waiting in line. */
import { CancelScope } from "@skein/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Cookies from "effect/http/Cookies"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { basicAuth, normalise } from "../domain/Address.ts"
import { BadAnswer, HttpStatus, InvalidUrl, type Problem } from "../domain/Problem.ts"
import { parseRetryAfter } from "../domain/RetryAfter.ts"
import { isHtml, isSheet } from "../html/decode.ts"
import { ENCODINGS, readBody } from "./body.ts"
import { classify } from "./classify.ts"

/** What is asked of a link: "head", does it exist? "sheet", "page", what does it say? */
export type Want = "head" | "sheet" | "page"

/** What is asked of a server; "file" takes whatever it is. */
export type Ask = Want | "file"

/** What is sent to the site's own origin and to nobody else. */
export interface Secrets {
  readonly origin: string
  readonly headers: Readonly<Record<string, string>>
}

export type Answer =
  | {
      readonly _tag: "Redirect"
      readonly status: number
      readonly location: string
      readonly cookies: Cookies.Cookies
    }
  | {
      readonly _tag: "Final"
      readonly status: number
      readonly contentType: string
      /** What was wanted, when that is what it is: a page in HTML, a style sheet in CSS. */
      readonly body: Option.Option<Uint8Array>
    }

export interface Options {
  readonly userAgent: string
  readonly maxBody: number
  readonly secrets: Option.Option<Secrets>
  /** Cookies that were set on the way to this URL, as a header. */
  readonly cookie?: string | undefined
  /** Told when the headers are in, so that a timeout can say what it waited for. */
  readonly onHeaders?: (() => void) | undefined
}

/** The secrets of a start URL: credentials written into it, and headers given beside it. */
export const secretsOf = (start: URL, headers: Readonly<Record<string, string>>): Option.Option<Secrets> => {
  const authorization = basicAuth(start)
  const all = { ...(authorization === undefined ? {} : { authorization }), ...headers }
  return Object.keys(all).length === 0 ? Option.none() : Option.some({ origin: start.origin, headers: all })
}

/**
 * Asks once. A status of 400 or more is a failure, a redirect is an answer.
 *
 * **Cancellation** Cancel-safe: the request is aborted and its connection closed. A body that is not wanted is not
 * read: the connection is given up instead.
 */
export const exchange = (
  method: "GET" | "HEAD",
  url: URL,
  want: Ask,
  options: Options
): Effect.Effect<Answer, Problem, HttpClient.HttpClient> =>
  Effect.scoped(
    Effect.gen(function* () {
      const client = HttpClient.withScope(yield* HttpClient.HttpClient)
      const response = yield* client
        .execute(requestOf(method, url, options))
        .pipe(Effect.mapError((error) => transportProblem(url, error)))
      options.onHeaders?.()
      return yield* read(response, url, method === "HEAD" ? "head" : want, options)
    })
  ).pipe(Effect.provideService(HttpClient.TracerDisabledWhen, () => true))

const requestOf = (
  method: "GET" | "HEAD",
  url: URL,
  options: Options
): HttpClientRequest.HttpClientRequest => {
  const secrets = Option.getOrUndefined(options.secrets)
  // Origin by origin, request by request: a redirect to another origin goes there without them.
  const own = secrets !== undefined && secrets.origin === url.origin ? secrets.headers : {}
  const cookie = [own["cookie"], options.cookie].filter((part) => part !== undefined).join("; ")
  return HttpClientRequest.make(method)(normalise(url), {
    headers: {
      accept: "text/html,application/xhtml+xml,*/*;q=0.8",
      "accept-encoding": ENCODINGS,
      "user-agent": options.userAgent,
      ...own,
      ...(cookie === "" ? {} : { cookie })
    }
  })
}

const read = Effect.fnUntraced(function* (
  response: HttpClientResponse.HttpClientResponse,
  url: URL,
  want: Ask,
  options: Options
): Effect.fn.Return<Answer, Problem> {
  const { headers, status } = response
  if (status >= 300) yield* finish(response)
  if (status >= 400) {
    const now = yield* Clock.currentTimeMillis
    return yield* new HttpStatus({
      url: url.href,
      status,
      retryAfter: parseRetryAfter(headers["retry-after"], now)
    })
  }
  if (status >= 300 && status !== 304) {
    const location = headers["location"]
    if (location === undefined || location === "") {
      return yield* new BadAnswer({ url: url.href, detail: `${status} without a Location` })
    }
    return { _tag: "Redirect", status, location, cookies: response.cookies }
  }
  const contentType = headers["content-type"] ?? ""
  const body = isWanted(want, contentType)
    ? Option.some(yield* readBody(url, response, options.maxBody))
    : Option.none<Uint8Array>()
  return { _tag: "Final", status, contentType, body }
})

// A style sheet that comes as a page (of a site that answers everything with its start page) is not read.
const isWanted = (want: Ask, contentType: string): boolean =>
  want === "file" ||
  (want === "page" && isHtml(contentType)) ||
  ((want === "page" || want === "sheet") && isSheet(contentType))

const SMALL = 64 * 1024

// Reads the rest of a short answer that is of no interest, so that the connection can serve the next request. A long
// or slow one is given up together with its connection.
const finish = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<void> => {
  if (Number(response.headers["content-length"] ?? 0) > SMALL) return Effect.void
  let left = SMALL
  return Stream.runForEachWhile(response.stream, (chunk) =>
    Effect.sync(() => (left -= chunk.byteLength) > 0)
  ).pipe(CancelScope.moveOnAfter("250 millis", { name: "rest of the answer" }), Effect.ignore)
}

const transportProblem = (url: URL, error: unknown): Problem => {
  const reason = (error as { readonly reason?: { readonly _tag?: string } }).reason
  return reason?._tag === "InvalidUrlError"
    ? new InvalidUrl({ url: url.href, detail: "cannot be requested" })
    : classify(url, error)
}
