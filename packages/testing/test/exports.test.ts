import { describe, expect, it } from "vitest"

import * as Package from "@skein/testing"
import { it as extended } from "@skein/testing/vitest"

/** Every value that can be imported, by module. A change here is a change for users. */
const names: Readonly<Record<string, ReadonlyArray<string>>> = {
  Explore: ["ExploreFailure", "always", "choose", "named", "replay", "run", "waitAllBlocked"],
  InterruptSweep: ["InterruptSweepFailure", "run"],
  VirtualTime: ["LeakFound", "Stuck", "run", "watch"]
}

describe("exports", () => {
  it("are these modules", () => {
    expect(Object.keys(Package).sort()).toEqual(Object.keys(names).sort())
  })

  for (const [module, expected] of Object.entries(names)) {
    it(`of ${module}`, () => {
      expect(Object.keys(Package[module as keyof typeof Package]).sort()).toEqual([...expected].sort())
    })
  }

  it("of the vitest entry are what it adds", () => {
    expect(Object.keys(extended).sort()).toEqual(["explore", "sweep", "virtual"])
  })
})
