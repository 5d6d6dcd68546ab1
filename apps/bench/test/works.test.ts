import { describe, expect, it } from "vitest"

import { pythons } from "../src/machine.ts"
import { measure } from "../src/measure.ts"
import { ids, load } from "../src/plan.ts"

/** Whether it works, not how fast. */
const few = 100
const timer = { begin: () => {}, end: () => {} }

describe.each(ids)("%s", (id) => {
  it(
    "every system does the work, and each goal is about systems that exist",
    { timeout: 60_000 },
    async () => {
      const work = await load(id)
      for (const { round } of Object.values(work.systems)) {
        const bytes = await round!(few, timer)
        expect(typeof bytes === "number").toBe(work.memory === true)
      }
      const systems = Object.keys(work.systems)
      for (const goal of work.goals ?? []) {
        expect(systems).toContain(goal.system)
        if ("against" in goal) expect(systems).toContain(goal.against)
      }
      for (const reference of [work.floor, work.effect]) {
        if (reference !== undefined) expect(systems).toContain(reference)
      }
    }
  )
})

describe("measure", () => {
  it(
    "hands back as many rounds of each system as asked for, and leaves no process behind",
    { timeout: 60_000 },
    async () => {
      const work = await load("retry")
      const said: Array<string> = []
      const measured = await measure(work, {
        rounds: 2,
        scale: 1,
        python: new Set(Object.keys(pythons())),
        say: (line) => said.push(line),
        most: 1_000
      })
      expect(said).toEqual([])
      expect(measured.map((one) => [one.system, one.n, one.samples.length])).toEqual([
        ["floor", 1_000, 2],
        ["Effect retry", 1_000, 2],
        ["Skein Retry", 1_000, 2]
      ])
      for (const { samples } of measured)
        for (const sample of samples) expect(sample.cpuUs).toBeGreaterThan(0)
    }
  )

  it("leaves a system out that fails, and says so", { timeout: 60_000 }, async () => {
    const said: Array<string> = []
    const work = { ...(await load("retry")), systems: { nobody: {} } }
    const options = {
      rounds: 1,
      scale: 1,
      python: new Set<string>(),
      say: (line: string) => said.push(line),
      most: 10
    }
    expect(await measure(work, options)).toEqual([])
    expect(said.join()).toContain('no system "nobody"')
  })
})
