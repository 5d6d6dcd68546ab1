import { describe, expect, it } from "@effect/vitest"
import { CancelReason, CancelScope, Hedge, RetryBudget, Task, TaskGroup } from "@skein/core"
import { InterruptSweep } from "@skein/testing"
import { Cause, Clock, Effect, Exit, Fiber, Metric, Option } from "effect"
import type { Duration } from "effect"
import { TestClock } from "effect/testing"

/** Each copy runs the next of these effects; notes starts and ends. */
const copies = <A, E, R>(...effects: ReadonlyArray<Effect.Effect<A, E, R>>) => {
  const log: Array<string> = []
  let count = 0
  const note = (what: string) => Effect.map(Clock.currentTimeMillis, (now) => void log.push(`${now} ${what}`))
  const effect = Effect.suspend(() => {
    const n = ++count
    const how = (exit: Exit.Exit<A, E>) =>
      Exit.isSuccess(exit) ? "succeeded" : Cause.hasInterruptsOnly(exit.cause) ? "interrupted" : "failed"
    return Effect.andThen(note(`${n} starts`), effects[n - 1]!).pipe(
      Effect.onExit((exit) => note(`${n} ${how(exit)}`))
    )
  })
  return { log, effect }
}

const after = <A>(delay: Duration.Input, value: A) => Effect.delay(Effect.succeed(value), delay)
const failAfter = <E>(delay: Duration.Input, error: E) => Effect.delay(Effect.fail(error), delay)

const run = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(
      Effect.flatMap(Effect.exit(effect), (exit) =>
        Effect.map(Clock.currentTimeMillis, (at) => [exit, at] as const)
      )
    )
    yield* TestClock.adjust("1 minute")
    return yield* Fiber.join(fiber)
  })

const hedge = { after: "100 millis", copies: 3 } as const

