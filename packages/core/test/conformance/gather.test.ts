import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Stream } from "effect"
import { TestClock } from "effect/testing"

import { CancelScope, Gather, Task, TaskGroup } from "../../src/index.ts"
import { diesOf, failsOf, interrupted, isOnlyInterrupted, journal, settle } from "../tasks/fixtures.ts"

const after =
  (millis: number) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.andThen(Effect.sleep(millis), effect)

const ticking = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    for (let i = 0; i < 100 && fiber.pollUnsafe() === undefined; i++) yield* TestClock.adjust(10)
    return yield* Fiber.await(fiber)
  })

describe("gather", () => {
  it.effect("GA-001: results come in argument order, whatever the order of completion", () =>
    Effect.map(ticking(Gather.all([after(30)(Effect.succeed(1)), after(10)(Effect.succeed(2))])), (exit) =>
      assert.deepStrictEqual(exit, Exit.succeed([1, 2]))
    )
  )

  it.effect("GA-002: an empty list gives an empty result at once and calls nothing", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Gather.all([]), [])
      assert.deepStrictEqual(yield* Gather.settled([]), [])
      assert.deepStrictEqual(yield* Gather.map([], () => Effect.die("called")), [])
      assert.deepStrictEqual(yield* Task.wait([], { until: "all-completed" }), { done: [], pending: [] })
    })
  )

  it.effect("GA-003: the first failure is the error; what others do afterwards does not change it", () =>
    Effect.map(
      ticking(Gather.all([after(10)(Effect.fail("first")), after(20)(Effect.fail("second"))])),
      (exit) => assert.deepStrictEqual(exit, Exit.fail("first"))
    )
  )

  it.effect(
    "GA-004: the others are gone by the time the error is seen, and those not started never start",
    () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        const running = Effect.onInterrupt(Effect.never, () => Effect.andThen(settle, write("gone")))
        yield* Effect.exit(
          Gather.all([running, Effect.andThen(settle, Effect.fail("no")), write("started")], {
            concurrency: 2
          })
        )
        yield* write("seen")
        assert.deepStrictEqual(lines, ["gone", "seen"])
      })
  )

  it.effect("GA-005: errors are values in their slots where all outcomes are wanted", () =>
    Effect.map(Gather.settled([Effect.succeed(1), Effect.fail("e"), Effect.die("d")]), (exits) =>
      assert.deepStrictEqual(exits, [Exit.succeed(1), Exit.fail("e"), Exit.die("d")])
    )
  )

  it.effect("GA-009: cancelling a gather cancels every child", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      const child = (name: string) => Effect.onInterrupt(Effect.never, () => write(name))
      const exit = yield* interrupted(Gather.all([child("a"), child("b")]))
      assert.deepStrictEqual([isOnlyInterrupted(exit), lines], [true, ["a", "b"]])
    })
  )

  it.effect(
    "GA-010: an owner interrupted as its children have all finished is interrupted and leaks nothing",
    () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        const fiber = yield* Effect.forkChild(
          Effect.andThen(
            Gather.all([
              Effect.withFiber((child) =>
                Effect.sync(() => child.addObserver(() => fiber.interruptUnsafe())).pipe(
                  Effect.andThen(Effect.yieldNow)
                )
              )
            ]),
            Effect.andThen(Effect.yieldNow, write("went on"))
          )
        )
        const exit = yield* Fiber.await(fiber)
        assert.deepStrictEqual([isOnlyInterrupted(exit), lines], [true, []])
      })
  )

  it.effect("GA-012: shielded work goes on to its end though the gather is cancelled", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      yield* interrupted(
        Gather.all([
          CancelScope.shield(Effect.andThen(settle, Effect.andThen(settle, write("done"))), {
            atMost: "1 second"
          })
        ])
      )
      assert.deepStrictEqual(lines, ["done"])
    })
  )

  it.effect("GA-013: awaiting all handles fails at once with a later one and cancels no handle", () =>
    Effect.gen(function* () {
      const [exit, status] = yield* TaskGroup.supervise(
        Effect.gen(function* () {
          const hanging = yield* TaskGroup.fork(Effect.never, { background: true })
          const failing = yield* TaskGroup.fork(Effect.andThen(settle, Effect.fail("later")))
          const exit = yield* Effect.exit(Gather.all([Task.join(hanging), Task.join(failing)]))
          return [exit, yield* Task.status(hanging)] as const
        }),
        { onFailure: () => Effect.void }
      )
      assert.deepStrictEqual([exit, status], [Exit.fail("later"), "running"])
    })
  )

  it.effect("GA-015: mapping with exits processes every item and keeps the values beside the errors", () =>
    Effect.map(
      Gather.map([1, 2, 3], (n) => Effect.exit(n === 2 ? Effect.fail("two") : Effect.succeed(n))),
      (exits) => assert.deepStrictEqual(exits, [Exit.succeed(1), Exit.fail("two"), Exit.succeed(3)])
    )
  )

  it.effect("GA-016: in a first-settled race the losers are gone before the outcome is seen", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      const loser = Effect.onInterrupt(Effect.never, () => Effect.andThen(settle, write("loser gone")))
      const exit = yield* Effect.exit(Gather.race([loser, Effect.andThen(settle, Effect.fail("first"))]))
      yield* write("seen")
      assert.deepStrictEqual([exit, lines], [Exit.fail("first"), ["loser gone", "seen"]])
    })
  )

  it.effect("GA-018: in a first-success race a later success wins over an earlier failure", () =>
    Effect.map(
      ticking(Gather.firstSuccess([Effect.fail("early"), after(10)(Effect.succeed("late"))])),
      (exit) => assert.deepStrictEqual(exit, Exit.succeed("late"))
    )
  )

  it.effect("GA-019: when all fail, the first failure is primary and the others follow", () =>
    Effect.map(
      ticking(Gather.firstSuccess([after(20)(Effect.fail("b")), after(10)(Effect.fail("a"))])),
      (exit) => assert.deepStrictEqual(failsOf(exit), ["a", "b"])
    )
  )

  it.effect("GA-021: a race over no contestants is an explicit error", () =>
    Effect.gen(function* () {
      for (const race of [Gather.race([]), Gather.firstSuccess([]), Gather.quorum([], 1)]) {
        assert.match(
          String(diesOf(yield* Effect.exit(race as Effect.Effect<unknown>))[0]),
          /at least one effect, got none/
        )
      }
    })
  )

  it.effect("GA-022: undefined and null are winners like any other value", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* Gather.firstSuccess([Effect.fail("e"), Effect.succeed(undefined)]))
      assert.isNull(yield* Gather.firstSuccess([Effect.fail("e"), Effect.succeed(null)]))
      assert.deepStrictEqual(
        yield* Gather.firstMatching([Effect.succeed(null)], () => true),
        Option.some(null)
      )
    })
  )
})

