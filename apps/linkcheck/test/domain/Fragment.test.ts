import { describe, expect, it } from "@effect/vitest"
import { spellings } from "../../src/domain/Fragment.ts"

describe("spellings", () => {
  it("offers the fragment as written, decoded, and as code hosts render it", () => {
    expect(spellings("caf%C3%A9")).toEqual(["caf%C3%A9", "café", "user-content-café"])
  })

  it("finds nothing to check in the top, in routes of scripts and in text directives", () => {
    for (const fragment of [undefined, "", "top", "TOP", "/route", "!route", ":~:text=hello"]) {
      expect(spellings(fragment)).toEqual([])
    }
    expect(spellings("part:~:text=hello")).toEqual(["part", "user-content-part"])
  })

  it("survives a broken escape", () => {
    expect(spellings("100%")).toEqual(["100%", "user-content-100%"])
  })
})