describe("Hedge", () => {
  describe("run", () => {
    it.effect("makes no copy of a call that is done in time", () =>
      Effect.gen(function* () {
        const call = copies(after("99 millis", "a"))
        expect(yield* run(Hedge.run(call.effect, hedge))).toEqual([Exit.succeed("a"), 99])
        expect(call.log).toEqual(["0 1 starts", "99 1 succeeded"])
      })
    )

    it.effect("a call that is done at once neither suspends nor sets a timer", () =>
      Effect.sync(() => {
        expect(Effect.runSync(Hedge.run(Effect.succeed(1), hedge))).toBe(1)
        expect(Effect.runSync(Effect.exit(Effect.fail("e").pipe(Hedge.run(hedge))))).toEqual(Exit.fail("e"))
      })
    )

    it.effect("the copy that succeeds first wins, the others are cancelled", () =>
      Effect.gen(function* () {
        const call = copies(after("1 second", "a"), after("150 millis", "b"), Effect.never)
        expect(yield* run(Hedge.run(call.effect, hedge))).toEqual([Exit.succeed("b"), 250])
        expect(call.log).toEqual([
          "0 1 starts",
          "100 2 starts",
          "200 3 starts",
          "250 2 succeeded",
          "250 1 interrupted",
          "250 3 interrupted"
        ])
      })
    )

    it.effect("the cleanup of the losers has run when it returns", () =>
      Effect.gen(function* () {
        const slow = Effect.onInterrupt(Effect.never, () => Effect.sleep("3 seconds"))
        const call = copies<string, never, never>(slow, after("50 millis", "b"))
        expect(yield* run(Hedge.run(call.effect, hedge))).toEqual([Exit.succeed("b"), 3_150])
      })
    )

    it.effect("starts no more copies than it is told", () =>
      Effect.gen(function* () {
        const call = copies(after("1 second", "a"), Effect.never)
        expect(yield* run(Hedge.run(call.effect, { ...hedge, copies: 2 }))).toEqual([
          Exit.succeed("a"),
          1_000
        ])
        expect(call.log.filter((line) => line.endsWith("starts")).length).toBe(2)
        const alone = copies(after("1 second", "a"))
        expect((yield* run(Hedge.run(alone.effect, { ...hedge, copies: 1 })))[0]).toEqual(Exit.succeed("a"))
        expect(alone.log.filter((line) => line.endsWith("starts")).length).toBe(1)
      })
    )

    it.effect("after nothing starts all at once, after for ever none", () =>
      Effect.gen(function* () {
        const all = copies(Effect.never, Effect.never, after("10 millis", "c"))
        expect(yield* run(Hedge.run(all.effect, { after: 0, copies: 3 }))).toEqual([Exit.succeed("c"), 10])
        const atOnce = copies<string, never, never>(Effect.never, Effect.succeed("b"))
        expect(Effect.runSyncExit(Hedge.run(atOnce.effect, { after: 0, copies: 2 }))).toEqual(
          Exit.succeed("b")
        )
        const none = copies(after("30 seconds", "a"))
        const [exit] = yield* run(Hedge.run(none.effect, { after: Infinity, copies: 3 }))
        expect(exit).toEqual(Exit.succeed("a"))
      })
    )

    it.effect("dies on numbers that cannot be meant", () =>
      Effect.gen(function* () {
        const message = (options: Hedge.Options) =>
          Effect.map(Effect.exit(Hedge.run(Effect.void, options)), (exit) =>
            Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "ran"
          )
        expect(yield* message({ after: 1, copies: 0 })).toBe(
          "InvalidArgument: Hedge.run: copies must be an integer >= 1, got 0"
        )
        expect(yield* message({ after: -1, copies: 2 })).toBe(
          "InvalidArgument: Hedge.run: after must be a duration >= 0, got -1"
        )
        expect(yield* message({ after: NaN, copies: 2 })).toBe(
          "InvalidArgument: Hedge.run: after must be a duration, got NaN"
        )
      })
    )
  })

  describe("failures", () => {
    it.effect("a failure while no other copy runs is the result, and starts none", () =>
      Effect.gen(function* () {
        const call = copies(failAfter("10 millis", "e1"), after(0, "b"))
        expect(yield* run(Hedge.run(call.effect, hedge))).toEqual([Exit.fail("e1"), 10])
        expect(call.log.length).toBe(2)
      })
    )

    it.effect("a failure leaves the other copies to it", () =>
      Effect.gen(function* () {
        const call = copies<string, string, never>(
          failAfter("150 millis", "e1"),
          after("500 millis", "b"),
          Effect.never
        )
        expect(yield* run(Hedge.run(call.effect, hedge))).toEqual([Exit.succeed("b"), 600])
      })
    )

    it.effect("when all fail, the first failure is the first reason and the others follow", () =>
      Effect.gen(function* () {
        const call = copies(
          failAfter("300 millis", "e1"),
          failAfter("50 millis", "e2"),
          failAfter("1 second", "e3")
        )
        const [exit, at] = yield* run(Hedge.run(call.effect, hedge))
        const errors = Exit.isFailure(exit)
          ? exit.cause.reasons.map((reason) => Cause.isFailReason(reason) && reason.error)
          : []
        expect([errors, at]).toEqual([["e2", "e1", "e3"], 1_200])
      })
    )

    it.effect("a defect ends it at once", () =>
      Effect.gen(function* () {
        const call = copies<string, never, never>(
          Effect.never,
          Effect.delay(Effect.die("bug"), "20 millis"),
          Effect.never
        )
        expect(yield* run(Hedge.run(call.effect, hedge))).toEqual([Exit.die("bug"), 120])
        expect(call.log.at(-1)).toBe("120 1 interrupted")
      })
    )

    it.effect("a defect in a loser's cleanup is not lost", () =>
      Effect.gen(function* () {
        const call = copies<string, never, never>(
          Effect.onInterrupt(Effect.never, () => Effect.die("cleanup")),
          after("20 millis", "b")
        )
        expect((yield* run(Hedge.run(call.effect, hedge)))[0]).toEqual(Exit.die("cleanup"))
      })
    )

    it.effect("a copy that interrupts itself counts as one that failed", () =>
      Effect.gen(function* () {
        const call = copies<string, never, never>(
          Effect.delay(Effect.interrupt, "150 millis"),
          after("100 millis", "b"),
          Effect.never
        )
        expect((yield* run(Hedge.run(call.effect, hedge)))[0]).toEqual(Exit.succeed("b"))
        const both = copies<string, string, never>(
          Effect.delay(Effect.interrupt, "150 millis"),
          failAfter("100 millis", "e")
        )
        expect((yield* run(Hedge.run(both.effect, { ...hedge, copies: 2 })))[0]).toEqual(Exit.fail("e"))
        const [alone] = yield* run(Hedge.run(Effect.interrupt, hedge))
        expect(Exit.hasInterrupts(alone)).toBe(true)
      })
    )
  })

  describe("cancellation", () => {
    it.effect("losers are told why", () =>
      Effect.gen(function* () {
        let seen: Option.Option<CancelReason.CancelReason> = Option.none()
        const slow = Effect.onExit(Effect.never, (exit) =>
          Effect.sync(
            () => (seen = Exit.isFailure(exit) ? CancelReason.fromCause(exit.cause) : Option.none())
          )
        )
        const call = copies<string, never, never>(slow, after("10 millis", "b"))
        yield* run(TaskGroup.run(Hedge.run(call.effect, { ...hedge, name: "search" }), { name: "main" }))
        expect(Option.getOrUndefined(seen)).toMatchObject({
          _tag: "Requested",
          label: 'Hedge.run "search": another copy came first',
          by: "main"
        })
      })
    )

    it.effect("the owner's reason reaches all copies, which have ended when it has", () =>
      Effect.gen(function* () {
        const reasons: Array<string> = []
        const call = copies(
          ...[1, 2, 3].map((n) =>
            Effect.onExit(Effect.never, (exit) =>
              Effect.andThen(
                Effect.sleep(n * 10),
                Effect.sync(() => {
                  if (Exit.isFailure(exit))
                    reasons.push(Option.getOrThrow(CancelReason.fromCause(exit.cause))._tag)
                })
              )
            )
          )
        )
        const [exit, at] = yield* run(CancelScope.moveOnAfter(Hedge.run(call.effect, hedge), "250 millis"))
        expect([exit, at, reasons]).toEqual([
          Exit.succeed(Option.none()),
          280,
          ["Deadline", "Deadline", "Deadline"]
        ])
      })
    )

    it.effect(
      "an owner interrupted by a fiber without a reason: its copies are told OwnerExited, and cleanup's defects stay",
      () =>
        Effect.gen(function* () {
          const reasons: Array<string> = []
          const copy = Effect.onExit(Effect.never, (exit) => {
            if (Exit.isFailure(exit)) reasons.push(Option.getOrThrow(CancelReason.fromCause(exit.cause))._tag)
            return Effect.andThen(
              Effect.sleep("1 second"),
              reasons.length === 2 ? Effect.die("cleanup") : Effect.void
            )
          })
          const fiber = yield* Effect.forkChild(Hedge.run(copy, { ...hedge, copies: 2 }))
          yield* TestClock.adjust("150 millis")
          yield* Effect.forkChild(Fiber.interrupt(fiber))
          yield* TestClock.adjust("1 minute")
          const exit = yield* Fiber.await(fiber)
          expect(reasons).toEqual(["OwnerExited", "OwnerExited"])
          expect(Exit.isFailure(exit) && exit.cause.reasons.map((reason) => reason._tag)).toEqual([
            "Interrupt",
            "Die"
          ])
        })
    )

    it.effect("a fork inside goes to the caller's group", () =>
      Effect.gen(function* () {
        const group = TaskGroup.run(
          Effect.gen(function* () {
            const task = yield* Hedge.run(
              TaskGroup.fork(after("1 second", "child"), { name: "child" }),
              hedge
            )
            return [task.path, yield* Task.join(task)]
          }),
          { name: "main" }
        )
        expect((yield* run(group))[0]).toEqual(Exit.succeed(["main/child", "child"]))
      })
    )

    it.effect("sweep: interrupted anywhere, no copy is left running", () =>
      Effect.gen(function* () {
        const report = yield* InterruptSweep.run({
          setup: Effect.sync(() => ({ running: 0 })),
          subject: (state) =>
            Hedge.run(
              Effect.acquireUseRelease(
                Effect.sync(() => ++state.running),
                (n) => Effect.sleep(n === 2 ? "20 millis" : "1 second"),
                () =>
                  Effect.andThen(
                    Effect.sleep("5 millis"),
                    Effect.sync(() => state.running--)
                  )
              ),
              hedge
            ),
          check: (state) => Effect.sync(() => expect(state.running).toBe(0))
        })
        expect(report.operations).toBeGreaterThan(20)
      })
    )
  })

  describe("budget", () => {
    it.effect("the success of an only copy gives back, too", () =>
      Effect.gen(function* () {
        const budget = yield* RetryBudget.make({ capacity: 2, refillPerSuccess: 0.5 })
        const call = copies(after("1 second", "a"), Effect.never)
        yield* run(Hedge.run(call.effect, { ...hedge, copies: 2, budget }))
        expect(yield* RetryBudget.available(budget)).toBe(1.5)
        expect(yield* Hedge.run(Effect.succeed("a"), { ...hedge, copies: 1, budget })).toBe("a")
        expect(yield* RetryBudget.available(budget)).toBe(2)
      })
    )

    it.effect("each further copy takes a token; without one it is not started", () =>
      Effect.gen(function* () {
        const budget = yield* RetryBudget.make({ capacity: 1, refillPerSuccess: 0.5 })
        const call = copies(after("1 second", "a"), Effect.never, Effect.never)
        expect((yield* run(Hedge.run(call.effect, { ...hedge, budget })))[0]).toEqual(Exit.succeed("a"))
        expect(call.log.filter((line) => line.endsWith("starts"))).toEqual(["0 1 starts", "100 2 starts"])
        expect(yield* RetryBudget.available(budget)).toBe(0.5)
      })
    )

    it.effect("copies and refusals are counted", () =>
      Effect.gen(function* () {
        const budget = yield* RetryBudget.make({ capacity: 1 })
        yield* run(Hedge.run(copies(after("1 second", "a"), Effect.never).effect, { ...hedge, budget }))
        const all = yield* Metric.snapshot
        const count = (id: string) => all.find((metric) => metric.id === id)?.state
        expect(count("skein_hedge_copies")).toMatchObject({ count: 1 })
        expect(count("skein_hedge_refused")).toMatchObject({ count: 1 })
      }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
    )
  })
})
