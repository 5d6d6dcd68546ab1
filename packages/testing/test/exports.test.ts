import { assert, describe, it } from "@effect/vitest"
import * as testing from "@skein/testing"
import * as vitest from "@skein/testing/vitest"

describe("exports", () => {
  it("are these, and no others", () => {
    const names = Object.fromEntries(
      Object.entries(testing).map(([module, exported]) => [module, Object.keys(exported).sort()])
    )
    assert.deepStrictEqual(names, {
      Explore: ["ExploreFailure", "always", "choose", "named", "replay", "run", "waitAllBlocked"],
      InterruptSweep: ["InterruptSweepFailure", "run"],
      VirtualTime: ["LeakFound", "Stuck", "run", "watch"]
    })
    assert.deepStrictEqual(Object.keys(vitest.it).sort(), ["explore", "sweep", "virtual"])
    for (const tester of Object.values(vitest.it)) {
      assert.deepStrictEqual(Object.keys(tester).sort(), ["fails", "only", "runIf", "skip", "skipIf"])
    }
  })
})
