import { assert, describe } from "@effect/vitest"
import { Explore } from "@skein/testing"
import { it } from "@skein/testing/vitest"
import { Deferred, Effect, Exit } from "effect"

import { Gather, Task, TaskGroup, TaskGroupError } from "../../src/index.ts"

const options = { schedules: 250, interrupts: true } as const

/** A task that suspends on its way in and out, and a count of those that are open. */
const counted = () => {
  const state = { open: 0 }
  const work = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.andThen(
        Effect.yieldNow,
        Effect.sync(() => state.open++)
      ),
      () => effect,
      () =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => state.open--)
        )
    )
  return { state, work }
}

describe("TaskGroup, under many schedules and interruptions:", () => {
  it.explore(
    "run returns only when every task has exited, and loses no failure",
    () =>
      Effect.gen(function* () {
        const { state, work } = counted()
        const exit = yield* Effect.exit(
          TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(work(Effect.yieldNow))
              yield* TaskGroup.fork(work(Effect.andThen(Effect.yieldNow, Effect.fail("no"))))
              yield* Effect.yieldNow
            })
          )
        )
        assert.strictEqual(state.open, 0)
        assert.deepStrictEqual(exit, Exit.fail("no"))
      }),
    options
  )

  it.explore(
    "a limit is never exceeded and every fork is served",
    () =>
      Effect.gen(function* () {
        const { state, work } = counted()
        let ran = 0
        yield* Explore.always(() => state.open <= 2)
        yield* TaskGroup.run(
          Effect.gen(function* () {
            for (let i = 0; i < 4; i++) {
              yield* TaskGroup.fork(
                work(
                  Effect.sync(() => {
                    ran++
                  })
                )
              )
            }
          }),
          { limit: 2 }
        )
        assert.deepStrictEqual([ran, state.open], [4, 0])
      }),
    options
  )

  it.explore(
    "joining a sibling that the group cancels never hides the failure",
    () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          TaskGroup.run(
            Effect.gen(function* () {
              const sibling = yield* TaskGroup.fork(Effect.never)
              yield* TaskGroup.fork(Task.join(sibling))
              yield* TaskGroup.fork(Effect.andThen(Effect.yieldNow, Effect.fail("real")))
              yield* Task.join(sibling)
            })
          )
        )
        assert.deepStrictEqual(exit, Exit.fail("real"))
      }),
    options
  )

  it.explore(
    "start hands its task to the group or takes it along, never neither",
    () =>
      Effect.gen(function* () {
        const { state, work } = counted()
        yield* TaskGroup.run(
          Effect.gen(function* () {
            const caller = yield* TaskGroup.fork(
              TaskGroup.start((started) => work(Effect.andThen(Effect.yieldNow, started("ready"))))
            )
            yield* Effect.yieldNow
            yield* Task.cancel(caller)
          })
        )
        assert.strictEqual(state.open, 0)
      }),
    options
  )

  it.explore(
    "collect lists each failure once",
    () =>
      Effect.gen(function* () {
        const failing = (name: string) => TaskGroup.fork(Effect.andThen(Effect.yieldNow, Effect.fail(name)))
        const error = yield* Effect.flip(
          TaskGroup.collect(Effect.andThen(failing("a"), Effect.andThen(failing("b"), Effect.yieldNow)))
        )
        assert.instanceOf(error, TaskGroupError.TaskGroupError)
        assert.deepStrictEqual(error.failures.map((failure) => failure.error).sort(), ["a", "b"])
      }),
    options
  )

  it.explore(
    "cancel, beside tasks that end by themselves, leaves nothing and lets the group go on",
    () =>
      Effect.gen(function* () {
        const { state, work } = counted()
        yield* TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(work(Effect.yieldNow))
            yield* TaskGroup.fork(work(Effect.never))
            yield* TaskGroup.cancel()
            assert.deepStrictEqual([state.open, yield* TaskGroup.size()], [0, 0])
            const after = yield* TaskGroup.fork(Effect.succeed("after"))
            assert.strictEqual(yield* Task.join(after), "after")
          })
        )
      }),
    options
  )

  it.explore(
    "a forkIn from outside, against the end of the group, runs or is refused",
    () =>
      Effect.gen(function* () {
        const { state, work } = counted()
        const handed = yield* Deferred.make<TaskGroup.TaskGroup<never>>()
        let ran = 0
        const outside = yield* Effect.forkChild(
          Effect.flatMap(Deferred.await(handed), (group) =>
            Effect.exit(TaskGroup.forkIn(group, work(Effect.sync(() => ran++))))
          )
        )
        yield* TaskGroup.run(
          Effect.gen(function* () {
            yield* Deferred.succeed(handed, yield* TaskGroup.current())
            yield* TaskGroup.fork(Effect.yieldNow)
          }),
          { limit: 1 }
        )
        assert.strictEqual(state.open, 0)
        const before = ran
        yield* Effect.yieldNow
        assert.strictEqual(ran, before)
        yield* Effect.exit(
          Effect.andThen(
            Effect.yieldNow,
            Effect.sync(() => outside.pollUnsafe())
          )
        )
      }),
    { schedules: 250 }
  )
})

describe("Gather, under many schedules and interruptions:", () => {
  it.explore(
    "the losers of a race have exited when the winner is seen",
    () =>
      Effect.gen(function* () {
        const { state, work } = counted()
        const value = yield* Gather.firstSuccess([
          work(Effect.andThen(Effect.yieldNow, Effect.fail("a"))),
          work(Effect.as(Effect.yieldNow, "b")),
          work(Effect.never)
        ])
        assert.deepStrictEqual([value, state.open], ["b", 0])
      }),
    options
  )

  it.explore(
    "all fails with the first failure and leaves nothing",
    () =>
      Effect.gen(function* () {
        const { state, work } = counted()
        const exit = yield* Effect.exit(
          Gather.all([work(Effect.yieldNow), work(Effect.fail("no")), work(Effect.never)], { concurrency: 2 })
        )
        assert.deepStrictEqual([exit, state.open], [Exit.fail("no"), 0])
      }),
    options
  )
})
