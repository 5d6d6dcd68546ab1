import { describe, expect, it } from "@effect/vitest"
import { Duration, Option } from "effect"
import { parseRetryAfter } from "../../src/domain/RetryAfter.ts"

describe("parseRetryAfter", () => {
  const now = Date.parse("Wed, 21 Oct 2015 07:28:00 GMT")
  const millis = (header: string | undefined) => Option.map(parseRetryAfter(header, now), Duration.toMillis)

  it("reads seconds and dates", () => {
    expect(millis("120")).toEqual(Option.some(120_000))
    expect(millis("Wed, 21 Oct 2015 07:28:30 GMT")).toEqual(Option.some(30_000))
  })

  it("reads a date in the past as no wait at all", () => {
    expect(millis("Wed, 21 Oct 2015 07:27:00 GMT")).toEqual(Option.some(0))
  })

  it("takes what is malformed for absent", () => {
    for (const header of [undefined, "", "-5", "1.5", "soon", "99999999999999"]) {
      expect(millis(header)).toEqual(Option.none())
    }
  })
})
