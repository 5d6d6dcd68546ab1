import { describe, expect, it } from "@effect/vitest"
import * as Ledger from "../../src/crawl/Ledger.ts"

const known = { url: "a", want: "page", depth: 0, state: "ok", final: "b", parsed: 1 } as const

describe("claim", () => {
  it("hands an URL out once", () => {
    const ledger = Ledger.make(10)
    expect(ledger.claim("a", "head", 1)).toEqual({ url: "a", want: "head", depth: 1 })
    expect(ledger.claim("a", "head", 2)).toBeUndefined()
  })

  it("hands it out again when it turns out to be a page, and not the other way round", () => {
    const ledger = Ledger.make(10)
    ledger.claim("a", "head", 1)
    expect(ledger.claim("a", "page", 2)).toEqual({ url: "a", want: "page", depth: 2 })
    expect(ledger.claim("a", "head", 3)).toBeUndefined()
    expect(ledger.size()).toBe(1)
  })

  it("knows that whoever reads a page reads a style sheet too", () => {
    const ledger = Ledger.make(10)
    expect(ledger.claim("a", "head", 0)).toBeDefined()
    expect(ledger.claim("a", "sheet", 0)).toBeDefined()
    expect(ledger.claim("a", "page", 0)).toBeDefined()
    expect(ledger.claim("a", "sheet", 0)).toBeUndefined()
  })

  it("turns new URLs away at the limit and counts them, known ones may still be read", () => {
    const ledger = Ledger.make(1)
    ledger.claim("a", "head", 0)
    expect(ledger.claim("b", "head", 0)).toBeUndefined()
    expect(ledger.claim("a", "page", 0)).toBeDefined()
    expect(ledger.turnedAway()).toBe(1)
  })
})

describe("enter", () => {
  it("admits the first to a page only", () => {
    const ledger = Ledger.make(10)
    expect([ledger.enter("a"), ledger.enter("a")]).toEqual([true, false])
  })

  it("knows the pages that an earlier run has read, not those it had begun", () => {
    const ledger = Ledger.make(10, [known, { ...known, url: "c", final: "d", state: "pending" }])
    expect([ledger.enter("b"), ledger.enter("d")]).toEqual([false, true])
    expect(ledger.claim("c", "page", 0)).toBeUndefined()
  })
})
