import { describe, expect, it } from "vitest"

import { chart } from "../src/report/chart.ts"
import { page, verdicts, winners } from "../src/report/page.ts"
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
    { text: "at most 1.2 times the floor", system: "Skein", against: "floor", ratio: 1.2 },
    { text: "faster than forEach", system: "Skein", against: "Effect forEach", ratio: 1 }
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
  row("Skein", 1.4, { n: 200 })
]

const machine = {
  processor: "A processor",
  cores: 2,
  memoryGb: 8,
  system: "linux x64",
  versions: { node: "24.0.0" }
}

describe("page", () => {
  it("judges goals by the ratio of the run, at the work's own n", () => {
    expect(verdicts(work, rows).map(({ holds, ratio }) => [Number(ratio.toFixed(2)), holds])).toEqual([
      [1.3, false],
      [0.87, true]
    ])
  })

  it("names the peers that are cheaper; the floor is no peer", () => {
    expect(winners(work, rows).map((one) => one.system)).toEqual(["p-limit"])
  })

  it("has machine, versions, command, goals, tables and growth", () => {
    const text = page({ works: [work], rows, bundles: [], machine, command: "pnpm bench --full" })
    expect(text).toContain(
      "Measured on A processor, 2 processors, 8 GB, linux x64, with `pnpm bench --full`. Versions: node 24.0.0."
    )
    expect(text).toContain(
      "| A piece of work | Skein: at most 1.2 times the floor | 1.30x floor | **does not hold** |"
    )
    expect(text).toContain("Cheaper than Skein here: p-limit.")
    expect(text).toContain("| **Skein** | 100 | 1.3 | 1.3 | 2% | 1.30x | 0.87x |  |")
    expect(text).toContain("|  | n = 100 | n = 200 |")
    expect(text).toContain("| Skein | 1.3 | 1.4 |")
  })

  it("says when the machine had other work, and nothing when it had none", () => {
    const text = (load: number) =>
      page({ works: [work], rows: rows.map((one) => ({ ...one, load })), bundles: [], machine, command: "c" })
    expect(text(7.2)).toContain("The machine had other work meanwhile (load 7, at times 7)")
    expect(text(0.4)).not.toContain("other work")
  })
})

describe("chart", () => {
  it("is an SVG with a bar and a label per system", async () => {
    const svg = await chart(
      work,
      rows.filter((one) => one.n === 100)
    )
    expect(svg.startsWith("<svg")).toBe(true)
    for (const text of ["A piece of work", "p-limit", "1.3 µs"]) expect(svg).toContain(text)
  })

  it("is logarithmic where one slow peer would hide all others", async () => {
    expect(await chart(work, [row("Skein", 1), row("slow", 100)])).toContain("(logarithmic)")
  })
})