describe("wait", () => {
  const failing = Effect.andThen(settle, Effect.fail("e"))
  const supervised = <A, E, R>(body: Effect.Effect<A, E, R>) =>
    TaskGroup.supervise(body, { onFailure: () => Effect.void })

  it.effect("WA-001: waiting for all raises nothing for failed tasks, and is instant when all is done", () =>
    supervised(
      Effect.gen(function* () {
        const tasks = [yield* TaskGroup.fork(Effect.succeed(1)), yield* TaskGroup.fork(failing)]
        assert.deepStrictEqual(yield* Task.wait(tasks, { until: "all-completed" }), {
          done: tasks,
          pending: []
        })
        assert.deepStrictEqual(yield* Task.wait(tasks, { until: "all-completed" }), {
          done: tasks,
          pending: []
        })
      })
    )
  )

  it.effect("WA-003: the done ones are all that are done when the call returns", () =>
    supervised(
      Effect.gen(function* () {
        const tasks = [
          yield* TaskGroup.fork(settle),
          yield* TaskGroup.fork(settle),
          yield* TaskGroup.fork(Effect.never, { background: true })
        ]
        const { done, pending } = yield* Task.wait(tasks, { until: "first-completed" })
        for (const task of done) assert.strictEqual(yield* Task.status(task), "succeeded")
        assert.deepStrictEqual(done.length + pending.length, 3)
        assert.include(pending, tasks[2])
      })
    )
  )

  it.effect("WA-004: waiting for the first failure returns at it, or when all are done", () =>
    supervised(
      Effect.gen(function* () {
        const hanging = yield* TaskGroup.fork(Effect.never, { background: true })
        const bad = yield* TaskGroup.fork(failing)
        const first = yield* Task.wait([hanging, bad], { until: "first-failed" })
        assert.deepStrictEqual(first, { done: [bad], pending: [hanging] })
        const good = yield* TaskGroup.fork(settle)
        assert.deepStrictEqual(yield* Task.wait([good], { until: "first-failed" }), {
          done: [good],
          pending: []
        })
      })
    )
  )

  it.effect("WA-005: a timeout gives the state of things, raises nothing and cancels nothing", () =>
    supervised(
      Effect.gen(function* () {
        const task = yield* TaskGroup.fork(Effect.never, { background: true })
        const exit = yield* ticking(Task.wait([task], { until: "all-completed", timeout: "50 millis" }))
        assert.deepStrictEqual(exit, Exit.succeed({ done: [], pending: [task] }))
        assert.strictEqual(yield* Task.status(task), "running")
      })
    )
  )

  it.effect("WA-006: cancelling the wait leaves the tasks running", () =>
    supervised(
      Effect.gen(function* () {
        const task = yield* TaskGroup.fork(Effect.never, { background: true })
        yield* interrupted(Task.wait([task], { until: "all-completed" }))
        assert.strictEqual(yield* Task.status(task), "running")
      })
    )
  )

  it.effect("WA-007: no tasks, and an unknown mode, are argument errors", () =>
    Effect.gen(function* () {
      const none = yield* Effect.exit(Task.wait([], { until: "first-completed" }))
      assert.match(String(diesOf(none)[0]), /Task\.wait: there is no first of no tasks/)
      const mode = yield* Effect.exit(Task.wait([], { until: "sometime" as never }))
      assert.match(String(diesOf(mode)[0]), /until must be one of .*, got "sometime"/)
    })
  )

  it.effect("WA-008: duplicates collapse and an iterable is read once", () =>
    supervised(
      Effect.gen(function* () {
        const task = yield* TaskGroup.fork(settle)
        let reads = 0
        const once = (function* () {
          reads++
          yield task
          yield task
        })()
        assert.deepStrictEqual(yield* Task.wait(once, { until: "all-completed" }), {
          done: [task],
          pending: []
        })
        assert.strictEqual(reads, 1)
      })
    )
  )

  it.effect("WA-010: a total timeout over as-completed keeps what was delivered", () =>
    Effect.gen(function* () {
      const seen: Array<number> = []
      const exit = yield* ticking(
        Stream.runForEach(Gather.asCompleted([Effect.succeed(1), Effect.never]), (n) =>
          Effect.sync(() => seen.push(n))
        ).pipe(CancelScope.failAfter("50 millis"))
      )
      assert.deepStrictEqual(
        [seen, (failsOf(exit)[0] as CancelScope.DeadlineExceeded)._tag],
        [[1], "DeadlineExceeded"]
      )
    })
  )

  it.effect("WA-012: several pulls are satisfied in order of completion", () =>
    Effect.map(
      ticking(
        Stream.runCollect(
          Gather.asCompleted([
            after(30)(Effect.succeed("c")),
            after(10)(Effect.succeed("a")),
            after(20)(Effect.succeed("b"))
          ])
        )
      ),
      (exit) => assert.deepStrictEqual(exit, Exit.succeed(["a", "b", "c"]))
    )
  )

  it.effect(
    "WA-013: leaving as-completed early cancels the rest; no inputs, and a failing task, fail it",
    () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        const rest = Effect.onInterrupt(Effect.never, () => write("cancelled"))
        yield* Stream.runHead(Gather.asCompleted([Effect.succeed(1), rest]))
        assert.deepStrictEqual(lines, ["cancelled"])
        const none = yield* Effect.exit(Stream.runDrain(Gather.asCompleted([])))
        assert.match(String(diesOf(none)[0]), /at least one effect/)
        assert.deepStrictEqual(
          yield* Effect.exit(Stream.runDrain(Gather.asCompleted([Effect.fail("e")]))),
          Exit.fail("e")
        )
      })
  )
})
