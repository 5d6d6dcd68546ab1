import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect } from "effect"
import { Explore } from "@skein/testing"
import * as Classics from "./fixtures/classics.ts"

const classics: ReadonlyArray<{
  readonly name: string
  readonly wrong: () => Effect.Effect<unknown, unknown>
  readonly right: () => Effect.Effect<unknown, unknown>
  readonly interrupts?: boolean
  readonly problem: Explore.Problem["_tag"]
}> = [
  {
    name: "lost update across a yield",
    wrong: Classics.lostUpdate,
    right: Classics.keptUpdate,
    problem: "Rejected"
  },
  {
    name: "opposite lock order",
    wrong: Classics.oppositeLocks,
    right: Classics.orderedLocks,
    problem: "Deadlock"
  },
  {
    name: "naive semaphore under interruption",
    wrong: Classics.naiveSemaphore,
    right: Classics.carefulSemaphore,
    interrupts: true,
    problem: "Rejected"
  },
  { name: "barging queue", wrong: Classics.bargingQueue, right: Classics.fairQueue, problem: "Rejected" },
  {
    name: "check-then-act cache",
    wrong: Classics.checkThenAct,
    right: Classics.singleFlight,
    problem: "Rejected"
  },
  {
    name: "forgotten finally",
    wrong: Classics.forgottenFinally,
    right: Classics.rememberedFinally,
    problem: "Rejected"
  }
]

describe("Explore", () => {
  for (const mode of ["resumes", "ops"] as const) {
    describe(`mode ${mode}`, () => {
      for (const { interrupts = false, name, problem, right, wrong } of classics) {
        it.effect(`finds: ${name}, in under a second, and replays it identically`, () =>
          Effect.gen(function* () {
            const start = process.cpuUsage()
            const found = yield* Effect.flip(Explore.run(wrong, { mode, interrupts }))
            if (process.env.SHOW) console.log(found.message)
            const used = process.cpuUsage(start)
            assert.strictEqual(found.problem._tag, problem)
            assert.isBelow((used.user + used.system) / 1_000, 1_000)
            const again = yield* Effect.flip(Explore.replay(wrong, found.seed))
            assert.deepStrictEqual(again.trace, found.trace)
            assert.deepStrictEqual(printed(again.problem), printed(found.problem))
          })
        )

        it.effect(`passes the correct twin of: ${name}`, () =>
          Effect.gen(function* () {
            const report = yield* Explore.run(right, { mode, interrupts })
            assert.isTrue(report.exhausted || report.schedules === 500)
          })
        )
      }
    })
  }
})

const printed = (problem: Explore.Problem): unknown =>
  problem._tag === "Rejected" && problem.exit._tag === "Failure" ? Cause.pretty(problem.exit.cause) : problem
