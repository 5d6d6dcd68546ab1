import { assert, describe } from "@effect/vitest"
import { it } from "@skein/testing/vitest"
import { Effect, Exit } from "effect"

import { exitNow } from "../../src/internal/effect.ts"
import { Gather, Task, TaskGroup, TaskTree } from "../../src/index.ts"

/** Counts what is open, of tasks that suspend on their way in and out. */
const make = Effect.sync(() => {
  const state = { open: 0, ran: 0, handle: undefined as Task.Task<string> | undefined }
  const work = <A>(value: A): Effect.Effect<A> =>
    Effect.acquireUseRelease(
      Effect.sync(() => (state.open++, state.ran++)),
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

/** However it ended: nothing is open, and the tree is empty. */
const nothingLeft = ({ state }: State, exit: Exit.Exit<unknown, unknown>) =>
  Effect.gen(function* () {
    assert.strictEqual(state.open, 0, `${state.open} tasks are still open`)
    const { nodes } = yield* TaskTree.snapshot
    assert.deepStrictEqual(
      nodes.filter((node) => node.path.startsWith("swept")).map((node) => node.path),
      []
    )
    if (exit._tag === "Failure")
      assert.notInclude(
        exit.cause.reasons.map((reason) => reason._tag),
        "Die"
      )
  })

const sweep = (name: string, subject: (state: State) => Effect.Effect<unknown, unknown>) =>
  it.sweep(name, { setup: make, subject, check: nothingLeft })

describe("TaskGroup, interrupted at each step:", () => {
  sweep("run: body and children", ({ work }) =>
    TaskGroup.run(
      Effect.gen(function* () {
        const a = yield* TaskGroup.fork(work("a"))
        const b = yield* TaskGroup.fork(work("b"))
        return [yield* Task.join(a), yield* Task.join(b)]
      }),
      { name: "swept" }
    )
  )

  sweep("run: a child fails", ({ work }) =>
    TaskGroup.run(
      Effect.gen(function* () {
        yield* TaskGroup.fork(work("a"))
        yield* TaskGroup.fork(Effect.andThen(Effect.yieldNow, Effect.fail("no")))
        yield* Effect.never
      }),
      { name: "swept" }
    )
  )

  sweep("collect", ({ work }) =>
    TaskGroup.collect(
      Effect.gen(function* () {
        yield* TaskGroup.fork(work("a"))
        yield* TaskGroup.fork(Effect.andThen(Effect.yieldNow, Effect.fail("no")))
      }),
      { name: "swept" }
    )
  )

  sweep("supervise, with reports", ({ work }) =>
    TaskGroup.supervise(
      Effect.gen(function* () {
        yield* TaskGroup.fork(work("a"))
        yield* TaskGroup.fork(Effect.andThen(Effect.yieldNow, Effect.fail("no")))
      }),
      { name: "swept", onFailure: () => Effect.yieldNow }
    )
  )

  sweep("scoped", ({ work }) =>
    Effect.scoped(
      Effect.gen(function* () {
        const group = yield* TaskGroup.scoped({ name: "swept", onFailure: () => Effect.void })
        yield* Effect.orDie(TaskGroup.forkIn(group, work("a")))
        yield* Effect.orDie(TaskGroup.forkIn(group, Effect.andThen(work("b"), Effect.never)))
        yield* Effect.yieldNow
      })
    )
  )

  sweep("fork that waits for a slot", ({ work }) =>
    TaskGroup.run(
      Effect.gen(function* () {
        for (const name of ["a", "b", "c"]) yield* TaskGroup.fork(work(name))
      }),
      { name: "swept", limit: 1 }
    )
  )

  sweep("start", ({ work }) =>
    TaskGroup.run(
      Effect.gen(function* () {
        const [value, task] = yield* TaskGroup.start((started) =>
          Effect.andThen(work("init"), Effect.andThen(started("ready"), work("run")))
        )
        assert.strictEqual(value, "ready")
        yield* Task.join(task)
      }),
      { name: "swept" }
    )
  )

  sweep("cancel", ({ work }) =>
    TaskGroup.run(
      Effect.gen(function* () {
        yield* TaskGroup.fork(Effect.andThen(work("a"), Effect.never))
        yield* Effect.yieldNow
        yield* TaskGroup.cancel()
        assert.strictEqual(yield* TaskGroup.size(), 0)
        yield* TaskGroup.fork(work("b"))
      }),
      { name: "swept" }
    )
  )

  sweep("drain", ({ work }) =>
    TaskGroup.run(
      Effect.gen(function* () {
        yield* TaskGroup.fork(work("a"))
        yield* TaskGroup.fork(Effect.andThen(work("b"), Effect.never))
        yield* TaskGroup.drain({ grace: 0 })
      }),
      { name: "swept" }
    )
  )
})

describe("what a task died of stays in the Cause, though the owner is interrupted as its group is complete at once:", () => {
  const kept = (name: string, subject: (task: Effect.Effect<never>) => Effect.Effect<unknown, unknown>) =>
    it.sweep(name, {
      setup: Effect.sync(() => {
        const state = { died: false }
        // In one step.
        const dying = Effect.withFiber((fiber) => {
          state.died = true
          return exitNow(fiber, Exit.die(new Error("bug"))) as Effect.Effect<never>
        })
        return { dying, state }
      }),
      subject: ({ dying }) => subject(dying),
      check: ({ state }, exit: Exit.Exit<unknown, unknown>) =>
        Effect.sync(() => assert.strictEqual(Exit.hasDies(exit), state.died))
    })
  kept("TaskGroup.run", (dying) => TaskGroup.run(TaskGroup.fork(dying)))
  kept("TaskGroup.supervise", (dying) => TaskGroup.supervise(dying))
  kept("Gather.all", (dying) => Gather.all([dying, Effect.void]))
})

describe("Task, interrupted at each step:", () => {
  sweep("cancel", ({ work }) =>
    TaskGroup.run(
      Effect.gen(function* () {
        const task = yield* TaskGroup.fork(Effect.andThen(work("a"), Effect.never))
        yield* Task.cancel(task)
      }),
      { name: "swept" }
    )
  )

  sweep("wait", ({ work }) =>
    TaskGroup.run(
      Effect.gen(function* () {
        const task = yield* TaskGroup.fork(work("a"))
        yield* Task.wait([task], { until: "first-completed" })
        yield* Task.outcome(task)
      }),
      { name: "swept" }
    )
  )
})
