import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Explore } from "@skein/testing"
import { defects } from "../examples/effect-4.1/run.ts"

// These fail when an update of Effect mends a defect: then its report is history, and the program belongs to the clean ones.
describe("defects of Effect 4.1.0", () => {
  for (const [name, { interrupts, plain, problem, program, seed }] of Object.entries(defects)) {
    describe(name, () => {
      it.effect(
        "is found by exploring",
        () =>
          Effect.gen(function* () {
            const options = { mode: "ops", interrupts, schedules: 20_000 } as const
            const found = yield* Effect.flip(Explore.run<unknown, unknown>(program, options))
            assert.strictEqual(found.problem._tag, problem)
          }),
        60_000
      )

      it.effect("shows under the seed of its report", () =>
        Effect.gen(function* () {
          const found = yield* Effect.flip(Explore.replay<unknown, unknown>(program, seed))
          assert.strictEqual(found.problem._tag, problem)
        })
      )

      // real time: the plain twins run under Effect's own scheduler, and a hang shows only by waiting.
      it.live(
        "shows without the explorer",
        () =>
          Effect.gen(function* () {
            const { shown } = yield* plain
            assert.isAbove(shown, 0)
          }),
        60_000
      )
    })
  }
})
