import { strict as assert } from "node:assert"

import { TaskGroup, TaskGroupError, Task } from "@skein/core"
import { Explore } from "@skein/testing"
import { Data, Deferred, Effect, Exit, Fiber } from "effect"

import { apart, held, later, of } from "./program.ts"
import type { Explored } from "./program.ts"

class Lost extends Data.TaggedError("Lost")<{}> {}
class Broken extends Data.TaggedError("Broken")<{}> {}

export const programs: ReadonlyArray<Explored> = [
  {
    name: "TaskGroup: run returns only when every task has exited, and loses no failure",
    operations: of("TaskGroup", "run", "fork"),
    program: () => {
      const { balanced, work } = held()
      return Effect.gen(function* () {
        const exit = yield* Effect.exit(
          balanced(
            TaskGroup.run(
              Effect.gen(function* () {
                yield* TaskGroup.fork(work(Effect.yieldNow))
                yield* TaskGroup.fork(work(later(Effect.fail("no"))))
                yield* TaskGroup.fork(work(Effect.never), { background: true })
                yield* Effect.yieldNow
              })
            )
          )
        )
        assert.deepEqual(exit, Exit.fail("no"))
      })
    }
  },
  {
    name: "TaskGroup: a limit is never exceeded and every fork is served",
    operations: of("TaskGroup", "run", "fork"),
    program: () =>
      Effect.gen(function* () {
        const { balanced, state, work } = held()
        let ran = 0
        yield* Explore.always(() => state.open <= 2)
        yield* TaskGroup.run(
          Effect.forEach([1, 2, 3, 4], () => TaskGroup.fork(work(Effect.sync(() => ran++)))),
          { limit: 2 }
        ).pipe(balanced)
        assert.equal(ran, 4)
      })
  },
  {
    name: "TaskGroup: joining a sibling that the group cancels never hides the failure",
    operations: ["TaskGroup.run", "TaskGroup.fork", "Task.join"],
    program: () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          TaskGroup.run(
            Effect.gen(function* () {
              const sibling = yield* TaskGroup.fork(Effect.never)
              yield* TaskGroup.fork(Task.join(sibling))
              yield* TaskGroup.fork(later(Effect.fail("real")))
              yield* Task.join(sibling)
            })
          )
        )
        assert.deepEqual(exit, Exit.fail("real"))
      })
  },
  {
    name: "TaskGroup: start hands its task to the group or takes it along, never neither",
    operations: ["TaskGroup.run", "TaskGroup.start", "Task.cancel"],
    program: () => {
      const { balanced, work } = held()
      return balanced(
        TaskGroup.run(
          Effect.gen(function* () {
            const caller = yield* TaskGroup.fork(
              TaskGroup.start((started) => work(later(Effect.andThen(started("ready"), Effect.yieldNow))))
            )
            yield* Effect.yieldNow
            yield* Task.cancel(caller)
          })
        )
      )
    }
  },
  {
    name: "TaskGroup: collect lists each failure once",
    operations: ["TaskGroup.collect", "TaskGroup.fork", "TaskGroupError.isTaskGroupError"],
    program: () =>
      Effect.gen(function* () {
        const failing = (name: string) => TaskGroup.fork(later(Effect.fail(name)))
        const error = yield* Effect.flip(
          TaskGroup.collect(Effect.andThen(failing("a"), Effect.andThen(failing("b"), Effect.yieldNow)))
        )
        assert.ok(TaskGroupError.isTaskGroupError(error))
        assert.deepEqual(error.failures.map((failure) => failure.error).sort(), ["a", "b"])
      })
  },
  {
    name: "TaskGroupError: catchEach runs the handler of each tag once, whatever came first",
    operations: ["TaskGroup.collect", "TaskGroupError.catchEach"],
    program: () =>
      Effect.gen(function* () {
        const handled: Array<string> = []
        const note = (tag: string, count: number) =>
          later(Effect.sync(() => void handled.push(`${tag} ${count}`)))
        yield* TaskGroup.collect(
          Effect.gen(function* () {
            yield* TaskGroup.fork(later(Effect.fail(new Lost())))
            yield* TaskGroup.fork(later(Effect.fail(new Broken())))
            yield* TaskGroup.fork(later(Effect.fail(new Lost())))
          })
        ).pipe(
          TaskGroupError.catchEach({
            Broken: (failures) => note("Broken", failures.length),
            Lost: (failures) => note("Lost", failures.length)
          })
        )
        assert.deepEqual(handled, ["Broken 1", "Lost 2"])
      })
  },
  {
    name: "TaskGroup: supervise tells of each failure, cancels nobody, and waits for the telling",
    operations: of("TaskGroup", "supervise", "fork"),
    program: () => {
      const { balanced, work } = held()
      const told: Array<string> = []
      let ended = 0
      const owner = TaskGroup.supervise(
        Effect.gen(function* () {
          yield* TaskGroup.fork(work(later(Effect.fail("a"))))
          yield* TaskGroup.fork(work(Effect.die("b")))
          yield* TaskGroup.fork(work(later(Effect.sync(() => ended++))))
        }),
        { onFailure: (failure) => work(Effect.sync(() => told.push(failure._tag))) }
      )
      return Effect.gen(function* () {
        yield* balanced(owner)
        assert.deepEqual([told.sort(), ended], [["Died", "Failed"], 1])
      })
    }
  },
  {
    name: "TaskGroup: a scoped group is drained by its scope",
    operations: of("TaskGroup", "scoped", "forkIn", "runtime", "size"),
    program: () => {
      const { balanced, work } = held()
      return balanced(
        Effect.scoped(
          Effect.gen(function* () {
            const group = yield* TaskGroup.scoped<string>({
              onFailure: () => Effect.yieldNow,
              grace: "1 second",
              limit: 2
            })
            const fork = yield* TaskGroup.runtime(group)()
            fork(work(later(Effect.fail("told"))))
            yield* TaskGroup.forkIn(group, work(Effect.yieldNow))
            fork(work(Effect.never))
            yield* TaskGroup.forkIn(group, work(Effect.sleep("1 second")))
            assert.ok((yield* TaskGroup.size(group)) <= 4)
          })
        )
      )
    }
  },
  {
    name: "TaskGroup: drain names every task that was left, once, and nothing runs after it",
    operations: of("TaskGroup", "drain", "current", "isClosed", "tasks"),
    program: () => {
      const { balanced, state, work } = held()
      return balanced(
        TaskGroup.run(
          Effect.gen(function* () {
            const group = yield* TaskGroup.current()
            yield* TaskGroup.fork(work(Effect.sleep("1 second")), { name: "slow" })
            yield* TaskGroup.fork(work(Effect.never), { name: "never" })
            const drained = yield* TaskGroup.drain(group, { grace: "1 minute" })
            assert.deepEqual(drained.map(({ status, task }) => `${task} ${status}`).sort(), [
              "never cancelled",
              "slow succeeded"
            ])
            assert.deepEqual([yield* TaskGroup.isClosed(group), state.open], [true, 0])
            assert.deepEqual(yield* TaskGroup.tasks(group), [])
          })
        )
      )
    }
  },
  {
    name: "TaskGroup: cancel, beside tasks that end by themselves, leaves nothing and lets the group go on",
    operations: of("TaskGroup", "cancel", "size"),
    program: () => {
      const { balanced, state, work } = held()
      return balanced(
        TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(work(Effect.yieldNow))
            yield* TaskGroup.fork(work(Effect.never))
            yield* TaskGroup.cancel()
            assert.deepEqual([state.open, yield* TaskGroup.size()], [0, 0])
            const after = yield* TaskGroup.fork(Effect.succeed("after"))
            assert.equal(yield* Task.join(after), "after")
          })
        )
      )
    }
  },
  {
    name: "TaskGroup: cancel by a caller that is interrupted in between ends every task all the same",
    operations: of("TaskGroup", "cancel", "fork"),
    program: () => {
      const { balanced, work } = held()
      return balanced(
        TaskGroup.run(
          Effect.gen(function* () {
            const group = yield* TaskGroup.current()
            yield* TaskGroup.fork(work(Effect.never))
            yield* TaskGroup.fork(work(Effect.never))
            const canceller = yield* Effect.forkChild(Explore.named(TaskGroup.cancel(group), "canceller"))
            const exit = yield* Fiber.await(canceller)
            // It may have been interrupted before it began.
            if (Exit.isFailure(exit)) yield* TaskGroup.cancel(group)
          })
        )
      )
    }
  },
  {
    name: "TaskGroup: tryFork forks at once or not at all",
    operations: of("TaskGroup", "tryFork", "run"),
    program: () =>
      Effect.gen(function* () {
        const { balanced, state, work } = held()
        yield* Explore.always(() => state.open <= 1)
        let forked = 0
        let ran = 0
        yield* TaskGroup.run(
          Effect.gen(function* () {
            for (let i = 0; i < 3; i++) {
              const task = yield* TaskGroup.tryFork(work(Effect.sync(() => ran++)))
              if (task._tag === "Some") forked++
              yield* Effect.yieldNow
            }
          }),
          { limit: 1 }
        ).pipe(balanced)
        assert.equal(ran, forked)
      })
  },
  {
    name: "TaskGroup: a slot that an interrupted fork was handed goes to the next",
    operations: of("TaskGroup", "scoped", "forkIn", "run"),
    program: () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { state, work } = held()
          yield* Explore.always(() => state.open <= 1)
          const group = yield* TaskGroup.scoped<never>({ onFailure: () => Effect.void, limit: 1 })
          const ask = Effect.flatMap(TaskGroup.forkIn(group, work(Effect.yieldNow)), (task) =>
            Task.outcome(task)
          )
          yield* apart<unknown, unknown>([ask, ask, ask])
        })
      )
  },
  {
    name: "TaskGroup: a forkIn from outside, against the end of the group, runs or is refused",
    operations: of("TaskGroup", "forkIn", "close", "current"),
    program: () => {
      const { balanced, work } = held()
      return Effect.gen(function* () {
        const handed = yield* Deferred.make<TaskGroup.TaskGroup<never>>()
        let ran = 0
        const outside = Effect.flatMap(Deferred.await(handed), (group) =>
          TaskGroup.forkIn(group, work(Effect.sync(() => ran++)))
        )
        const inside = Effect.gen(function* () {
          yield* TaskGroup.run(
            Effect.gen(function* () {
              yield* Deferred.succeed(handed, yield* TaskGroup.current())
              yield* TaskGroup.fork(Effect.yieldNow)
              yield* TaskGroup.close()
            }),
            { limit: 1 }
          ).pipe(balanced)
          const before = ran
          yield* Effect.yieldNow
          yield* Effect.yieldNow
          assert.equal(ran, before)
        })
        const asking = yield* Effect.forkChild(apart([outside]))
        yield* inside
        yield* Fiber.join(asking)
      })
    }
  }
]
