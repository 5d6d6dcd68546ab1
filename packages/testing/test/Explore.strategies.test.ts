import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit } from "effect"
import { Explore } from "@skein/testing"
import { DepthFirst } from "../src/internal/dfs.ts"
import { Machine } from "../src/internal/machine.ts"
import type { Deviation } from "../src/internal/plan.ts"
import * as Seeds from "../src/internal/seed.ts"
import * as Classics from "./fixtures/classics.ts"

const wrong = {
  lostUpdate: Classics.lostUpdate,
  oppositeLocks: Classics.oppositeLocks,
  naiveSemaphore: Classics.naiveSemaphore,
  bargingQueue: Classics.bargingQueue,
  checkThenAct: Classics.checkThenAct,
  forgottenFinally: Classics.forgottenFinally
}

const nothing = { fibers: false, held: false, scopes: false }

/** So many fibers that take so many steps each. */
const steps = (fibers: number, yields: number) => () =>
  Effect.forEach(
    Array.from({ length: fibers }),
    () => Effect.forEach(Array.from({ length: yields }), () => Effect.yieldNow),
    { concurrency: "unbounded", discard: true }
  )

describe("Explore", () => {
  describe("strategies", () => {
    for (const strategy of ["random", "pct", "dfs", "mix"] as const) {
      for (const [name, program] of Object.entries(wrong)) {
        it.effect(`${strategy} finds ${name}`, () =>
          Effect.gen(function* () {
            const found = yield* Effect.flip(
              Explore.run<unknown, unknown>(program, { strategy, interrupts: name === "naiveSemaphore" })
            )
            assert.isBelow(found.schedules, 200)
          })
        )
      }
    }

    it.effect("dfs sees every schedule within its bound, and says so", () =>
      Effect.gen(function* () {
        const bounded = yield* Explore.run(steps(2, 1), { strategy: "dfs", schedules: 10_000 })
        const all = yield* Explore.run(steps(2, 1), { strategy: "random", schedules: 2_000 })
        assert.isTrue(bounded.exhausted)
        // The other six take three preemptions or more.
        assert.deepStrictEqual([bounded.distinct, all.distinct], [22, 28])
      })
    )

    it.effect("dfs sees each alternative once where none is a preemption", () =>
      Effect.gen(function* () {
        const program = () => Effect.andThen(Explore.choose([1, 2, 3]), Explore.choose([1, 2]))
        const report = yield* Explore.run(program, { strategy: "dfs" })
        assert.deepStrictEqual(report, { schedules: 6, distinct: 6, exhausted: true, interruptions: 0 })
      })
    )

    it.effect("dfs says that it did not see everything when it did not", () =>
      Effect.gen(function* () {
        const report = yield* Explore.run(steps(3, 3), { strategy: "dfs", schedules: 50 })
        assert.deepStrictEqual([report.schedules, report.exhausted], [50, false])
      })
    )

    it.effect("dfs with interruptions tries each place once", () =>
      Effect.gen(function* () {
        const places = new Set<number>()
        const program = () =>
          Effect.gen(function* () {
            for (let i = 0; i < 5; i++) {
              yield* Effect.onInterrupt(Effect.yieldNow, () => Effect.sync(() => places.add(i)))
            }
          })
        const report = yield* Explore.run(program, { strategy: "dfs", interrupts: true })
        assert.deepStrictEqual([...places].sort(), [0, 1, 2, 3, 4])
        assert.isTrue(report.exhausted)
      })
    )

    it.effect("mix stops when there is nothing left to try", () =>
      Effect.gen(function* () {
        const report = yield* Explore.run(() => Effect.void, { schedules: 1_000 })
        assert.isTrue(report.exhausted)
        assert.isBelow(report.schedules, 10)
      })
    )

    it.effect("no strategy takes a fiber that polls with yields for a livelock", () =>
      Effect.gen(function* () {
        for (const strategy of ["random", "pct", "dfs", "mix"] as const) {
          const program = () =>
            Effect.gen(function* () {
              const done = yield* Deferred.make<void>()
              const poll = Effect.gen(function* () {
                while (!(yield* Deferred.isDone(done))) yield* Effect.yieldNow
              })
              yield* Effect.all([poll, poll, Deferred.succeed(done, undefined)], { concurrency: "unbounded" })
            })
          yield* Explore.run(program, { strategy, schedules: 200 })
        }
      })
    )
  })

  describe("shrinking", () => {
    const minima = {
      lostUpdate: [1, 0],
      oppositeLocks: [1, 0],
      naiveSemaphore: [0, 1],
      bargingQueue: [1, 0],
      checkThenAct: [1, 0],
      forgottenFinally: [1, 0]
    } as const
    for (const mode of ["resumes", "ops"] as const) {
      for (const strategy of ["random", "pct"] as const) {
        for (const [name, [preemptions, interruptions]] of Object.entries(minima)) {
          it.effect(
            `${mode}, ${strategy}: ${name} to ${preemptions} preemptions, ${interruptions} interruptions`,
            () =>
              Effect.gen(function* () {
                const program = wrong[name as keyof typeof wrong]
                const found = yield* Effect.flip(
                  Explore.run<unknown, unknown>(program, { mode, strategy, interrupts: interruptions > 0 })
                )
                assert.strictEqual(found.preemptions, preemptions)
                assert.strictEqual(found.seed.split("!").length - 1, interruptions)
                assert.isBelow(found.seed.length, 30)
                // Depth first goes from few preemptions to many, so what it finds first has the fewest there are.
                const fewest = yield* Effect.flip(
                  Explore.run<unknown, unknown>(program, {
                    mode,
                    strategy: "dfs",
                    interrupts: interruptions > 0
                  })
                )
                assert.strictEqual(found.preemptions, fewest.preemptions)
              })
          )
        }
      }
    }

    it.effect(
      "a lost update takes one preemption and not none: the way back is forced by the other's end",
      () =>
        Effect.gen(function* () {
          const order: Array<string> = []
          const program = () =>
            Effect.suspend(() => {
              order.length = 0
              let count = 0
              const increment = (name: string) =>
                Effect.gen(function* () {
                  const before = count
                  order.push(`${name} reads`)
                  yield* Effect.yieldNow
                  count = before + 1
                  order.push(`${name} writes`)
                })
              const both = [increment("a"), increment("b")]
              return Effect.andThen(
                Effect.all(both, { concurrency: "unbounded" }),
                Effect.sync(() => count)
              )
            })
          const accept = (exit: Exit.Exit<number>) => Exit.isSuccess(exit) && exit.value === 2
          const found = yield* Effect.flip(Explore.run(program, { accept, strategy: "random" }))
          assert.strictEqual(found.preemptions, 1)
          yield* Effect.flip(Explore.replay(program, found.seed, { accept }))
          assert.deepStrictEqual(order, ["b reads", "a reads", "a writes", "b writes"])
          const none = new DepthFirst(0)
          let tried = 0
          yield* Explore.replay(program, "x1:r:", { accept })
          for (let next = none.next(); next !== undefined; next = none.next()) {
            const machine = new Machine({
              mode: "resumes",
              limits: { steps: 1_000, operations: 10_000 },
              leaks: nothing,
              describe: String
            })
            const ending = machine.execute(program, next, false)
            none.learn()
            tried++
            assert.deepStrictEqual(ending._tag === "Exited" && ending.exit, Exit.succeed(2))
          }
          assert.isTrue(none.exhausted)
          assert.isAbove(tried, 1)
        })
    )

    it.effect("an order that needs both fibers to give way takes two", () =>
      Effect.gen(function* () {
        const program = () =>
          Effect.suspend(() => {
            const order: Array<string> = []
            const twice = (name: string) =>
              Effect.gen(function* () {
                order.push(`${name}1`)
                yield* Effect.yieldNow
                order.push(`${name}2`)
              })
            return Effect.as(Effect.all([twice("a"), twice("b")], { concurrency: "unbounded" }), order)
          })
        const accept = (exit: Exit.Exit<Array<string>>) =>
          Exit.isSuccess(exit) && exit.value.join() !== "a1,b1,a2,b2"
        for (const strategy of ["random", "pct", "dfs"] as const) {
          const found = yield* Effect.flip(Explore.run(program, { accept, strategy }))
          assert.strictEqual(found.preemptions, 2)
        }
      })
    )

    it.effect("leaves only the turns that matter, of a program with much else going on", () =>
      Effect.gen(function* () {
        const program = () =>
          Effect.all([Classics.lostUpdate(), steps(4, 6)()], { concurrency: "unbounded", discard: true })
        const found = yield* Effect.flip(Explore.run(program, { strategy: "random" }))
        assert.isAtMost(found.preemptions, 2)
        const again = yield* Effect.flip(Explore.replay(program, found.seed))
        assert.deepStrictEqual(again.trace, found.trace)
      })
    )
  })

  describe("seeds", () => {
    const plan: ReadonlyArray<Deviation> = [
      { index: 0, local: 3, nth: 0, kind: "Pick", label: 2, preemptive: true },
      { index: 12, local: 0, nth: 4, kind: "Pick", label: -1 - ((3 << 12) | 7), preemptive: false },
      { index: 1, local: 1, nth: 0, kind: "Preempt", label: 0, preemptive: true },
      { index: 1, local: 2, nth: 0, kind: "Resume", preemptive: true },
      { index: 1, local: 2, nth: 1, kind: "Choose", value: 5, preemptive: false },
      { index: 4, local: 9, nth: 0, kind: "Interrupt", preemptive: false }
    ]

    it("are read back as they were printed", () => {
      const seeds: ReadonlyArray<Seeds.Seed> = [
        { _tag: "Planned", mode: "resumes", interrupts: false, plan: [] },
        { _tag: "Planned", mode: "ops", interrupts: true, plan },
        {
          _tag: "Drawn",
          strategy: "pct",
          mode: "ops",
          number: 4_294_967_295,
          interruptSpan: 7,
          choiceSpan: 90
        },
        { _tag: "Drawn", strategy: "random", mode: "resumes", number: 1, interruptSpan: 0, choiceSpan: 0 }
      ]
      for (const seed of seeds) assert.deepStrictEqual(Seeds.parse(Seeds.print(seed)), seed)
    })

    it("are refused when they are none", () => {
      for (const text of [
        "",
        "x1",
        "x1:r",
        "x1:q:",
        "x2:r:",
        "x1:r:0.1",
        "x1:r:0.1>",
        "r1:r:1.2",
        "r1:r:A.0.0",
        "x1:r::"
      ]) {
        assert.isUndefined(Seeds.parse(text), text)
      }
    })
  })
})
