import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Logger, Stream } from "effect"

import { Gather, Task, TaskGroup, TaskGroupError, TaskTree } from "../../src/index.ts"
import { diesOf } from "./fixtures.ts"

// What plain JavaScript may pass where types say otherwise.
const bare = Object.create(null)
const rejected = (u: unknown) => ({ u }) as { readonly u: any }
const nothing = [undefined, null].map(rejected)
const scalars = [42, NaN, "text", true, 10n, Symbol("s")].map(rejected)
const objects = [{}, bare, [], [1], Promise.resolve(1)].map(rejected)
const effects = [Effect.void].map(rejected)
const functions = [() => Effect.void, async () => 1].map(rejected)
const noEffect = [...nothing, ...scalars, ...objects, ...functions]
const noHandle = [...noEffect, ...effects]
const noFunction = [...scalars, ...objects, ...effects]
const noOptions = [...scalars, rejected([1]), rejected(Promise.resolve(1)), ...effects, ...functions]
const noName = [null, 42, true, 10n, Symbol("s"), {}, () => "x"].map(rejected)

type Wrong = readonly [
  where: string,
  values: ReadonlyArray<{ readonly u: any }>,
  use: (value: any) => any,
  says: RegExp
]

const work = Effect.succeed(1)
const failing = TaskGroup.fork(Effect.fail({ _tag: "A" }))

