import { describe, expect, it } from "vitest"

import { compare, describe as describeChange, isRegression } from "../src/report/compare.ts"
import { median, merge, parse, quantile, toRows } from "../src/results.ts"
import type { Row } from "../src/results.ts"

const samples = (...cpu: ReadonlyArray<number>) => cpu.map((cpuUs) => ({ cpuUs, wallUs: cpuUs * 2 }))

describe("results", () => {
  it("a median is the middle, a quantile lies between its neighbours", () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(quantile([0, 10], 0.25)).toBe(2.5)
    expect(median([])).toBeNaN()
  })

  it("a ratio is the median of the rounds' ratios: a slow moment of the machine hits both", () => {
    const work = { id: "w", floor: "floor", effect: "Effect x" }
    const rows = toRows(work, [
      { system: "floor", n: 10, note: undefined, samples: samples(1, 1, 10) },
      { system: "Effect x", n: 10, note: undefined, samples: samples(2, 2, 20) },
      { system: "Skein y", n: 10, note: "remark", samples: samples(1.5, 1.5, 15) }
    ])
    expect(rows[2]).toEqual({
      work: "w",
      system: "Skein y",
      n: 10,
      cpuUs: 1.5,
      wallUs: 3,
      spread: 2.3,
      rounds: 3,
      ratioToFloor: 1.5,
      ratioToEffect: 0.75,
      note: "remark"
    })
  })

  it("bytes count instead of time where there are any", () => {
    const memory = (bytes: number) => [{ cpuUs: 5, wallUs: 5, bytes }]
    const rows = toRows({ id: "m", floor: "floor" }, [
      { system: "floor", n: 1, note: undefined, samples: memory(400) },
      { system: "Skein", n: 1, note: undefined, samples: memory(500) }
    ])
    expect(rows[1]).toMatchObject({ bytes: 500, ratioToFloor: 1.25 })
  })

  it("a new run takes the place of the same works, and leaves the others", () => {
    const row = (work: string, cpuUs: number): Row => ({
      work,
      system: "s",
      n: 1,
      cpuUs,
      wallUs: 1,
      spread: 0,
      rounds: 1
    })
    const merged = merge([row("a", 1), row("b", 1)], [row("a", 2)])
    expect(merged.map((one) => [one.work, one.cpuUs])).toEqual([
      ["b", 1],
      ["a", 2]
    ])
    expect(parse(merged.map((one) => JSON.stringify(one)).join("\n"))).toEqual(merged)
  })
})

describe("compare", () => {
  const row = (system: string, fields: Partial<Row>): Row => ({
    work: "w",
    system,
    n: 10,
    cpuUs: 1,
    wallUs: 1,
    spread: 0,
    rounds: 5,
    ...fields
  })

  it("looks at ratios: a machine that is slower as a whole is no regression", () => {
    const before = [row("Skein", { cpuUs: 1, ratioToFloor: 1.1 })]
    const [change] = compare(before, [row("Skein", { cpuUs: 3, ratioToFloor: 1.1 })])
    expect(change).toMatchObject({ what: "to floor", factor: 1 })
    expect(isRegression(change!)).toBe(false)
  })

  it("finds what has become slower by more than noise", () => {
    const [change] = compare([row("Skein", { ratioToEffect: 0.5 })], [row("Skein", { ratioToEffect: 0.75 })])
    expect(isRegression(change!)).toBe(true)
    expect(describeChange(change!)).toBe("w, Skein, n 10: to Effect 0.5 -> 0.75 (+50%)  REGRESSION")
  })

  it("without a reference takes the figure itself, and compares only what both runs have", () => {
    expect(compare([row("Skein", { bytes: 500 })], [row("Skein", { bytes: 550 })])[0]).toMatchObject({
      what: "bytes",
      factor: 1.1
    })
    expect(compare([row("Skein", { n: 20 })], [row("Skein", {}), row("p-limit", {})])).toEqual([])
  })
})
