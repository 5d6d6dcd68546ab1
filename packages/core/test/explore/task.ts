import { strict as assert } from "node:assert"

import { Gather, Lock, Task, TaskGroup, TaskTree } from "@skein/core"
import { Effect, Exit, Option, Stream } from "effect"

import { held, later, of } from "./program.ts"
import type { Explored } from "./program.ts"

const tasks: ReadonlyArray<Explored> = [
  {
    name: "Task: cancel against the end of the task: told and outcome agree, and its cleanup has run",
    operations: of("Task", "cancel", "outcome", "status"),
    program: () => {
      const { balanced, state, work } = held()
      return balanced(
        TaskGroup.run(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(work(Effect.yieldNow))
            yield* Effect.yieldNow
            const cancelled = yield* Task.cancel(task)
            assert.equal(state.open, 0)
            const exit = yield* Task.outcome(task)
            if (!cancelled) assert.ok(Exit.isSuccess(exit))
            assert.equal(yield* Task.status(task), Exit.isSuccess(exit) ? "succeeded" : "cancelled")
          })
        )
      )
    }
  },
  {
    name: "Task: join from several tasks gives all the same",
    operations: of("Task", "join", "current"),
    program: () =>
      Effect.gen(function* () {
        const values = yield* TaskGroup.run(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(later(Task.current))
            const joins = [yield* TaskGroup.fork(Task.join(task)), yield* TaskGroup.fork(Task.join(task))]
            const found = yield* Effect.forEach(joins, (join) => Task.join(join))
            return found.map((one) => Option.isSome(one) && one.value === task)
          })
        )
        assert.deepEqual(values, [true, true])
      })
  },
  {
    name: "Task: wait tells apart who is done, and forgets nobody",
    operations: of("Task", "wait"),
    program: () => {
      const { balanced, work } = held()
      return balanced(
        TaskGroup.run(
          Effect.gen(function* () {
            const all = [
              yield* TaskGroup.fork(work(Effect.yieldNow)),
              yield* TaskGroup.fork(work(Effect.sleep("1 second"))),
              yield* TaskGroup.fork(work(Effect.never))
            ]
            const first = yield* Task.wait(all, { until: "first-completed" })
            assert.ok(first.done.length >= 1)
            const timed = yield* Task.wait(all, { until: "all-completed", timeout: "1 minute" })
            assert.deepEqual([timed.done, timed.pending], [all.slice(0, 2), all.slice(2)])
            yield* TaskGroup.cancel()
            const last = yield* Task.wait(all, { until: "all-completed" })
            assert.equal(last.pending.length, 0)
          })
        )
      )
    }
  },
  {
    name: "TaskTree: two tasks that block each other are found, wherever the snapshot falls",
    operations: of("TaskTree", "snapshot", "deadlocks", "ofFiber"),
    program: () =>
      Effect.gen(function* () {
        const [a, b] = [yield* Lock.make(), yield* Lock.make()]
        const itself = Effect.withFiber((fiber) =>
          Effect.map(Task.current, (task) => {
            assert.equal(Option.getOrNull(TaskTree.ofFiber(fiber)), Option.getOrNull(task))
          })
        )
        const both = (first: Lock.Lock, second: Lock.Lock) =>
          Lock.withLock(first, later(Effect.andThen(itself, Lock.withLock(second, Effect.void))))
        yield* TaskGroup.run(
          Effect.gen(function* () {
            const left = yield* TaskGroup.fork(both(a, b), { name: "left" })
            const right = yield* TaskGroup.fork(both(b, a), { name: "right" })
            const early = TaskTree.deadlocks(yield* TaskTree.snapshot)
            // Only what cannot go away by itself counts.
            const waited = yield* Task.wait([left, right], { until: "all-completed", timeout: "1 second" })
            const cycles = TaskTree.deadlocks(yield* TaskTree.snapshot)
            assert.equal(cycles.length, waited.pending.length === 0 ? 0 : 1)
            assert.ok(early.length <= cycles.length)
            yield* TaskGroup.cancel()
          })
        )
      })
  }
]

const gathers: ReadonlyArray<Explored> = [
  {
    name: "Gather: the losers of a race have exited when the winner is seen",
    operations: of("Gather", "race", "firstSuccess"),
    program: () => {
      const { balanced, work } = held()
      return Effect.gen(function* () {
        const value = yield* balanced(
          Gather.firstSuccess([
            work(later(Effect.fail("a"))),
            work(Effect.as(Effect.yieldNow, "b")),
            work(Effect.never)
          ])
        )
        assert.equal(value, "b")
        const exit = yield* Effect.exit(
          balanced(
            Gather.race([work(later(Effect.fail("a"))), work(Effect.succeed("b")), work(Effect.never)])
          )
        )
        assert.ok(["a", "b"].includes(Exit.isSuccess(exit) ? exit.value : "a"))
      })
    }
  },
  {
    name: "Gather: all and map fail with the first failure and leave nothing",
    operations: of("Gather", "all", "map"),
    program: () => {
      const { balanced, work } = held()
      return Effect.gen(function* () {
        const all = yield* Effect.exit(
          balanced(
            Gather.all([work(Effect.yieldNow), work(Effect.fail("no")), work(Effect.never)], {
              concurrency: 2
            })
          )
        )
        assert.deepEqual(all, Exit.fail("no"))
        const mapped = yield* balanced(Gather.map([1, 2, 3], (n) => work(Effect.as(Effect.yieldNow, n * 2))))
        assert.deepEqual(mapped, [2, 4, 6])
      })
    }
  },
  {
    name: "Gather: settled gives every exit in its place",
    operations: of("Gather", "settled"),
    program: () => {
      const { balanced, work } = held()
      return Effect.gen(function* () {
        const exits = yield* balanced(
          Gather.settled([work(later(Effect.fail("a"))), work(Effect.succeed("b")), work(Effect.yieldNow)])
        )
        assert.deepEqual(exits, [Exit.fail("a"), Exit.succeed("b"), Exit.void])
      })
    }
  },
  {
    name: "Gather: a quorum, and the first that matches: as many as asked for, the others have exited",
    operations: of("Gather", "quorum", "firstMatching"),
    program: () => {
      const { balanced, work } = held()
      const source = (n: number) => work(Effect.as(Effect.yieldNow, n))
      return Effect.gen(function* () {
        const two = yield* balanced(
          Gather.quorum([source(1), work(later(Effect.fail("no"))), source(2), source(3)], 2)
        )
        assert.equal(new Set(two).size, 2)
        const even = yield* balanced(
          Gather.firstMatching([source(1), source(2), work(Effect.never)], (n) => n % 2 === 0)
        )
        assert.deepEqual(even, Option.some(2))
        const none = yield* balanced(Gather.firstMatching([source(1), source(3)], (n) => n % 2 === 0))
        assert.deepEqual(none, Option.none())
      })
    }
  },
  {
    name: "Gather: asCompleted gives each once; ending early cancels the rest",
    operations: of("Gather", "asCompleted"),
    program: () => {
      const { balanced, work } = held()
      const source = (n: number) => work(Effect.as(Effect.yieldNow, n))
      return Effect.gen(function* () {
        const all = yield* balanced(Stream.runCollect(Gather.asCompleted([source(1), source(2), source(3)])))
        assert.deepEqual(all.toSorted(), [1, 2, 3])
        const some = yield* balanced(
          Stream.runCollect(Stream.take(Gather.asCompleted([source(1), source(2), work(Effect.never)]), 1))
        )
        assert.equal(some.length, 1)
      })
    }
  }
]

export const programs: ReadonlyArray<Explored> = [...tasks, ...gathers]
