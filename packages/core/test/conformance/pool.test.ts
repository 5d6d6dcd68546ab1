import { assert, describe, it } from "@effect/vitest"
import { Pool, Task, TaskGroup, TaskGroupError } from "@skein/core"
import { Cause, Data, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"

class Failed extends Data.TaggedError("Failed")<{ readonly n: number }> {}

const range = (n: number) => Array.from({ length: n }, (_, i) => i)

/** How many run at once. */
const gauge = () => {
  const state = { now: 0, max: 0, done: 0 }
  const measured = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        state.max = Math.max(state.max, ++state.now)
      }),
      () => Effect.tap(effect, () => Effect.sync(() => state.done++)),
      () => Effect.sync(() => state.now--)
    )
  return { state, measured }
}

const defect = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isFailure(exit) ? String((Cause.squash(exit.cause) as Error).message) : "no failure"

describe("pool", () => {
  it.effect(
    "PL-001: never more than N at once, all complete, and in the end none runs: tasks, and leases",
    () =>
      Effect.gen(function* () {
        const tasks = gauge()
        yield* TaskGroup.run(
          Effect.forEach(range(30), () => TaskGroup.fork(tasks.measured(Effect.yieldNow))),
          { limit: 4 }
        )
        assert.deepStrictEqual(tasks.state, { now: 0, max: 4, done: 30 })

        const leases = gauge()
        yield* Effect.scoped(
          Effect.gen(function* () {
            const pool = yield* Pool.make({
              acquire: Effect.succeed({}),
              min: 0,
              max: 4,
              acquireTimeout: "1 minute"
            })
            yield* TaskGroup.run(
              Effect.forEach(range(30), () =>
                TaskGroup.fork(Pool.use(pool, () => leases.measured(Effect.yieldNow)))
              )
            )
            assert.strictEqual((yield* Pool.statistics(pool)).leased, 0)
          })
        )
        assert.deepStrictEqual(leases.state, { now: 0, max: 4, done: 30 })
      })
  )

  it.effect("PL-002: a limit of zero is a usage error; there is no way to change one later", () =>
    Effect.gen(function* () {
      const group = yield* Effect.exit(Effect.suspend(() => TaskGroup.run(Effect.void, { limit: 0 })))
      assert.match(defect(group), /limit must be an integer.* >= 1, got 0/)
      const pool = yield* Effect.exit(
        Effect.scoped(Pool.make({ acquire: Effect.void, min: 0, max: 0, acquireTimeout: 0 }))
      )
      assert.match(defect(pool), /max must be an integer >= 1, got 0/)
    })
  )

  it.effect("PL-004: collecting: all errors come together, and those that succeeded are not disturbed", () =>
    Effect.gen(function* () {
      const { state, measured } = gauge()
      const error = yield* Effect.flip(
        TaskGroup.collect(
          Effect.forEach(range(6), (n) =>
            TaskGroup.fork(measured(n % 2 === 0 ? Effect.fail(new Failed({ n })) : Effect.yieldNow))
          )
        )
      )
      assert.isTrue(TaskGroupError.isTaskGroupError(error))
      assert.deepStrictEqual(
        error.failures.map((failure) => failure.error.n),
        [0, 2, 4]
      )
      assert.strictEqual(state.done, 3)
    })
  )

  it.effect("PL-005: first error: of several failing in turn the first is what is caught", () =>
    Effect.gen(function* () {
      const failing = (n: number) => Effect.delay(Effect.fail(new Failed({ n })), `${n} seconds`)
      const fiber = yield* Effect.forkChild(
        TaskGroup.run(Effect.forEach([3, 1, 2], (n) => TaskGroup.fork(failing(n)))).pipe(
          Effect.catchTag("Failed", (error) => Effect.succeed(error.n))
        )
      )
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), 1)
    })
  )

  it.effect("PL-006: a failure or a crash cancels the others, which have finished before it is seen", () =>
    Effect.gen(function* () {
      for (const failure of [Effect.fail(new Failed({ n: 1 })), Effect.die(new Error("crash"))]) {
        const log: Array<string> = []
        const slow = Effect.onInterrupt(Effect.never, () =>
          Effect.andThen(
            Effect.yieldNow,
            Effect.sync(() => log.push("cleaned up"))
          )
        )
        const exit = yield* Effect.exit(
          TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(slow)
              yield* TaskGroup.fork(Effect.andThen(Effect.yieldNow, failure))
            })
          )
        )
        assert.deepStrictEqual(log, ["cleaned up"])
        // nobody's cancellation is listed
        assert.isTrue(
          Exit.isFailure(exit) && exit.cause.reasons.length === 1 && !Cause.hasInterrupts(exit.cause)
        )
      }
    })
  )

  it.effect("PL-008: results in the order of submission, those that failed left out or asked for", () =>
    Effect.gen(function* () {
      const work = (n: number) =>
        n === 2 ? Effect.fail(new Failed({ n })) : Effect.delay(Effect.succeed(n), `${10 - n} millis`)
      const fiber = yield* Effect.forkChild(
        TaskGroup.supervise(
          Effect.gen(function* () {
            const tasks = yield* Effect.forEach(range(5), (n) => TaskGroup.fork(work(n)))
            return yield* Effect.forEach(tasks, Task.outcome)
          }),
          { onFailure: () => Effect.void }
        )
      )
      yield* TestClock.adjust("1 second")
      const outcomes = yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        outcomes.filter(Exit.isSuccess).map((exit) => exit.value),
        [0, 1, 3, 4]
      )
      assert.deepStrictEqual(outcomes[2], Exit.fail(new Failed({ n: 2 })))
    })
  )

  it.effect(
    "PL-010: callbacks one at a time in order of submission; one that crashes is seen and blocks nobody",
    () =>
      Effect.gen(function* () {
        const run = (crashAt: number) => {
          const called: Array<number> = []
          const program = TaskGroup.run(
            Effect.gen(function* () {
              const tasks = yield* Effect.forEach(range(6), (n) =>
                TaskGroup.fork(Effect.delay(Effect.succeed(n), `${10 - n} millis`))
              )
              for (const task of tasks) {
                const n = yield* Task.join(task)
                if (n === crashAt) throw new Error(`callback ${n}`)
                called.push(n)
              }
            })
          )
          return Effect.gen(function* () {
            const fiber = yield* Effect.forkChild(Effect.exit(program))
            yield* TestClock.adjust("1 second")
            return [called, yield* Fiber.join(fiber)] as const
          })
        }
        const [all, fine] = yield* run(-1)
        assert.deepStrictEqual([all, fine], [range(6), Exit.void])
        const [some, crashed] = yield* run(3)
        assert.deepStrictEqual([some, defect(crashed)], [range(3), "callback 3"])
      })
  )
})
