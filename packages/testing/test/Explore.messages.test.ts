import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Fiber } from "effect"
import { Explore } from "@skein/testing"

const failureOf = <A, E>(program: () => Effect.Effect<A, E>, options?: Explore.Options<A, E>) =>
  Effect.flip(Explore.run(program, options))

class Lost extends Data.TaggedError("Lost")<{ readonly count: number }> {}

describe("ExploreFailure", () => {
  describe("message", () => {
    it.effect("of a program that goes on for ever is short: how it begins, and what it does at last", () =>
      Effect.gen(function* () {
        const ticks = yield* failureOf(() => Effect.forever(Effect.sleep("1 second")), { maxSteps: 2_000 })
        assert.isBelow(ticks.message.split("\n").length, 50)
        assert.match(ticks.message, /\(clock\) .* moves on to 1000 ms/)
        assert.match(ticks.message, /\.\.\. .* and so on/)
        assert.match(ticks.message, /\(clock\) .* moves on to 999000 ms/)
        const loops = yield* failureOf(() =>
          Effect.gen(function* () {
            yield* Effect.sync(() => "begins")
            while (true) yield* Effect.sync(() => "loops")
          })
        )
        assert.isBelow(loops.message.split("\n").length, 50)
        assert.include(loops.message, "begins")
        assert.strictEqual(
          loops.trace.at(-1)?.operation,
          'goes on: while (true) yield* Effect.sync(() => "loops")'
        )
      })
    )

    it.effect("says once of a fiber that it starts, though no line of it is known", () =>
      Effect.gen(function* () {
        const { trace } = yield* failureOf(() =>
          Effect.gen(function* () {
            const child = yield* Effect.forkChild(Effect.andThen(Effect.yieldNow, Effect.yieldNow))
            yield* Fiber.join(child)
            return yield* Effect.never
          })
        )
        const ofChild = trace.filter(({ fiber }) => fiber === "fiber 1").map(({ operation }) => operation)
        assert.deepStrictEqual(
          [ofChild[0], ofChild.filter((what) => what === "starts").length],
          ["starts", 1]
        )
      })
    )

    it.effect("shows the fields of an error that has no message", () =>
      Effect.gen(function* () {
        const { message } = yield* failureOf(() => Effect.fail(new Lost({ count: 1 })))
        assert.include(message, 'Lost: {"count":1}')
      })
    )

    it.effect("points at the program where a fiber shows no line of its own", () =>
      Effect.gen(function* () {
        const { message } = yield* failureOf(() => Effect.promise(() => Promise.resolve(1)))
        assert.match(
          message,
          /root at .*Explore\.messages\.test\.ts:\d+.*: uses a promise, which no run controls/
        )
      })
    )

    it.effect("shows the values that were chosen", () =>
      Effect.gen(function* () {
        const { trace } = yield* failureOf(() =>
          Effect.gen(function* () {
            const a = yield* Explore.choose([1, 2])
            const b = yield* Explore.choose(["x", "y"])
            if (a === 2 && b === "y") return yield* Effect.fail("both")
          })
        )
        const chosen = trace.map(({ operation }) => operation).filter((what) => what.startsWith("chooses"))
        assert.deepStrictEqual(chosen, ["chooses 2", 'chooses "y"'])
      })
    )

    it.effect("shows which of several invariants is broken, and shrinks to that one", () =>
      Effect.gen(function* () {
        const { message } = yield* failureOf(() =>
          Effect.gen(function* () {
            let n = 0
            yield* Explore.always(() => n < 5)
            yield* Explore.always(() => n < 2)
            n = 3
          })
        )
        assert.include(message, "invariant broken: false, though given to Explore.always: () => n < 2")
      })
    )

    it.effect("shows a refused success whatever it is made of", () =>
      Effect.gen(function* () {
        const { message } = yield* failureOf(() => Effect.succeed({ n: 1n }), { accept: () => false })
        assert.match(message, /refused: \{.*n.*1n.*\}/)
      })
    )

    it.effect("says how a program that keeps state between runs showed it", () =>
      Effect.gen(function* () {
        let runs = 0
        const { message } = yield* failureOf(() => (++runs % 2 === 0 ? Effect.yieldNow : Effect.void))
        assert.include(message, "the same schedule, run twice, took other turns the second time")
        const failing = yield* failureOf(() => (++runs % 2 === 0 ? Effect.fail("even") : Effect.void))
        assert.include(failing.message, "and in Rejected then")
      })
    )
  })
})
