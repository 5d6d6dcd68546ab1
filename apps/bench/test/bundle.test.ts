import { describe, expect, it } from "vitest"

import { bundles, modulesIn } from "../src/bundle.ts"

// What a program that runs, forks and joins needs of Skein. Another name here is more to load for everybody: is it needed?
const needed = [
  "internal/coarseClock.ts",
  "internal/copies.ts",
  "internal/dispatcher.ts",
  "internal/effect.ts",
  "internal/env.ts",
  "internal/listeners.ts",
  "internal/node.ts",
  "internal/operation.ts",
  "internal/reason.ts",
  "internal/resumptions.ts",
  "internal/stackEntry.ts",
  "internal/tasks/changes.ts",
  "internal/tasks/fork.ts",
  "internal/tasks/forkSites.ts",
  "internal/tasks/group.ts",
  "internal/tasks/groupPolicy.ts",
  "internal/tasks/join.ts",
  "internal/tasks/openGroup.ts",
  "internal/tasks/slotEntry.ts",
  "internal/tasks/slots.ts",
  "internal/tasks/taskErrors.ts",
  "internal/tasks/taskNode.ts",
  "internal/trampoline.ts",
  "internal/validate.ts",
  "internal/wallClock.ts",
  "tasks/Task.ts",
  "tasks/group/GroupForking.ts",
  "tasks/group/GroupKind.ts",
  "tasks/group/GroupModel.ts",
  "tasks/group/GroupOpening.ts"
]

describe("a bundle with a task group", () => {
  it("holds no module that it does not need, imported from the index or by module", async () => {
    expect(await modulesIn("taskGroup")).toEqual(needed)
    expect(await modulesIn("taskGroupIndex")).toEqual(needed)
  })

  it("is not larger than it was", async () => {
    const all = await bundles()
    const added = (bundler: string): number => {
      const of = (entry: string) => all.find((one) => one.entry === entry && one.bundler === bundler)!.gzipped
      return of("taskGroupLogging") - of("effectLogging")
    }
    expect(added("rolldown")).toBeLessThan(8600)
    expect(added("esbuild")).toBeLessThan(9250)
  })
})
