import { assert, describe, it } from "@effect/vitest"
import { CancelScope, Task, TaskGroup } from "@skein/core"
import { Clock, DateTime, Deferred, Duration, Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"

import { BlockedClock, DbError, ends, inCause, launch } from "../cancellation/fixtures.ts"

const deadlineError = (exit: Exit.Exit<unknown, unknown>) => {
  assert.isTrue(Exit.isFailure(exit))
  const [reason] = (exit as Exit.Failure<unknown, CancelScope.DeadlineExceeded>).cause.reasons
  return reason?._tag === "Fail" ? reason.error.scope : reason?._tag
}

const active = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length

/** Inside of an "outer" and an "inner" limit; says which error was seen where. */
const nested = (outer: Duration.Input, inner: Duration.Input, work: Effect.Effect<unknown> = Effect.never) =>
  Effect.gen(function* () {
    const seen: Array<string> = []
    const note = (where: string) => (exit: Exit.Exit<unknown, unknown>) =>
      Effect.sync(() => {
        seen.push(`${where} ${inCause(exit).join()}`)
      })
    const { at, exit } = yield* ends(
      work.pipe(
        Effect.onExit(note("work")),
        CancelScope.failAfter(inner, { name: "inner" }),
        Effect.onExit(note("inner")),
        CancelScope.failAfter(outer, { name: "outer" })
      )
    )
    return { seen, at, scope: Exit.isFailure(exit) ? deadlineError(exit) : "value" }
  })

describe("timeout", () => {
  // real time: the timers that are counted are the process's own; nothing sleeps.
  it.live("TO-002: a body faster than its timeout leaves no timer; the scope has not expired", () =>
    Effect.gen(function* () {
      // Within the turn: the test runner has timers too.
      const soon = Effect.callback<void>((resume) => queueMicrotask(() => resume(Effect.void)))
      const before = active()
      let kept: CancelScope.CancelScope | undefined
      const outcome = yield* CancelScope.run(
        (scope) => {
          kept = scope
          return Effect.andThen(soon, CancelScope.deadline)
        },
        { timeout: "1 hour" }
      )
      assert.isTrue(outcome._tag === "Completed" && Option.isSome(outcome.value))
      assert.isFalse(yield* CancelScope.isCancelled(kept!))
      yield* CancelScope.failAfter(soon, "1 hour")
      assert.strictEqual(active(), before)
    })
  )

  it.effect("TO-003: an infinite timeout is none", () =>
    Effect.gen(function* () {
      const asked = Effect.andThen(Effect.sleep("50 days"), CancelScope.deadline)
      for (const limited of [
        CancelScope.failAfter(asked, Infinity),
        CancelScope.failAfter(asked, Duration.infinity),
        Effect.map(
          CancelScope.run(() => asked, { timeout: Infinity }),
          (outcome) => (outcome as any).value
        )
      ]) {
        const { exit } = yield* ends(limited, 51 * 24 * 3600)
        assert.deepStrictEqual(exit, Exit.succeed(Option.none()))
      }
    })
  )

  it.effect("TO-004: with no time at all not even a bare yield is let through: nothing is started", () =>
    Effect.gen(function* () {
      let started = false
      const work = Effect.andThen(
        Effect.sync(() => (started = true)),
        Effect.yieldNow
      )
      assert.strictEqual(
        deadlineError(yield* Effect.exit(CancelScope.failAfter(work, 0, { name: "zero" }))),
        "zero"
      )
      assert.isFalse(started)
    })
  )

  it.effect("TO-005: a deadline in the past: the same, and the reason says which deadline", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("10 seconds")
      const past = DateTime.makeUnsafe(4000)
      const outcome = yield* CancelScope.run(() => Effect.yieldNow, { deadline: past })
      assert.isTrue(outcome._tag === "Cancelled" && outcome.reason._tag === "Deadline")
      assert.deepStrictEqual((outcome as any).reason.deadline, past)
    })
  )

  it.effect("TO-006: zero or less around what has not started never starts it", () =>
    Effect.gen(function* () {
      for (const timeout of [0, -1, Duration.zero] as const) {
        const work = Effect.sync(() => assert.fail("started"))
        assert.isTrue(Exit.isFailure(yield* Effect.exit(CancelScope.failAfter(work, timeout))))
        assert.isTrue(Option.isNone(yield* CancelScope.moveOnAfter(work, timeout)))
        assert.strictEqual((yield* CancelScope.run(() => work, { timeout }))._tag, "Cancelled")
      }
    })
  )

  it.effect("TO-007: zero around what is there already gives it", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* CancelScope.failAfter(Effect.succeed(1), 0), 1)
      assert.deepStrictEqual(yield* CancelScope.moveOnAfter(Exit.succeed(1), 0), Option.some(1))
    })
  )

  it.effect("TO-010: a cleanup that fails after the deadline is seen: beside the timeout's error", () =>
    Effect.gen(function* () {
      const { exit } = yield* ends(
        Effect.never.pipe(
          Effect.onExit(() => Effect.fail(new DbError({ code: "x" }))),
          CancelScope.failAfter("1 second")
        )
      )
      assert.deepStrictEqual(inCause(exit), ["Fail DeadlineExceeded", "Fail DbError"])
    })
  )

  it.effect(
    "TO-011: a body that does not let itself be cancelled and returns a value: the timeout is reported",
    () =>
      Effect.gen(function* () {
        const { at, exit } = yield* ends(
          Effect.as(Effect.sleep("3 seconds"), "value").pipe(
            Effect.uninterruptible,
            CancelScope.failAfter("1 second", { name: "limit" })
          )
        )
        assert.strictEqual(deadlineError(exit), "limit")
        assert.strictEqual(at, 3000)
      })
  )

  it.effect(
    "TO-012: cancelled from outside before the deadline: cancelled, not timed out, the scope not expired",
    () =>
      Effect.gen(function* () {
        let kept: CancelScope.CancelScope | undefined
        const fiber = yield* Effect.forkChild(
          CancelScope.run(
            (scope) => {
              kept = scope
              return Effect.never
            },
            { timeout: "5 seconds" }
          ),
          { startImmediately: true }
        )
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(inCause(yield* Fiber.await(fiber)), ["Interrupt ?"])
        assert.isFalse(yield* CancelScope.isCancelled(kept!))
      })
  )

  it.effect(
    "TO-014: of two equal nested timeouts the outer one converts; in between only a cancellation is seen",
    () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* nested("5 seconds", "5 seconds"), {
          seen: ["work Interrupt Deadline", "inner Interrupt Deadline"],
          at: 5000,
          scope: "outer"
        })
      })
  )

  it.effect(
    "TO-015: under a shorter outer timeout the inner block sees a cancellation, never its own timeout",
    () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* nested("3 seconds", "5 seconds"), {
          seen: ["work Interrupt Deadline", "inner Interrupt Deadline"],
          at: 3000,
          scope: "outer"
        })
      })
  )

  it.effect(
    "TO-016: both overrun in a blocked thread: the inner error can be handled, then the outer one stops the rest",
    () =>
      Effect.gen(function* () {
        const clock = new BlockedClock()
        let handled = false
        let after = false
        const fiber = yield* Effect.never.pipe(
          CancelScope.failAfter("2 seconds", { name: "inner" }),
          Effect.catchTag("DeadlineExceeded", () => Effect.sync(() => (handled = true))),
          Effect.andThen(Effect.yieldNow),
          Effect.andThen(Effect.sync(() => (after = true))),
          CancelScope.failAfter("5 seconds", { name: "outer" }),
          Effect.provideService(Clock.Clock, clock),
          (program) => Effect.forkChild(program, { startImmediately: true })
        )
        clock.late(10_000)
        clock.catchUp()
        assert.strictEqual(deadlineError(yield* Fiber.await(fiber)), "outer")
        assert.isTrue(handled)
        assert.isFalse(after)
      })
  )

  it.effect("TO-017: moveOnAfter does not take an inner timeout's error for its own", () =>
    Effect.gen(function* () {
      const { exit } = yield* ends(
        Effect.never.pipe(
          CancelScope.failAfter("1 second", { name: "inner" }),
          CancelScope.moveOnAfter("5 seconds", { name: "outer" })
        )
      )
      assert.strictEqual(deadlineError(exit), "inner")
    })
  )

  it.effect("TO-018: moved later, earlier, to none and into the past, the new deadline rules", () =>
    Effect.gen(function* () {
      const whens: ReadonlyArray<readonly [CancelScope.When, number]> = [
        [{ timeout: "9 seconds" }, 10_000],
        [{ timeout: "1 second" }, 2000],
        [{ timeout: Infinity }, 30_000],
        [{ timeout: -1 }, 1000]
      ]
      for (const [when, expected] of whens) {
        const from = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
        const { at } = yield* ends(
          CancelScope.run(
            (scope) =>
              Effect.gen(function* () {
                yield* Effect.sleep("1 second")
                yield* CancelScope.reschedule(scope, when)
                yield* Effect.sleep("29 seconds")
              }),
            { timeout: "5 seconds" }
          )
        )
        assert.strictEqual(at - from, expected)
      }
    })
  )

  it.effect("TO-020: cleanup after the outer timeout may use a timeout of its own, which works", () =>
    Effect.gen(function* () {
      let inner: unknown
      const { at, exit } = yield* ends(
        Effect.never.pipe(
          Effect.ensuring(
            Effect.map(
              Effect.exit(CancelScope.failAfter(Effect.never, "1 second", { name: "cleanup" })),
              (exit) => (inner = deadlineError(exit))
            )
          ),
          CancelScope.failAfter("5 seconds", { name: "outer" })
        )
      )
      assert.deepStrictEqual([inner, deadlineError(exit), at], ["cleanup", "outer", 6000])
    })
  )

  it.effect("TO-021: so may what survived a cancellation; cancelled again inside it is cancelled", () =>
    Effect.gen(function* () {
      const clean = CancelScope.failAfter(Effect.never, "1 second", { name: "clean" })
      const survivor = Effect.andThen(CancelScope.moveOnAfter(Effect.never, "1 second"), clean)
      assert.strictEqual(deadlineError((yield* ends(survivor)).exit), "clean")
      const fiber = yield* Effect.forkChild(survivor, { startImmediately: true })
      yield* TestClock.adjust("1500 millis")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(inCause(yield* Fiber.await(fiber)), ["Interrupt ?"])
    })
  )

  it.effect("TO-022: a child that crashes while the timeout cancels its group is in the Cause", () =>
    Effect.gen(function* () {
      const { exit } = yield* ends(
        TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(Effect.onExit(Effect.never, () => Effect.fail(new DbError({ code: "x" }))))
            return yield* Effect.never
          })
        ).pipe(CancelScope.failAfter("1 second"))
      )
      assert.deepStrictEqual(inCause(exit), ["Fail DeadlineExceeded", "Fail DbError"])
    })
  )

  it.effect("TO-023: around a group with healthy children it is one timeout error and nothing else", () =>
    Effect.gen(function* () {
      const { exit } = yield* ends(
        TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(Effect.never)
            yield* TaskGroup.fork(TaskGroup.run(Effect.andThen(TaskGroup.fork(Effect.never), Effect.never)))
            return yield* Effect.never
          })
        ).pipe(CancelScope.failAfter("1 second"))
      )
      assert.deepStrictEqual(inCause(exit), ["Fail DeadlineExceeded"])
    })
  )

  it.effect("TO-024: the error comes when the slow cleanup is over", () =>
    Effect.gen(function* () {
      const { at } = yield* ends(
        Effect.never.pipe(Effect.ensuring(Effect.sleep("3 seconds")), CancelScope.failAfter("1 second"))
      )
      assert.strictEqual(at, 4000)
    })
  )

  it.effect(
    "TO-025: completed by a callback right after the wait began: the value, no spurious timeout",
    () =>
      Effect.gen(function* () {
        const later = Effect.callback<string>((resume) =>
          queueMicrotask(() => resume(Effect.succeed("value")))
        )
        for (let i = 0; i < 100; i++)
          assert.strictEqual(yield* CancelScope.failAfter(later, "1 milli"), "value")
      })
  )

  it.effect(
    "TO-026: the work completes and its owner is cancelled in the same turn: cancelled, the result is still there",
    () =>
      Effect.gen(function* () {
        const go = yield* Deferred.make<string>()
        let wentOn = false
        const result = yield* TaskGroup.run(
          Effect.gen(function* () {
            const inner = yield* TaskGroup.fork(Deferred.await(go))
            const owner = yield* TaskGroup.fork(
              Effect.andThen(
                CancelScope.failAfter(Task.join(inner), "5 seconds"),
                Effect.sync(() => (wentOn = true))
              )
            )
            yield* Effect.yieldNow
            owner.fiber.interruptUnsafe()
            yield* Deferred.succeed(go, "result")
            return [yield* Task.join(inner), (yield* Task.outcome(owner))._tag]
          })
        )
        assert.deepStrictEqual(result, ["result", "Failure"])
        assert.isFalse(wentOn)
      })
  )

  it.effect(
    "TO-027: cancelled from outside, the work is cancelled too and awaited, also where it resists for a while",
    () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(
          Effect.sleep("3 seconds").pipe(Effect.uninterruptible, CancelScope.failAfter("5 seconds")),
          { startImmediately: true }
        )
        yield* TestClock.adjust("1 second")
        yield* launch(Fiber.interrupt(fiber))
        yield* TestClock.adjust("1 second")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(inCause(fiber.pollUnsafe()!), ["Interrupt ?"])
      })
  )

  it.effect("TO-028: a wait that times out leaves the task that it waited for running", () =>
    Effect.gen(function* () {
      const { exit } = yield* ends(
        TaskGroup.run(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(Effect.as(Effect.sleep("5 seconds"), "result"))
            const waited = yield* CancelScope.moveOnAfter(Task.join(task), "1 second")
            const atOnce = yield* CancelScope.moveOnAfter(Task.join(task), 0)
            return [waited, atOnce, yield* Task.join(task)]
          })
        )
      )
      assert.deepStrictEqual(exit, Exit.succeed([Option.none(), Option.none(), "result"]))
    })
  )

  it.effect("TO-029: cancelled by hand before its deadline, a scope ends without a timeout", () =>
    Effect.gen(function* () {
      const outcome = yield* CancelScope.run(
        (scope) => Effect.andThen(CancelScope.cancel(scope, "enough"), Effect.never),
        { timeout: "5 seconds" }
      )
      assert.isTrue(outcome._tag === "Cancelled" && outcome.reason._tag === "Requested")
    })
  )

  it.effect(
    "TO-031: the effective deadline is the earliest up to the nearest shield; none once cancelled",
    () =>
      Effect.gen(function* () {
        const at = Effect.map(CancelScope.deadline, Option.map(DateTime.toEpochMillis))
        const seen: Array<unknown> = []
        const note = Effect.map(at, (at) => seen.push(Option.getOrUndefined(at)))
        yield* ends(
          Effect.gen(function* () {
            yield* note
            yield* CancelScope.failAfter(note, "9 seconds")
            yield* CancelScope.failAfter(note, "3 seconds")
            yield* note.pipe(CancelScope.failAfter("8 seconds"), CancelScope.shield({ atMost: "6 seconds" }))
            yield* note.pipe(CancelScope.failAfter("2 seconds"), CancelScope.shield({ atMost: "6 seconds" }))
            return yield* Effect.never
          }).pipe(Effect.ensuring(note), CancelScope.moveOnAfter("5 seconds"))
        )
        assert.deepStrictEqual(seen, [5000, 5000, 3000, 6000, 2000, undefined])
      })
  )

  it.effect("TO-033: a timeout made early counts from when it is entered", () =>
    Effect.gen(function* () {
      const made = [
        CancelScope.failAfter(Effect.never, "5 seconds"),
        CancelScope.run(() => Effect.never, { timeout: "5 seconds" })
      ]
      yield* TestClock.adjust("1 hour")
      for (const effect of made) {
        const from = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
        assert.strictEqual((yield* ends(effect as Effect.Effect<unknown>, 5)).at - from, 5000)
      }
    })
  )

  it.effect("TO-034: what is no duration is refused; a deadline in the past is legal", () =>
    Effect.gen(function* () {
      const refused = [
        CancelScope.failAfter(Effect.void, NaN),
        CancelScope.moveOnAfter(Effect.void, NaN),
        CancelScope.run(() => Effect.void, { timeout: NaN }),
        CancelScope.shield(Effect.void, { atMost: NaN }),
        CancelScope.withHeader(Effect.void, undefined, { atMost: NaN })
      ]
      for (const effect of refused) {
        assert.match(
          inCause(yield* Effect.exit(effect as Effect.Effect<unknown>))[0]!,
          /^Die CancelScope.\w+: \w+ must be a duration, got NaN$/
        )
      }
      const past = yield* CancelScope.run(() => Effect.void, { deadline: DateTime.makeUnsafe(-1) })
      assert.strictEqual(past._tag, "Cancelled")
    })
  )

  it.effect(
    "TO-036: of a body that only yields briefly, the first yield after the deadline is cancelled",
    () =>
      Effect.gen(function* () {
        let turns = 0
        let atDeadline = NaN
        const fiber = yield* launch(
          Effect.forever(
            Effect.andThen(
              Effect.sync(() => turns++),
              Effect.yieldNow
            )
          ).pipe(
            Effect.onExit(() => Effect.sync(() => (atDeadline = turns))),
            CancelScope.moveOnAfter("5 seconds")
          )
        )
        yield* TestClock.adjust("4 seconds")
        const before = turns
        yield* TestClock.adjust("1 hour")
        yield* Fiber.join(fiber)
        assert.isAbove(before, 1)
        assert.strictEqual(turns, atDeadline)
        assert.isBelow(turns - before, 20)
      })
  )
})
