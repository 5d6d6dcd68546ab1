import { describe, expect, it } from "vitest"

import * as node from "../src/index.ts"
import * as worker from "../src/worker.ts"

describe("exports", () => {
  it("are these names", () => {
    const names = Object.entries(node).flatMap(([module, exports]) =>
      Object.keys(exports).map((name) => `${module}.${name}`)
    )
    expect(names.sort()).toEqual([
      "LoopMonitor.changes",
      "LoopMonitor.layer",
      "LoopMonitor.make",
      "Offload.OffloadError",
      "Offload.currentSignal",
      "Offload.module",
      "Offload.transfer",
      "Runner.forever",
      "Runner.main",
      "Runner.phase",
      "Runner.shutdownRequested",
      "Runner.untilShutdown"
    ])
    expect(Object.keys(worker).sort()).toEqual(["currentSignal", "transfer"])
  })
})
