// A task whose program begins with permits that it has to wait for has no fiber until it is served, or until somebody asks for it.
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Option } from "effect"

import { Semaphore, Task, TaskGroup, TaskTree } from "../../src/index.ts"
import { defect, interrupted, note, settle } from "./fixtures.ts"

const newestId = Effect.map(
  Effect.flatMap(Effect.forkChild(Effect.void), (fiber) => Effect.as(Fiber.await(fiber), fiber.id)),
  Number
)

/** A semaphore whose one permit is taken until `open`. */
const shut = Effect.gen(function* () {
  const semaphore = yield* Semaphore.make(1, { name: "s" })
  yield* Semaphore.take(semaphore, 1)
  return { semaphore, open: Semaphore.release(semaphore, 1) }
})

const through = <A, E, R>(semaphore: Semaphore.Semaphore, effect: Effect.Effect<A, E, R>) =>
  Semaphore.withPermits(semaphore, 1)(effect)

const allFree = (semaphore: Semaphore.Semaphore) =>
  Effect.map(Semaphore.statistics(semaphore), ({ free, holders, waiting }) =>
    assert.deepStrictEqual([free, holders, waiting], [1, [], []])
  )

const forkNamed = <A, E, R>(name: string, effect: Effect.Effect<A, E, R>) => TaskGroup.fork(effect, { name })

