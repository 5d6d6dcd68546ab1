import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber } from "effect"

import { Task, TaskGroup } from "../../src/index.ts"
import type { TaskGroupError } from "../../src/index.ts"
import {
  diesOf,
  failsOf,
  interrupted,
  isInterrupted,
  isOnlyInterrupted,
  journal,
  settle
} from "../tasks/fixtures.ts"

describe("taskgroup: failures", () => {
  it.effect("TG-034: a child that forks a failing sibling is cancelled at its next suspension", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      const exit = yield* Effect.exit(
        TaskGroup.run(
          TaskGroup.fork(
            Effect.gen(function* () {
              yield* TaskGroup.fork(Effect.fail("at once"))
              yield* Effect.yieldNow
              yield* write("went on")
            })
          )
        )
      )
      assert.deepStrictEqual([exit, lines], [Exit.fail("at once"), []])
    })
  )

  it.effect("TG-035: body and child failing in the same turn are both in the Cause", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const wait = Effect.uninterruptible(Deferred.await(gate))
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(Effect.uninterruptible(Effect.andThen(wait, Effect.fail("child"))))
            yield* Effect.forkDetach(Effect.andThen(settle, Deferred.succeed(gate, undefined)))
            return yield* Effect.uninterruptible(Effect.andThen(wait, Effect.fail("body")))
          })
        )
      )
      assert.deepStrictEqual([...failsOf(exit)].sort(), ["body", "child"])
    })
  )

  it.effect(
    "TG-038: cancelling the outermost of nested groups reaches all leaves before any parent is done",
    () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        const leaf = (name: string) =>
          Effect.onInterrupt(Effect.never, () => Effect.andThen(write(name), settle))
        const nest = (depth: number): Effect.Effect<void> =>
          TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(leaf(`leaf ${depth}`))
              if (depth > 0) yield* Effect.ensuring(nest(depth - 1), write(`parent ${depth}`))
              else yield* Effect.never
            })
          )
        yield* interrupted(nest(2))
        assert.deepStrictEqual(lines.slice(0, 3).sort(), ["leaf 0", "leaf 1", "leaf 2"])
      })
  )

  it.effect("TG-039: a group that cancels itself on purpose ends as a success", () =>
    Effect.gen(function* () {
      const value = yield* TaskGroup.run(
        Effect.gen(function* () {
          yield* TaskGroup.fork(Effect.never)
          yield* TaskGroup.cancel("done")
          return "fine"
        })
      )
      assert.strictEqual(value, "fine")
    })
  )

  it.effect("TG-041: the owner interrupted while it waits cancels the children and waits on", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      const exit = yield* interrupted(
        TaskGroup.run(
          TaskGroup.fork(Effect.onInterrupt(Effect.never, () => Effect.andThen(settle, write("child gone"))))
        )
      )
      assert.deepStrictEqual([isOnlyInterrupted(exit), lines], [true, ["child gone"]])
    })
  )

  it.effect(
    "TG-042: entering and leaving an empty group in a cancelled, protected fiber raises nothing",
    () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        yield* interrupted(
          Effect.onInterrupt(Effect.never, () =>
            Effect.andThen(TaskGroup.run(write("inside")), write("left"))
          )
        )
        assert.deepStrictEqual(lines, ["inside", "left"])
      })
  )

  it.effect("TG-044: waiting for a protected child takes no turns of the loop", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      let interruptions = 0
      const fiber = yield* Effect.forkChild(
        TaskGroup.run(
          TaskGroup.fork(
            Effect.onInterrupt(Effect.uninterruptible(Deferred.await(gate)), () =>
              Effect.sync(() => interruptions++)
            )
          )
        )
      )
      yield* settle
      fiber.interruptUnsafe()
      yield* Effect.andThen(settle, settle)
      assert.isUndefined(fiber.pollUnsafe())
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.await(fiber)
      assert.isTrue(interruptions <= 1)
    })
  )

  it.effect(
    "TG-060: joining a task that was cancelled on its own is a defect, not one's own cancellation",
    () =>
      Effect.gen(function* () {
        const exit = yield* TaskGroup.run(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(Effect.never, { name: "other" })
            yield* Task.cancel(task, "not needed")
            return yield* Effect.exit(Task.join(task))
          }),
          { name: "g" }
        )
        const defect = diesOf(exit)[0]
        assert.instanceOf(defect, Task.TaskCancelled)
        assert.deepStrictEqual(
          [(defect as Task.TaskCancelled).task, (defect as Task.TaskCancelled).reason.label],
          ["g/other", "not needed"]
        )
      })
  )

  it.effect("TG-061: a failed task fails who joins it, and the group as well", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      const failing = Effect.gen(function* () {
        const task = yield* TaskGroup.fork(Effect.andThen(settle, Effect.fail("e")))
        yield* Effect.catch(Task.join(task), () => write("joiner"))
      })
      const collected = yield* Effect.exit(TaskGroup.collect(failing))
      assert.deepStrictEqual([lines, Exit.isFailure(collected)], [["joiner"], true])
      assert.deepStrictEqual(yield* Effect.exit(TaskGroup.run(failing)), Exit.fail("e"))
      assert.deepStrictEqual(lines, ["joiner"])
    })
  )

  it.effect("TG-064: a background child is torn down when the rest is done, and the value is kept", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      const value = yield* TaskGroup.run(
        Effect.gen(function* () {
          yield* TaskGroup.fork(
            Effect.onInterrupt(Effect.never, () => write("torn down")),
            { background: true }
          )
          yield* TaskGroup.fork(Effect.andThen(settle, write("work")))
          return "value"
        })
      )
      assert.deepStrictEqual([value, lines], ["value", ["work", "torn down"]])
    })
  )

  it.effect("TG-066: code outside a group catches the failure of a child inside and goes on", () =>
    Effect.map(
      Effect.catch(TaskGroup.run(Effect.andThen(TaskGroup.fork(Effect.fail("inside")), Effect.never)), (e) =>
        Effect.succeed(`caught ${e}`)
      ),
      (value) => assert.strictEqual(value, "caught inside")
    )
  )

  it.effect("TG-067: the result settles only after slow cleanups", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      yield* Effect.exit(
        TaskGroup.run(
          Effect.andThen(
            TaskGroup.fork(Effect.andThen(settle, Effect.fail("child"))),
            Effect.ensuring(Effect.never, Effect.andThen(settle, write("cleanup")))
          )
        )
      )
      yield* write("settled")
      assert.deepStrictEqual(lines, ["cleanup", "settled"])
    })
  )

  it.effect("TG-068: a teardown that fails is not hidden by the value", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.as(
            TaskGroup.fork(Effect.ensuring(Effect.never, Effect.die("teardown")), { background: true }),
            "value"
          )
        )
      )
      assert.deepStrictEqual(diesOf(exit), ["teardown"])
    })
  )

  it.effect(
    "TG-069: a task's cleanup error is in its outcome for everyone who asks, however often it is cancelled",
    () =>
      Effect.gen(function* () {
        const seen: Array<unknown> = []
        yield* TaskGroup.supervise(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(Effect.ensuring(Effect.never, Effect.die("teardown")))
            yield* settle
            yield* Task.cancel(task)
            seen.push(...diesOf(yield* Task.outcome(task)))
            seen.push(yield* Task.cancel(task), ...diesOf(yield* Task.outcome(task)))
          }),
          { onFailure: () => Effect.void }
        )
        assert.deepStrictEqual(seen, ["teardown", false, "teardown"])
      })
  )

  it.effect("TG-071: of two children, the failure wins over the cancellation of the one being joined", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.gen(function* () {
            const first = yield* TaskGroup.fork(Effect.never)
            yield* TaskGroup.fork(Effect.andThen(settle, Effect.fail("second")))
            return yield* Task.join(first)
          })
        )
      )
      assert.deepStrictEqual(exit, Exit.fail("second"))
    })
  )

  it.effect("TG-072: the body's own failure is the outcome, though a task was cancelled before", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(Effect.never)
            yield* Task.cancel(task)
            return yield* Effect.fail("body")
          })
        )
      )
      assert.deepStrictEqual(exit, Exit.fail("body"))
    })
  )

  it.effect("TG-073: in a supervised group a failure is reported and the siblings go on", () =>
    Effect.gen(function* () {
      const failures: Array<TaskGroupError.TaskFailure<string>> = []
      const { lines, write } = journal()
      const value = yield* TaskGroup.supervise(
        Effect.gen(function* () {
          yield* TaskGroup.fork(Effect.fail("one"), { name: "failing" })
          yield* TaskGroup.fork(Effect.andThen(settle, write("sibling done")))
          return "value"
        }),
        { name: "s", onFailure: (failure) => Effect.sync(() => void failures.push(failure)) }
      )
      assert.deepStrictEqual([value, lines], ["value", ["sibling done"]])
      assert.deepStrictEqual(
        failures.map(({ _tag, path }) => [_tag, path]),
        [["Failed", "s/failing"]]
      )
    })
  )

  it.effect(
    "TG-074: in a supervised group the body's error is the outcome, a child's failing cleanup is reported",
    () =>
      Effect.gen(function* () {
        const defects: Array<unknown> = []
        const exit = yield* Effect.exit(
          TaskGroup.supervise(
            Effect.gen(function* () {
              yield* TaskGroup.fork(Effect.ensuring(Effect.never, Effect.die("cleanup")))
              yield* settle
              return yield* Effect.fail("body")
            }),
            {
              onFailure: (failure) =>
                Effect.sync(() => void (failure._tag === "Died" && defects.push(failure.defect)))
            }
          )
        )
        assert.deepStrictEqual([exit, defects], [Exit.fail("body"), ["cleanup"]])
      })
  )

  it.effect("TG-075: the owner of a supervised group takes all children with it", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      const exit = yield* interrupted(
        TaskGroup.supervise(
          TaskGroup.fork(Effect.onInterrupt(Effect.never, () => Effect.andThen(settle, write("gone"))))
        )
      )
      assert.deepStrictEqual([isOnlyInterrupted(exit), lines], [true, ["gone"]])
    })
  )

  it.effect("TG-076: the earliest of several failures comes first, the rest in order, each once", () =>
    Effect.gen(function* () {
      const error = new Error("shared")
      const stubborn = (turns: number, effect: Effect.Effect<never, unknown>) =>
        Effect.uninterruptible(
          Effect.andThen(
            Effect.forEach(Array.from({ length: turns }), () => Effect.yieldNow),
            effect
          )
        )
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(stubborn(3, Effect.fail("third")))
            yield* TaskGroup.fork(stubborn(2, Effect.fail(error)))
            yield* TaskGroup.fork(stubborn(4, Effect.fail(error)))
            yield* TaskGroup.fork(stubborn(1, Effect.fail("first")))
          })
        )
      )
      assert.deepStrictEqual(failsOf(exit), ["first", error, "third"])
    })
  )

  it.effect(
    "TG-077: a child failing while it handles its cancellation: both reasons are kept in its exit",
    () =>
      Effect.gen(function* () {
        const outcome = yield* TaskGroup.supervise(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(
              Effect.onInterrupt(Effect.never, () => Effect.die("while cancelled"))
            )
            yield* settle
            yield* Task.cancel(task)
            return yield* Task.outcome(task)
          }),
          { onFailure: () => Effect.void }
        )
        assert.deepStrictEqual([diesOf(outcome), isInterrupted(outcome)], [["while cancelled"], true])
      })
  )

  it.effect("TG-078: a failure four levels deep reaches the root once and bare", () =>
    Effect.gen(function* () {
      const nest = (depth: number): Effect.Effect<void, string> =>
        TaskGroup.run(
          TaskGroup.fork(depth === 0 ? Effect.fail("deep") : Effect.suspend(() => nest(depth - 1)))
        )
      assert.deepStrictEqual(yield* Effect.exit(nest(4)), Exit.fail("deep"))
    })
  )

  it.effect("TG-079: who waits for a failed group waits for a child's uninterruptible cleanup", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(Effect.uninterruptible(Deferred.await(gate)))
            return yield* Effect.fail("body")
          })
        )
      )
      yield* settle
      assert.isUndefined(fiber.pollUnsafe())
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(yield* Fiber.await(fiber), Exit.fail("body"))
    })
  )

  it.effect(
    "TG-080: a child of a group that is being cancelled never runs, but its observers hear of its end",
    () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        const exits: Array<Exit.Exit<unknown, unknown>> = []
        yield* TaskGroup.run(
          Effect.gen(function* () {
            const group = yield* TaskGroup.current()
            yield* TaskGroup.fork(
              Effect.onInterrupt(Effect.never, () =>
                Effect.map(Effect.orDie(TaskGroup.forkIn(group, write("ran"))), (task) =>
                  task.fiber.addObserver((exit) => exits.push(exit))
                )
              )
            )
            yield* TaskGroup.cancel()
          })
        )
        assert.deepStrictEqual(
          [lines, exits.map((exit) => exit._tag === "Failure" && Cause.hasInterruptsOnly(exit.cause))],
          [[], [true]]
        )
      })
  )

  it.effect("TG-082: a group whose body is over takes no more work through a handle", () =>
    Effect.gen(function* () {
      const handle = yield* TaskGroup.run(TaskGroup.current())
      const exit = yield* Effect.exit(TaskGroup.forkIn(handle, Effect.void))
      assert.deepStrictEqual(exit, Exit.fail(new TaskGroup.TaskGroupClosed({ group: handle.name })))
    })
  )

  it.effect("TG-085: a body that reads its child's exit cannot run on as if nothing had happened", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(Effect.andThen(settle, Effect.fail("started it")))
            yield* Task.outcome(task)
            yield* write("ran on")
            return "fine"
          })
        )
      )
      assert.deepStrictEqual([exit, lines], [Exit.fail("started it"), []])
    })
  )
})