const wrong = (group: TaskGroup.TaskGroup<any>, task: Task.Task<number>): ReadonlyArray<Wrong> => [
  ["Task.join", noHandle, (u) => Task.join(u), /expected a Task/],
  ["Task.outcome", noHandle, (u) => Task.outcome(u), /expected a Task/],
  ["Task.status", noHandle, (u) => Task.status(u), /expected a Task/],
  ["Task.cancel", noHandle, (u) => Task.cancel(u), /expected a Task/],
  [
    "Task.cancel",
    [rejected(null), rejected(1), ...objects, ...effects],
    (u) => Task.cancel(task, u),
    /reason must be a string or a CancelReason/
  ],
  [
    "Task.wait",
    [...nothing, rejected(1), ...effects, ...functions],
    (u) => Task.wait(u, { until: "all-completed" }),
    /expected tasks/
  ],
  ["Task.wait", noHandle, (u) => Task.wait([u], { until: "all-completed" }), /expected a Task/],
  ["Task.wait", [...nothing, ...noOptions], (u) => Task.wait([task], u), /expected options/],
  ["Task.wait", noName, (u) => Task.wait([task], { until: u }), /until must be one of "first-completed", /],
  ["TaskGroup.run", noEffect, (u) => TaskGroup.run({})(u), /expected an effect/],
  ["TaskGroup.run", scalars, (u) => TaskGroup.run(u), /expected an effect or options/],
  ["TaskGroup.run", noOptions, (u) => TaskGroup.run(work, u), /expected options/],
  ["TaskGroup.run", noName, (name) => TaskGroup.run(work, { name }), /name must be a string/],
  ["TaskGroup.collect", noEffect, (u) => TaskGroup.collect({})(u), /expected an effect/],
  ["TaskGroup.supervise", noEffect, (u) => TaskGroup.supervise({})(u), /expected an effect/],
  [
    "TaskGroup.supervise",
    noFunction,
    (u) => TaskGroup.supervise(work, { onFailure: u }),
    /onFailure must be a function/
  ],
  [
    "TaskGroup.supervise",
    noEffect,
    (u) => TaskGroup.supervise(failing, { onFailure: () => u }),
    /onFailure must return an effect/
  ],
  ["TaskGroup.scoped", [...nothing, ...noOptions], (u) => TaskGroup.scoped(u), /expected options/],
  ["TaskGroup.scoped", noFunction, (u) => TaskGroup.scoped({ onFailure: u }), /onFailure must be a function/],
  ["TaskGroup.fork", scalars, (u) => TaskGroup.fork(u), /expected an effect or options/],
  ["TaskGroup.fork", noEffect, (u) => TaskGroup.fork({ name: "x" })(u), /expected an effect/],
  ["TaskGroup.fork", noOptions, (u) => TaskGroup.fork(work, u), /expected options/],
  ["TaskGroup.fork", noName, (name) => TaskGroup.fork(work, { name }), /name must be a string/],
  [
    "TaskGroup.fork",
    [null, 1, "yes"].map(rejected),
    (u) => TaskGroup.fork(work, { background: u }),
    /background must be a boolean/
  ],
  ["TaskGroup.tryFork", noEffect, (u) => TaskGroup.tryFork({})(u), /expected an effect/],
  ["TaskGroup.start", [...nothing, ...noFunction], (u) => TaskGroup.start(u), /expected a function/],
  ["TaskGroup.start", noEffect, (u) => TaskGroup.start(() => u), /the function must return an effect/],
  ["TaskGroup.start", noOptions, (u) => TaskGroup.start((started) => started(1), u), /expected options/],
  ["TaskGroup.forkIn", noHandle, (u) => TaskGroup.forkIn(u, work), /expected a TaskGroup/],
  ["TaskGroup.forkIn", noEffect, (u) => TaskGroup.forkIn(group, u, {}), /expected an effect/],
  ["TaskGroup.forkIn", noEffect, (u) => TaskGroup.forkIn(group)(u), /expected an effect/],
  ["TaskGroup.forkIn", scalars, (u) => TaskGroup.forkIn(group, u), /expected an effect or options/],
  ["TaskGroup.runtime", noHandle, (u) => TaskGroup.runtime(u)(), /expected a TaskGroup/],
  [
    "TaskGroup.runtime",
    noEffect,
    (u) => Effect.map(TaskGroup.runtime(group)(), (fork) => fork(u)),
    /expected an effect/
  ],
  ["TaskGroup.cancel", noHandle, (u) => TaskGroup.cancel(u, "why"), /expected a TaskGroup/],
  ["TaskGroup.cancel", objects, (u) => TaskGroup.cancel(u), /reason must be a string or a CancelReason/],
  ["TaskGroup.close", noHandle, (u) => TaskGroup.close(u), /expected a TaskGroup/],
  ["TaskGroup.size", noHandle, (u) => TaskGroup.size(u), /expected a TaskGroup/],
  ["TaskGroup.isClosed", noHandle, (u) => TaskGroup.isClosed(u), /expected a TaskGroup/],
  ["TaskGroup.tasks", noHandle, (u) => TaskGroup.tasks(u), /expected a TaskGroup/],
  ["TaskGroup.drain", noHandle, (u) => TaskGroup.drain(u, { grace: 1 }), /expected a TaskGroup/],
  ["TaskGroup.drain", [...nothing, ...noOptions], (u) => TaskGroup.drain(u), /expected options/],
  [
    "TaskGroup.drain",
    [...objects, ...nothing],
    (grace) => TaskGroup.drain({ grace }),
    /grace must be a duration/
  ],
  ["TaskGroupError.catchEach", noEffect, (u) => TaskGroupError.catchEach(u, {}), /expected an effect/],
  [
    "TaskGroupError.catchEach",
    [...nothing, ...noOptions],
    (u) => TaskGroupError.catchEach(work, u),
    /expected handlers by tag/
  ],
  [
    "TaskGroupError.catchEach",
    [rejected(null), ...noFunction],
    (A) => TaskGroupError.catchEach(work, { A } as never),
    /the handler of A must be a function/
  ],
  [
    "TaskGroupError.catchEach",
    noEffect,
    (u) => TaskGroupError.catchEach(TaskGroup.collect(failing), { A: () => u } as never),
    /the handler of A must return an effect/
  ],
  [
    "Gather.all",
    [...nothing, ...scalars, ...effects, ...functions, rejected(Promise.resolve(1))],
    (u) => Gather.all(u),
    /expected a collection of effects/
  ],
  ["Gather.all", noEffect, (u) => Gather.all([u]), /element 0 must be an effect/],
  ["Gather.all", noOptions, (u) => Gather.all([work], u), /expected options/],
  ["Gather.all", noName, (name) => Gather.all([work], { name }), /name must be a string/],
  ["Gather.settled", noEffect, (u) => Gather.settled([u]), /element 0 must be an effect/],
  ["Gather.race", noEffect, (u) => Gather.race([u]), /element 0 must be an effect/],
  ["Gather.firstSuccess", noEffect, (u) => Gather.firstSuccess([u]), /element 0 must be an effect/],
  [
    "Gather.quorum",
    [...nothing, ...functions, rejected("x")],
    (u) => (Gather.quorum as any)(u)([work]),
    /n must be an integer >= 1/
  ],
  ["Gather.quorum", [...objects, ...functions], (u) => Gather.quorum([work], u), /n must be an integer >= 1/],
  [
    "Gather.firstMatching",
    [...nothing, ...noFunction],
    (u) => Gather.firstMatching([work], u),
    /predicate must be a function/
  ],
  [
    "Gather.firstMatching",
    [...nothing, ...scalars],
    (u) => (Gather.firstMatching as any)(u)([work]),
    /predicate must be a function/
  ],
  [
    "Gather.firstMatching",
    [...objects, ...effects, ...functions],
    (u) => Gather.firstMatching([work], () => u),
    /the result of predicate must be a boolean/
  ],
  [
    "Gather.asCompleted",
    noEffect,
    (u) => Stream.runDrain(Gather.asCompleted([u])),
    /element 0 must be an effect/
  ],
  [
    "Gather.map",
    [...nothing, rejected(42), ...effects, rejected({})],
    (u) => Gather.map(u, () => work),
    /expected an iterable/
  ],
  ["Gather.map", [...nothing, ...noFunction], (u) => Gather.map([1], u), /f must be a function/],
  ["Gather.map", noEffect, (u) => Gather.map([1], () => u), /f must return an effect/],
  ["TaskTree.render", noHandle, (u) => TaskTree.render(u), /expected a Snapshot/],
  ["TaskTree.deadlocks", noHandle, (u) => TaskTree.deadlocks(u), /expected a Snapshot/],
  ["TaskTree.ofFiber", noHandle, (u) => TaskTree.ofFiber(u), /expected a Fiber/],
  ["TaskTree.pathOf", noHandle, (u) => TaskTree.pathOf(u), /expected a Fiber/],
  ["TaskTree.withPaths", noHandle, (u) => TaskTree.withPaths(u), /expected a Logger/]
]

