import { strict as assert } from "node:assert"

import { CancelScope, Task, TaskGroup } from "@skein/core"
import { Explore } from "@skein/testing"
import { Cause, Effect, Exit, Fiber } from "effect"

import { apart, held, later } from "./program.ts"
import type { Explored } from "./program.ts"

const isCancelled = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof Task.TaskCancelled

export const programs: ReadonlyArray<Explored> = [
  {
    name: "Task: a joiner further in than the sibling that is cancelled with it never hides the failure",
    operations: ["Task.join", "TaskGroup.run", "CancelScope.run", "CancelScope.failAfter"],
    program: () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          TaskGroup.run(
            Effect.gen(function* () {
              const sibling = yield* TaskGroup.fork(Effect.never)
              yield* TaskGroup.fork(TaskGroup.run(TaskGroup.fork(Task.join(sibling))))
              yield* TaskGroup.fork(CancelScope.run(() => Task.join(sibling)))
              yield* TaskGroup.fork(later(Effect.fail("real")))
              yield* CancelScope.failAfter(Task.join(sibling), "1 minute")
            })
          )
        )
        assert.deepEqual(exit, Exit.fail("real"))
      })
  },
  {
    name: "Task: join, outcome, wait and cancel return when its cleanup has run, whoever else is interrupted",
    operations: ["Task.join", "Task.outcome", "Task.wait", "Task.cancel", "Task.status"],
    program: () => {
      const { balanced, state, work } = held()
      return balanced(
        TaskGroup.run(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(work(Effect.never))
            const over = Effect.flatMap(Task.status(task), (status) =>
              Effect.sync(() => assert.deepEqual([status, state.open], ["cancelled", 0]))
            )
            const waiting = yield* Effect.forkChild(
              apart<unknown, unknown>([
                Effect.andThen(Effect.exit(Task.join(task)), over),
                Effect.andThen(Task.outcome(task), over),
                Effect.andThen(Task.wait([task], { until: "all-completed" }), over),
                later(Effect.andThen(Task.cancel(task), over))
              ])
            )
            yield* Effect.yieldNow
            yield* Task.cancel(task)
            yield* over
            yield* Fiber.join(waiting)
          })
        )
      )
    }
  },
  {
    name: "Task: who joins a task that is cancelled with its whole group, and is not cancelled itself, goes on",
    operations: ["Task.join", "TaskGroup.cancel", "TaskGroup.current"],
    program: () => {
      const { balanced, state, work } = held()
      return balanced(
        TaskGroup.run(
          Effect.gen(function* () {
            const group = yield* TaskGroup.current()
            const task = yield* TaskGroup.fork(work(Effect.never))
            yield* TaskGroup.fork(
              Effect.uninterruptible(
                Effect.flatMap(Effect.exit(Task.join(task)), (exit) =>
                  Effect.sync(() => assert.ok(isCancelled(exit)))
                )
              )
            )
            const cancelling = yield* Effect.forkChild(later(TaskGroup.cancel(group)))
            const exit = yield* Effect.exit(Task.join(task))
            assert.ok(isCancelled(exit), "joined")
            yield* Fiber.join(cancelling)
            assert.equal(state.open, 0)
          })
        )
      )
    }
  },
  {
    name: "Task: a joiner that the end of its group cannot reach, as it is inside what cannot be interrupted, goes on",
    operations: ["Task.join", "TaskGroup.run", "TaskGroup.fork"],
    program: () =>
      Effect.gen(function* () {
        let cancelled = 0
        const exit = yield* Effect.exit(
          TaskGroup.run(
            Effect.gen(function* () {
              const sibling = yield* TaskGroup.fork(Effect.never)
              const joining = Effect.map(Effect.exit(Task.join(sibling)), (exit) => {
                assert.ok(isCancelled(exit))
                cancelled++
              })
              yield* TaskGroup.fork(Effect.uninterruptible(TaskGroup.run(TaskGroup.fork(joining))))
              yield* TaskGroup.fork(later(Effect.fail("real")))
            })
          )
        )
        assert.deepEqual(exit, Exit.fail("real"))
        assert.equal(cancelled, 1)
      })
  },
  {
    name: "Task: whoever joins a task that fails is told, in a group that goes on",
    operations: ["Task.join", "Task.outcome", "TaskGroup.collect"],
    program: () =>
      Effect.gen(function* () {
        const { balanced, state, work } = held()
        const told: Array<string> = []
        const note = (name: string) => () =>
          Effect.sync(() => {
            assert.equal(state.open, 0)
            told.push(name)
          })
        const collected = TaskGroup.collect(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(work(later(Effect.fail("no"))))
            yield* apart<unknown, unknown>([
              Effect.catch(Task.join(task), note("joiner")),
              Effect.flatMap(Task.outcome(task), note("looker"))
            ])
            yield* Explore.waitAllBlocked
            return yield* Effect.catch(Task.join(task), note("owner"))
          })
        )
        const exit = yield* Effect.exit(balanced(collected))
        assert.ok(Exit.isFailure(exit) && told.includes("owner") && told.length >= 2)
      })
  }
]
