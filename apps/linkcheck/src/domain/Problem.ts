/**
 * Why a link is broken: one tagged error per reason, each with a `why` short enough for a line of the report.
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { STATUS_CODES } from "node:http"
import { escape, excerpt, showUrl } from "./Escape.ts"

const about = (url: string, why: string): string => `${showUrl(url)}: ${why}`

/** The text is not an URL, or not one that can be fetched. */
export class InvalidUrl extends Data.TaggedError("InvalidUrl")<{
  readonly url: string
  readonly detail: string
}> {
  get why(): string {
    return `not a valid URL: ${escape(this.detail)}`
  }
  override get message(): string {
    return about(this.url, this.why)
  }
}

/** No connection: no such host, nothing listens there, no route. */
export class HostUnreachable extends Data.TaggedError("HostUnreachable")<{
  readonly url: string
  readonly host: string
  readonly detail: string
  /** The name server was busy or out of reach: another try may do. */
  readonly passing: boolean
}> {
  get why(): string {
    return `cannot reach ${escape(this.host)}: ${escape(this.detail)}`
  }
  override get message(): string {
    return about(this.url, this.why)
  }
}

/** The connection broke off before the answer was complete. */
export class ConnectionLost extends Data.TaggedError("ConnectionLost")<{
  readonly url: string
  readonly detail: string
}> {
  get why(): string {
    return `connection lost: ${escape(this.detail)}`
  }
  override get message(): string {
    return about(this.url, this.why)
  }
}

/** No secure connection: certificate not trusted, expired, of another host, or no TLS spoken there. */
export class TlsFailure extends Data.TaggedError("TlsFailure")<{
  readonly url: string
  readonly detail: string
}> {
  get why(): string {
    return `TLS: ${escape(this.detail)}`
  }
  override get message(): string {
    return about(this.url, this.why)
  }
}

/** An answer with a status of 400 or above. */
export class HttpStatus extends Data.TaggedError("HttpStatus")<{
  readonly url: string
  readonly status: number
  /** What the server asked for in its `Retry-After`. */
  readonly retryAfter: Option.Option<Duration.Duration>
}> {
  get why(): string {
    const name = STATUS_CODES[this.status]
    const wait = Option.match(this.retryAfter, {
      onNone: () => "",
      onSome: (pause) => `, asks to wait ${Duration.format(pause)}`
    })
    return `${this.status}${name === undefined ? "" : ` ${name}`}${wait}`
  }
  override get message(): string {
    return about(this.url, this.why)
  }
}

/** Something answered, but not in HTTP as it is defined. */
export class BadAnswer extends Data.TaggedError("BadAnswer")<{
  readonly url: string
  readonly detail: string
}> {
  get why(): string {
    return `unusable answer: ${escape(this.detail)}`
  }
  override get message(): string {
    return about(this.url, this.why)
  }
}

/** A redirect that comes back to where it has been. */
export class RedirectLoop extends Data.TaggedError("RedirectLoop")<{
  readonly url: string
  readonly chain: ReadonlyArray<string>
}> {
  get why(): string {
    return `redirect loop: ${this.chain.map((url) => excerpt(showUrl(url), 100)).join(" -> ")}`
  }
  override get message(): string {
    return about(this.url, this.why)
  }
}

/** More redirects than are followed. */
export class TooManyRedirects extends Data.TaggedError("TooManyRedirects")<{
  readonly url: string
  readonly limit: number
}> {
  get why(): string {
    return `more than ${this.limit} redirects`
  }
  override get message(): string {
    return about(this.url, this.why)
  }
}

/** The answer was not complete in time. */
export class RequestTimeout extends Data.TaggedError("RequestTimeout")<{
  readonly url: string
  readonly timeout: Duration.Duration
  readonly phase: "headers" | "body"
}> {
  get why(): string {
    const what = this.phase === "headers" ? "no answer" : "answer not complete"
    return `${what} within ${Duration.format(this.timeout)}`
  }
  override get message(): string {
    return about(this.url, this.why)
  }
}

/** A page that is larger, decompressed, than will be read. */
export class BodyTooLarge extends Data.TaggedError("BodyTooLarge")<{
  readonly url: string
  readonly limit: number
}> {
  get why(): string {
    return `body larger than ${formatBytes(this.limit)}`
  }
  override get message(): string {
    return about(this.url, this.why)
  }
}

/** The page to start from is not a page. */
export class NotHtml extends Data.TaggedError("NotHtml")<{
  readonly url: string
  readonly contentType: string
}> {
  get why(): string {
    return `not an HTML page but ${excerpt(this.contentType, 80)}: there is nothing to follow`
  }
  override get message(): string {
    return about(this.url, this.why)
  }
}

/** The host's `robots.txt` asks crawlers to stay away. */
export class Disallowed extends Data.TaggedError("Disallowed")<{
  readonly url: string
  /** What is wrong with the file itself, where no rule in it but that is the reason. */
  readonly detail: string | undefined
}> {
  get why(): string {
    const reason =
      this.detail === undefined ? "not allowed by robots.txt" : `robots.txt cannot be had (${this.detail})`
    return `${reason}; --robots none asks all the same`
  }
  override get message(): string {
    return about(this.url, this.why)
  }
}

/** The page exists, the place on it does not. */
export class MissingFragment extends Data.TaggedError("MissingFragment")<{
  readonly url: string
  readonly fragment: string
}> {
  get why(): string {
    return `the page has no #${excerpt(this.fragment, 100)}`
  }
  override get message(): string {
    return about(this.url, this.why)
  }
}

/** Everything that may be wrong with fetching an URL. */
export type Problem =
  | InvalidUrl
  | HostUnreachable
  | ConnectionLost
  | TlsFailure
  | HttpStatus
  | BadAnswer
  | RedirectLoop
  | TooManyRedirects
  | RequestTimeout
  | BodyTooLarge
  | NotHtml
  | Disallowed

const PASSING_STATUS = new Set([408, 425, 429, 500, 502, 503, 504])

/** Whether another try may well end differently. */
export const isPassing = (problem: Problem): boolean => {
  switch (problem._tag) {
    case "ConnectionLost":
    case "RequestTimeout":
      return true
    case "HostUnreachable":
      return problem.passing
    case "HttpStatus":
      return PASSING_STATUS.has(problem.status)
    default:
      return false
  }
}

/** `1536` as `1.5 KiB`. */
export const formatBytes = (bytes: number): string => {
  const units = ["B", "KiB", "MiB", "GiB"]
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${Number(value.toFixed(1))} ${units[unit]}`
}
