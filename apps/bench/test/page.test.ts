import { describe, expect, it } from "vitest"

import { chart, steps } from "../src/report/chart.ts"
import { page, verdicts, winners } from "../src/report/page.ts"
import { isMain } from "../src/results.ts"
import type { Row } from "../src/results.ts"
import type { Work } from "../src/work.ts"

const work: Work = {
  id: "w",
  title: "A piece of work",
  description: "Done again and again.",
  unit: "task",
  n: 100,
  floor: "floor",
  effect: "Effect forEach",
  goals: [
    { system: "Skein", against: "floor", ratio: 1.2 },
    { system: "Skein", against: "Effect forEach", ratio: 1 }
  ],
  systems: {}
}

const row = (system: string, cpuUs: number, fields: Partial<Row> = {}): Row => ({
  work: "w",
  system,
  n: 100,
  cpuUs,
  wallUs: cpuUs,
  spread: 0.02,
  rounds: 5,
  ratioToFloor: cpuUs,
  ratioToEffect: cpuUs / 1.5,
  ...fields
})

const rows = [
  row("floor", 1),
  row("Effect forEach", 1.5),
  row("Skein", 1.3),
  row("p-limit", 0.5),
  row("Skein", 1.4, { n: 200, scale: 2 }),
  row("Skein", 6.5, { n: 400, scale: 4 }),
  row("p-limit", 0.5, { n: 200, scale: 2 }),
  row("Skein", 2.6, { collected: true, ratioToFloor: 1.6 })
]

const machine = {
  processor: "A processor",
  cores: 2,
  memoryGb: 8,
  system: "linux x64",
  versions: { node: "24.0.0" }
}

describe("page", () => {
  it("judges goals by the ratio of the run, neither of growth nor of forced collections", () => {
    expect(verdicts(work, rows).map(({ holds, measured, text }) => [text, measured, holds])).toEqual([
      ["at most 1.2 times floor", "1.30x", false],
      ["at most 1 times Effect forEach", "0.87x", true]
    ])
  })

  it("judges a goal in bytes by the bytes", () => {
    const memory = { ...work, goals: [{ system: "Skein", bytes: 550 }] }
    const judged = (bytes: number) => verdicts(memory, [row("Skein", 1, { bytes })])[0]
    expect(judged(551)).toMatchObject({ text: "at most 550 bytes", measured: "551 bytes", holds: false })
    expect(judged(550)).toMatchObject({ holds: true })
  })

  it("names the peers that are cheaper; the floor is no peer", () => {
    expect(winners(work, rows).map((one) => one.system)).toEqual(["p-limit"])
  })

  it("has machine, versions, command, goals, tables and growth", () => {
    const text = page({
      works: [work],
      rows,
      bundles: [],
      machine,
      commands: ["pnpm bench --full", "pnpm bench --only w"]
    })
    expect(text).toContain(
      "Measured on A processor, 2 processors, 8 GB, linux x64, with `pnpm bench --full`, then `pnpm bench --only w`. Versions: node 24.0.0."
    )
    expect(text).toContain("| A piece of work | Skein: at most 1.2 times floor | 1.30x | **does not hold** |")
    expect(text).toContain("Cheaper than Skein here: p-limit.")
    expect(text).toContain("| **Skein** | 100 | 1.3 | 1.3 | 2% | 1.30x | 0.87x |  |")
    expect(text).toContain("Goal for Skein: at most 1.2 times floor. **Does not hold**: 1.30x.")
    expect(text).toContain("| Skein | 100 | 1.3 | 1.4 | 6.5 | 5.00x | **grows** |")
    expect(text).toContain("| p-limit | 100 | 0.5 | 0.5 | too slow | 1.00x |  |")
    expect(text).toContain("## Why no collection is forced")
    expect(text).toContain("| A piece of work | **Skein** | 1.3 | 2.6 | 2.00x | 1.30x | 1.60x |")
  })

  it("says when the machine had other work, and nothing when it had none", () => {
    const text = (load: number) =>
      page({
        works: [work],
        rows: rows.map((one) => ({ ...one, load })),
        bundles: [],
        machine,
        commands: ["c"]
      })
    expect(text(1.2)).toContain("**The machine had other work meanwhile** (1.2 processors")
    expect(text(0.4)).toContain("The machine had no other work.")
  })

  it("says when the machine changed its speed, and nothing when it did not", () => {
    const text = (...loops: ReadonlyArray<number>) =>
      page({
        works: [work],
        rows: rows.map((one, i) => ({ ...one, loopMs: loops[i % loops.length]! })),
        bundles: [],
        machine,
        commands: ["c"]
      })
    expect(text(4, 7.5)).toContain("a loop that is always the same took 4.0 to 7.5 ms")
    expect(text(4, 4.5)).not.toContain("loop")
  })
})

describe("chart", () => {
  it("is an SVG with a bar and a label per system", async () => {
    const svg = await chart(work, rows.filter(isMain))
    expect(svg.startsWith("<svg")).toBe(true)
    for (const text of ["A piece of work", "p-limit", "1.3 µs"]) expect(svg).toContain(text)
  })

  it("has marks on its scale from below the smallest to above the largest", () => {
    expect(steps(0.235, 78.2)).toEqual([0.2, 0.5, 1, 2, 5, 10, 20, 50, 100])
    expect(steps(1, 50)).toEqual([1, 2, 5, 10, 20, 50])
    expect(steps(3, 4)).toEqual([2, 5])
  })

  it("is logarithmic where one slow peer would hide all others", async () => {
    expect(await chart(work, [row("Skein", 1), row("slow", 100)])).toContain("(logarithmic)")
  })
})
