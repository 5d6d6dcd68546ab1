import { describe, expect, it } from "@effect/vitest"
import { Duration, Option } from "effect"
import { parseDuration, parseHeader, parsePattern, parseSize } from "../../src/cli/values.ts"

describe("values of flags", () => {
  it("read times with and without a unit", () => {
    const millis = (text: string) => Duration.toMillis(parseDuration(text))
    expect(["500ms", "10s", "1.5m", "1h", "3"].map(millis)).toEqual([500, 10_000, 90_000, 3_600_000, 3000])
    for (const text of ["", "0s", "-1s", "10 days", "1e9", "25h", "s"])
      expect(() => parseDuration(text)).toThrow("got")
  })

  it("read sizes", () => {
    expect(["2048", "500k", "10m", "1GiB"].map(parseSize)).toEqual([2048, 512_000, 10_485_760, 1_073_741_824])
    for (const text of ["", "1", "2g", "10x"]) expect(() => parseSize(text)).toThrow("got")
  })

  it("read headers, and no line breaks in them", () => {
    expect(parseHeader("Authorization:  Bearer abc ")).toEqual(Option.some(["authorization", "Bearer abc"]))
    for (const text of ["", "value", "bad name: value", "x: value\r\nhost: evil"]) {
      expect(parseHeader(text)).toEqual(Option.none())
    }
  })

  it("read regular expressions", () => {
    expect(parsePattern("/a+$").test("/aa")).toBe(true)
    expect(() => parsePattern("(")).toThrow('got "("')
  })
})
