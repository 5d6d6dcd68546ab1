import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Option } from "effect"

import { CancelScope, Task, TaskGroup } from "../../src/index.ts"
import { diesOf, failsOf, interrupted, isInterrupted, journal, settle } from "../tasks/fixtures.ts"

describe("taskgroup: start", () => {
  it.effect("TG-045: start returns the reported value at the signal, and the group waits for the rest", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      yield* TaskGroup.run(
        Effect.gen(function* () {
          const [port] = yield* TaskGroup.start((started) =>
            Effect.andThen(started(8080), Effect.andThen(settle, write("served")))
          )
          yield* write(`port ${port}`)
        })
      )
      assert.deepStrictEqual(lines, ["port 8080", "served"])
    })
  )

  it.effect("TG-046: a second signal is a defect of the child", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        TaskGroup.run(TaskGroup.start((started) => Effect.andThen(started(1), started(2)), { name: "twice" }))
      )
      assert.match(String(diesOf(exit)[0]), /twice called started a second time/)
    })
  )

  it.effect("TG-048: a child failing after its signal fails the group", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.start((started) =>
              Effect.andThen(started(1), Effect.andThen(settle, Effect.fail("late")))
            )
            yield* Effect.never
          })
        )
      )
      assert.deepStrictEqual(exit, Exit.fail("late"))
    })
  )

  it.effect("TG-049: a child that returns without a signal fails start, not the group", () =>
    Effect.gen(function* () {
      const error = yield* TaskGroup.run(
        Effect.flip(TaskGroup.start(() => Effect.succeed(1), { name: "mute" })),
        { name: "g" }
      )
      assert.deepStrictEqual(error, new TaskGroup.TaskNotStarted({ task: "g/mute", reason: Option.none() }))
    })
  )

  it.effect("TG-050: a child cancelled before its signal ends start, with the reason", () =>
    Effect.gen(function* () {
      const error = yield* TaskGroup.run(
        Effect.gen(function* () {
          const waiting = yield* Effect.forkChild(Effect.flip(TaskGroup.start(() => Effect.never)))
          yield* settle
          const [task] = yield* TaskGroup.tasks()
          yield* Task.cancel(task!, "not wanted")
          return yield* Fiber.join(waiting)
        })
      )
      assert.strictEqual(error._tag, "TaskNotStarted")
      assert.deepStrictEqual(
        Option.map(error.reason, (reason) => reason.label),
        Option.some("not wanted")
      )
    })
  )

  it.effect("TG-051: the caller interrupted before the signal takes the child with it", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      const [exit, left] = yield* TaskGroup.run(
        Effect.gen(function* () {
          const exit = yield* interrupted(
            TaskGroup.start(() =>
              Effect.onInterrupt(Effect.never, () => Effect.andThen(settle, write("gone")))
            )
          )
          return [exit, yield* TaskGroup.size()] as const
        })
      )
      assert.deepStrictEqual([isInterrupted(exit), lines, left], [true, ["gone"], 0])
    })
  )

  it.effect(
    "TG-052: start on an outer group from an inner one whose child fails cancels the child that initialises",
    () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        const exit = yield* Effect.exit(
          TaskGroup.run(
            Effect.gen(function* () {
              const outer = TaskGroup.start(() =>
                Effect.onInterrupt(Effect.never, () => write("initialiser gone"))
              )
              const handle = yield* TaskGroup.current<never>()
              yield* TaskGroup.run(
                Effect.gen(function* () {
                  yield* TaskGroup.fork(Effect.andThen(settle, Effect.fail("inner")))
                  yield* outer
                })
              )
              return handle.name
            })
          )
        )
        assert.deepStrictEqual([failsOf(exit), lines], [["inner"], ["initialiser gone"]])
      })
  )

  it.effect("TG-053: start cancelled by a scope around the call leaves the group healthy", () =>
    Effect.gen(function* () {
      const value = yield* TaskGroup.run(
        Effect.gen(function* () {
          const outcome = yield* CancelScope.run((scope) =>
            Effect.andThen(
              CancelScope.cancel(scope),
              TaskGroup.start(() => Effect.never)
            )
          )
          const task = yield* TaskGroup.fork(Effect.succeed(outcome._tag))
          return yield* Task.join(task)
        })
      )
      assert.strictEqual(value, "Cancelled")
    })
  )

  it.effect("TG-054: a child in a protected section is cancelled only when that ends", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { lines, write } = journal()
      yield* TaskGroup.run(
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(
            TaskGroup.start(() =>
              Effect.andThen(
                Effect.uninterruptible(Effect.andThen(Deferred.await(gate), write("protected"))),
                write("never")
              )
            )
          )
          yield* settle
          fiber.interruptUnsafe()
          yield* settle
          assert.isUndefined(fiber.pollUnsafe())
          yield* Deferred.succeed(gate, undefined)
          yield* Fiber.await(fiber)
        })
      )
      assert.deepStrictEqual(lines, ["protected"])
    })
  )

  it.effect(
    "TG-055: a signal after the caller was cancelled has no effect: the child is cancelled, its value dropped",
    () =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const [exit, left] = yield* TaskGroup.run(
          Effect.gen(function* () {
            const fiber = yield* Effect.forkChild(
              TaskGroup.start((started) =>
                Effect.andThen(
                  Effect.uninterruptible(Effect.andThen(Deferred.await(gate), started("late"))),
                  Effect.never
                )
              )
            )
            yield* settle
            fiber.interruptUnsafe()
            yield* Deferred.succeed(gate, undefined)
            return [yield* Fiber.await(fiber), yield* TaskGroup.size()] as const
          })
        )
        assert.deepStrictEqual([isInterrupted(exit), left], [true, 0])
      })
  )

  it.effect(
    "TG-056: start called uninterruptibly in a cancelled fiber succeeds, since nothing was interrupted",
    () =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const { lines, write } = journal()
        yield* TaskGroup.run(
          Effect.gen(function* () {
            const fiber = yield* Effect.forkChild(
              Effect.uninterruptible(
                Effect.andThen(
                  Deferred.await(gate),
                  Effect.flatMap(
                    TaskGroup.start((started) => started("value")),
                    ([value]) => write(value)
                  )
                )
              )
            )
            yield* settle
            fiber.interruptUnsafe()
            yield* Deferred.succeed(gate, undefined)
            yield* Fiber.await(fiber)
          })
        )
        assert.deepStrictEqual(lines, ["value"])
      })
  )

  it.effect("TG-057: a pending start keeps the group open until it arrives, or fails without harm", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const begun = yield* Deferred.make<TaskGroup.TaskGroup<never>>()
      const group = yield* Effect.forkChild(
        TaskGroup.run(
          Effect.gen(function* () {
            const handle = yield* TaskGroup.current()
            yield* TaskGroup.start((started) => Effect.andThen(Deferred.await(gate), started(1))).pipe(
              Effect.ignore,
              Effect.forkDetach
            )
            yield* settle
            yield* Deferred.succeed(begun, handle)
            return "body done"
          })
        )
      )
      yield* Deferred.await(begun)
      yield* settle
      assert.isUndefined(group.pollUnsafe())
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(group), "body done")
    })
  )

  it.effect("TG-059: start on a closed group is refused at once and runs nothing", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.andThen(
            TaskGroup.close(),
            TaskGroup.start(() => write("ran"))
          )
        )
      )
      assert.instanceOf(diesOf(exit)[0], TaskGroup.TaskGroupClosed)
      assert.deepStrictEqual(lines, [])
    })
  )
})
