import { assert, describe } from "@effect/vitest"
import { it } from "@skein/testing/vitest"
import { Effect, Exit, Stream } from "effect"

import { Gather, TaskTree } from "../../src/index.ts"

/** Counts what is open, of operations that suspend on their way in and out. */
const make = Effect.sync(() => {
  const state = { open: 0 }
  const work = <A>(value: A): Effect.Effect<A> =>
    Effect.acquireUseRelease(
      Effect.sync(() => state.open++),
      () => Effect.as(Effect.yieldNow, value),
      () =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => state.open--)
        )
    )
  return { state, work }
})
type State = Effect.Success<typeof make>

const failing = Effect.andThen(Effect.yieldNow, Effect.fail("no"))

const sweep = (name: string, subject: (state: State) => Effect.Effect<unknown, unknown>) =>
  it.sweep(name, {
    setup: make,
    subject,
    check: ({ state }: State, exit: Exit.Exit<unknown, unknown>) =>
      Effect.gen(function* () {
        assert.strictEqual(state.open, 0, `${state.open} operations are still open`)
        const { nodes } = yield* TaskTree.snapshot
        assert.deepStrictEqual(
          nodes.map((node) => node.path).filter((path) => path.startsWith("swept")),
          []
        )
        if (exit._tag === "Failure") {
          assert.notInclude(
            exit.cause.reasons.map((reason) => reason._tag),
            "Die"
          )
        }
      })
  })

const name = "swept"

describe("Gather, interrupted at each step:", () => {
  sweep("all", ({ work }) => Gather.all([work("a"), work("b")], { name }))
  sweep("all, two at a time", ({ work }) =>
    Gather.all([work("a"), work("b"), work("c")], { name, concurrency: 2 })
  )
  sweep("all, one fails", ({ work }) => Gather.all([work("a"), failing, work("c")], { name }))
  sweep("settled", ({ work }) => Gather.settled({ a: work("a"), b: failing }, { name }))
  sweep("race", ({ work }) => Gather.race([work("a"), Effect.andThen(work("b"), Effect.never)], { name }))
  sweep("firstSuccess", ({ work }) => Gather.firstSuccess([failing, work("b")], { name }))
  sweep("quorum", ({ work }) => Gather.quorum([work("a"), work("b"), Effect.never], 2, { name }))
  sweep("firstMatching", ({ work }) =>
    Gather.firstMatching([work("a"), work("b")], (value) => value === "b", { name })
  )
  sweep("map", ({ work }) => Gather.map([1, 2, 3], work, { name, concurrency: 2 }))
  sweep("asCompleted", ({ work }) =>
    Stream.runCollect(Gather.asCompleted([work("a"), work("b")], { name, concurrency: 2 }))
  )
  sweep("asCompleted, one fails", ({ work }) =>
    Stream.runCollect(Gather.asCompleted([work("a"), failing], { name }))
  )
})
