import { describe, expect, it } from "@effect/vitest"
import { Duration, Option } from "effect"
import {
  ConnectionLost,
  formatBytes,
  HostUnreachable,
  HttpStatus,
  isPassing,
  RequestTimeout
} from "../../src/domain/Problem.ts"

describe("isPassing", () => {
  const url = "http://example.org/"
  const status = (code: number) => new HttpStatus({ url, status: code, retryAfter: Option.none() })

  it("tells what another try may cure from what it will not", () => {
    expect([408, 425, 429, 500, 502, 503, 504].every((code) => isPassing(status(code)))).toBe(true)
    expect([400, 401, 403, 404, 410, 501, 505].some((code) => isPassing(status(code)))).toBe(false)
    expect(isPassing(new ConnectionLost({ url, detail: "" }))).toBe(true)
    expect(isPassing(new RequestTimeout({ url, timeout: Duration.seconds(1), phase: "body" }))).toBe(true)
    expect(isPassing(new HostUnreachable({ url, host: "example.org", detail: "", passing: false }))).toBe(
      false
    )
  })
})

describe("messages", () => {
  it("show neither credentials nor control characters", () => {
    const problem = new ConnectionLost({
      url: "http://user:secret@example.org/\u001b[2J",
      detail: "bad\u0007"
    })
    expect(problem.message).toBe("http://example.org/\\x1b[2J: connection lost: bad\\x07")
  })

  it("name status, limit and time", () => {
    const retryAfter = Option.some(Duration.hours(1))
    expect(new HttpStatus({ url: "x", status: 429, retryAfter }).why).toBe(
      "429 Too Many Requests, asks to wait 1h"
    )
    expect(new HttpStatus({ url: "x", status: 999, retryAfter: Option.none() }).why).toBe("999")
    expect([formatBytes(512), formatBytes(1536), formatBytes(10 * 1024 ** 2)]).toEqual([
      "512 B",
      "1.5 KiB",
      "10 MiB"
    ])
  })
})