const said = (use: (value: any) => any, value: unknown) =>
  Effect.exit(Effect.scoped(Effect.suspend(() => use(value) as Effect.Effect<unknown>))).pipe(
    Effect.map((exit) => String(diesOf(exit)[0] ?? exit))
  )

describe("tasks: wrong arguments", () => {
  it.effect("die with a message that says where, what would be right, and what was given", () =>
    TaskGroup.run(
      Effect.gen(function* () {
        const group = yield* TaskGroup.current<any>()
        const task = yield* TaskGroup.fork(Effect.succeed(1))
        for (const [where, values, use, says] of wrong(group, task)) {
          for (const { u } of values) {
            const message = yield* said(use, u)
            assert.match(message, new RegExp(`^InvalidArgument: ${where}: .+, got .+`), where)
            assert.match(message, says, where)
          }
        }
        assert.isFalse(yield* TaskGroup.isClosed())
      })
    ).pipe(Effect.provide(Logger.layer([])))
  )

  it.effect("a handler that is absent handles nothing", () =>
    Effect.gen(function* () {
      const two = TaskGroup.collect(Effect.andThen(failing, TaskGroup.fork(Effect.fail({ _tag: "B" }))))
      const cases = { A: undefined, B: () => Effect.void }
      const exit = yield* Effect.exit(
        TaskGroupError.catchEach(two as never, cases as never) as Effect.Effect<unknown, unknown>
      )
      assert.deepStrictEqual(diesOf(exit), [])
      assert.isTrue(Exit.isFailure(exit))
    })
  )

  it.effect("forkIn in a pipe forks into the group of the handle", () =>
    Effect.gen(function* () {
      const values = yield* TaskGroup.run(
        Effect.gen(function* () {
          const group = yield* TaskGroup.current<never>()
          const plain = yield* work.pipe(TaskGroup.forkIn(group))
          const named = yield* work.pipe(TaskGroup.forkIn(group, { name: "named" }))
          return [yield* Task.join(plain), yield* Task.join(named), named.path]
        }),
        { name: "g" }
      )
      assert.deepStrictEqual(values, [1, 1, "g/named"])
    })
  )
})