describe("a task that begins with permits", () => {
  it.effect("has no fiber while it waits, and one when it is served", () =>
    Effect.gen(function* () {
      const { open, semaphore } = yield* shut
      let served = 0
      yield* TaskGroup.run(
        Effect.gen(function* () {
          const before = yield* newestId
          for (let i = 0; i < 1000; i++)
            yield* TaskGroup.fork(
              through(
                semaphore,
                Effect.sync(() => void served++)
              )
            )
          yield* settle
          assert.isBelow((yield* newestId) - before, 10)
          yield* open
          yield* Effect.repeat(settle, { until: () => served === 1000 })
          assert.isAtLeast((yield* newestId) - before, 1000)
        })
      )
      assert.strictEqual(served, 1000)
      yield* allFree(semaphore)
    })
  )

  it.effect("is served in its turn, among fibers and requests of other sizes", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(2)
      yield* Semaphore.take(semaphore, 2)
      const log: Array<string> = []
      const asking = (name: string, permits: number) =>
        Semaphore.withPermits(semaphore, permits)(Effect.andThen(note(log)(name), settle))
      yield* TaskGroup.run(
        Effect.gen(function* () {
          yield* TaskGroup.fork(asking("task 1", 1))
          yield* Effect.forkChild(asking("fiber 2", 2), { startImmediately: true })
          yield* TaskGroup.fork(asking("task 3", 2))
          yield* TaskGroup.fork(asking("task 4", 1))
          assert.isTrue(Option.isNone(yield* Semaphore.tryWithPermits(semaphore, 1, Effect.void)))
          yield* Semaphore.release(semaphore, 2)
          yield* Effect.repeat(settle, { times: 10 })
        })
      )
      assert.deepStrictEqual(log, ["task 1", "fiber 2", "task 3", "task 4"])
    })
  )

  it.effect("can be joined, awaited and asked for its outcome while it waits", () =>
    Effect.gen(function* () {
      const { open, semaphore } = yield* shut
      const seen = yield* TaskGroup.supervise(
        Effect.gen(function* () {
          const task = yield* TaskGroup.fork(through(semaphore, Effect.succeed(5)))
          const failing = yield* TaskGroup.fork(through(semaphore, Effect.fail("no")))
          const all = Effect.all(
            [
              Task.join(task),
              Effect.flip(Task.join(failing)),
              Task.outcome(task),
              Effect.map(Task.wait([task, failing], { until: "all-completed" }), ({ done }) => done.length),
              Task.status(task)
            ],
            { concurrency: "unbounded" }
          )
          const asking = yield* Effect.forkChild(all, { startImmediately: true })
          yield* settle
          yield* open
          return yield* Fiber.join(asking)
        }),
        { onFailure: () => Effect.void }
      )
      assert.deepStrictEqual(seen, [5, "no", Exit.succeed(5), 2, "running"])
      yield* allFree(semaphore)
    })
  )

  it.effect("has a fiber as soon as somebody asks for it, and keeps its place", () =>
    Effect.gen(function* () {
      const { open, semaphore } = yield* shut
      const log: Array<string> = []
      yield* TaskGroup.run(
        Effect.gen(function* () {
          const first = yield* TaskGroup.fork(through(semaphore, note(log)("first")))
          const second = yield* TaskGroup.fork(through(semaphore, note(log)("second")))
          // The second is asked for, the first never is.
          assert.isTrue(Fiber.isFiber(second.fiber))
          assert.strictEqual(second.fiber, second.fiber)
          assert.strictEqual(second.id, second.fiber.id)
          assert.isUndefined(second.fiber.pollUnsafe())
          yield* open
          yield* Fiber.await(second.fiber)
          assert.deepStrictEqual(yield* Task.status(first), "succeeded")
        })
      )
      assert.deepStrictEqual(log, ["first", "second"])
      yield* allFree(semaphore)
    })
  )

  const ways: Record<
    string,
    (task: Task.Task<void>) => Effect.Effect<unknown, never, TaskGroup.TaskGroup<never>>
  > = {
    "Task.cancel": (task) => Task.cancel(task),
    "Fiber.interrupt": (task) => Fiber.interrupt(task.fiber),
    "TaskGroup.cancel": () => Effect.exit(TaskGroup.cancel())
  }
  for (const [way, cancel] of Object.entries(ways)) {
    it.effect(`${way} takes it out of the line, also in the moment in which it is served`, () =>
      Effect.gen(function* () {
        for (const granted of [false, true]) {
          const { open, semaphore } = yield* shut
          let ran = false
          const exit = yield* Effect.exit(
            TaskGroup.run(
              Effect.gen(function* () {
                const task = yield* TaskGroup.fork(
                  through(
                    semaphore,
                    Effect.sync(() => void (ran = true))
                  )
                )
                if (granted) yield* open
                yield* cancel(task)
                assert.strictEqual(yield* Task.status(task), "cancelled")
              })
            )
          )
          assert.isTrue(Exit.isSuccess(exit) || interrupted(exit))
          assert.isFalse(ran)
          if (!granted) yield* open
          yield* allFree(semaphore)
        }
      })
    )
  }

  // Deep inside of groups fibers take their first step a turn later, and may be interrupted before it.
  const inside = <A>(
    depth: number,
    body: Effect.Effect<A, never, TaskGroup.TaskGroup<never>>
  ): Effect.Effect<A> =>
    depth === 0 ? TaskGroup.run(body) : TaskGroup.run(Effect.suspend(() => inside(depth - 1, body)))

  it("is served or cancelled at whatever depth of groups", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        for (let depth = 58; depth < 72; depth++) {
          for (const granted of [false, true]) {
            const { open, semaphore } = yield* shut
            const log: Array<string> = []
            yield* inside(
              depth,
              Effect.gen(function* () {
                const one = yield* TaskGroup.fork(through(semaphore, note(log)("one")))
                const two = yield* TaskGroup.fork(through(semaphore, note(log)("two")))
                const { fiber } = one
                if (granted) yield* open
                fiber.interruptUnsafe()
                if (!granted) yield* open
                yield* Task.join(two)
                assert.strictEqual(two.fiber, two.fiber)
              })
            )
            assert.deepStrictEqual(log, ["two"])
            yield* allFree(semaphore)
          }
        }
      })
    ))

  it.effect("never runs when its group fails, and the failure is the group's", () =>
    Effect.gen(function* () {
      const { open, semaphore } = yield* shut
      let ran = 0
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.gen(function* () {
            for (let i = 0; i < 100; i++)
              yield* TaskGroup.fork(
                through(
                  semaphore,
                  Effect.sync(() => void ran++)
                )
              )
            yield* TaskGroup.fork(Effect.andThen(settle, Effect.fail("no")))
          })
        )
      )
      assert.deepStrictEqual([exit, ran], [Exit.fail("no"), 0])
      yield* open
      yield* allFree(semaphore)
    })
  )

  it.effect("dies of what is wrong, as a task", () =>
    Effect.gen(function* () {
      const { semaphore } = yield* shut
      for (const permits of [2, -1, 1.5, Number.NaN]) {
        const exit = yield* Effect.exit(
          TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(through(semaphore, Effect.void), { background: true })
              yield* TaskGroup.fork(Semaphore.withPermits(semaphore, permits)(Effect.void))
            })
          )
        )
        assert.match(defect(exit), /^Semaphore\.withPermits: permits must be/)
      }
    })
  )

  it.effect("is told when fewer permits are left than it wants", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(2, { name: "s" })
      yield* Semaphore.take(semaphore, 2)
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.gen(function* () {
            yield* forkNamed("both", Semaphore.withPermits(semaphore, 2)(Effect.void))
            yield* Semaphore.release(semaphore, 1)
            yield* Semaphore.resize(semaphore, 1)
          }),
          { name: "g" }
        )
      )
      assert.strictEqual(defect(exit), "Semaphore.resize: g/both waits for 2 permits of s, which now has 1")
      assert.strictEqual((yield* Semaphore.statistics(semaphore)).waiting.length, 0)
    })
  )

  it.effect("is in the tree with what it waits on, and in deadlocks", () =>
    Effect.gen(function* () {
      const one = yield* Semaphore.make(1, { name: "one" })
      const two = yield* Semaphore.make(1, { name: "two" })
      const fiber = yield* Effect.forkChild(
        TaskGroup.run(
          Effect.gen(function* () {
            const crossed = (first: Semaphore.Semaphore, second: Semaphore.Semaphore) =>
              through(
                first,
                Effect.andThen(
                  settle,
                  TaskGroup.run(forkNamed("inner", through(second, Effect.void)), { name: "nested" })
                )
              )
            yield* forkNamed("a", crossed(one, two))
            yield* forkNamed("b", crossed(two, one))
            yield* forkNamed("third", through(one, Effect.void))
          }),
          { name: "g" }
        )
      )
      yield* settle
      yield* settle
      const snapshot = yield* TaskTree.snapshot
      const third = snapshot.nodes.find((node) => node.name === "third")
      const wait = Option.getOrThrow(third!.waitingOn)
      assert.strictEqual(wait.resource, "one")
      assert.deepStrictEqual((yield* Semaphore.statistics(one)).waiting, ["g/third", "g/b/nested/inner"])
      assert.isAbove(TaskTree.deadlocks(snapshot).length, 0)
      yield* Fiber.interrupt(fiber)
      yield* allFree(one)
      yield* allFree(two)
    })
  )

  it.effect("takes a slot of a limited group while it waits", () =>
    Effect.gen(function* () {
      const { open, semaphore } = yield* shut
      const log: Array<string> = []
      yield* TaskGroup.run(
        Effect.gen(function* () {
          yield* TaskGroup.fork(through(semaphore, note(log)("waiting")))
          assert.isTrue(Option.isNone(yield* TaskGroup.tryFork(Effect.void)))
          yield* open
          yield* TaskGroup.fork(note(log)("next"))
        }),
        { limit: 1 }
      )
      assert.deepStrictEqual(log, ["waiting", "next"])
    })
  )

  it("is so on Effect's own scheduler, too", async () => {
    const [served, exit] = await Effect.runPromise(
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(3)
        let served = 0
        const body = Effect.gen(function* () {
          const tasks: Array<Task.Task<void>> = []
          for (let i = 0; i < 500; i++)
            tasks.push(
              yield* TaskGroup.fork(
                through(
                  semaphore,
                  Effect.andThen(
                    Effect.yieldNow,
                    Effect.sync(() => void served++)
                  )
                )
              )
            )
          for (const task of tasks)
            if (task !== tasks[0] && tasks.indexOf(task) % 5 === 0) yield* Task.cancel(task)
        })
        const exit = yield* Effect.exit(TaskGroup.run(body))
        const { free } = yield* Semaphore.statistics(semaphore)
        assert.strictEqual(free, 3)
        return [served, exit] as const
      })
    )
    assert.isTrue(Exit.isSuccess(exit), Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "")
    assert.isAtLeast(served, 400)
  })
})
