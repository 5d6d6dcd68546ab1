import { describe, expect, it } from "@effect/vitest"
import { Retry, RetryBudget } from "@skein/core"
import { InterruptSweep } from "@skein/testing"
import { Cause, Clock, Effect, Exit, Fiber, Random } from "effect"
import { TestClock } from "effect/testing"

import { always, failing, HttpError, times } from "./fixtures.ts"

const http = new HttpError({ status: 503 })
const plain = { tags: ["HttpError"], jitter: "none" } as const

describe("RetryBudget", () => {
  describe("make", () => {
    it.effect("starts full and dies on numbers that cannot be meant", () =>
      Effect.gen(function* () {
        expect(yield* RetryBudget.available(yield* RetryBudget.make({ capacity: 7 }))).toBe(7)
        const message = (options: RetryBudget.Options) =>
          Effect.map(Effect.exit(RetryBudget.make(options)), (exit) =>
            Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "made"
          )
        expect(yield* message({ capacity: -1 })).toBe(
          "InvalidArgument: RetryBudget.make: capacity must be an integer >= 0, got -1"
        )
        expect(yield* message({ capacity: 1, refillPerSuccess: -0.1 })).toBe(
          "InvalidArgument: RetryBudget.make: refillPerSuccess must be a finite number >= 0, got -0.1"
        )
        expect(yield* message({ capacity: 1, refillPerSecond: NaN })).toBe(
          "InvalidArgument: RetryBudget.make: refillPerSecond must be a finite number >= 0, got NaN"
        )
        expect(yield* message({ capacity: 0 })).toBe("made")
      })
    )
  })

  describe("in Retry.run", () => {
    it.effect("each retry costs a token, the first attempt none", () =>
      Effect.gen(function* () {
        const budget = yield* RetryBudget.make({ capacity: 5 })
        const op = failing(times(2, http))
        const fiber = yield* Effect.forkChild(Retry.run(op.effect, { ...plain, budget }))
        yield* TestClock.adjust("1 minute")
        expect(yield* Fiber.join(fiber)).toBe(3)
        expect(yield* RetryBudget.available(budget)).toBe(3)
      })
    )

    it.effect("empty, stops all callers at once with their last error", () =>
      Effect.gen(function* () {
        const budget = yield* RetryBudget.make({ capacity: 3 })
        const ops = Array.from({ length: 5 }, () => failing(always(http)))
        const fibers = yield* Effect.forEach(ops, (op) =>
          Effect.forkChild(Retry.run(op.effect, { ...plain, budget }))
        )
        yield* TestClock.adjust("1 minute")
        const exits = yield* Effect.forEach(fibers, Fiber.await)
        expect(exits.every((exit) => Exit.isFailure(exit) && Cause.squash(exit.cause) === http)).toBe(true)
        expect(ops.map((op) => op.times.length)).toEqual([2, 2, 2, 1, 1])
      })
    )

    it.effect("a success gives back a part of a token, never beyond the capacity", () =>
      Effect.gen(function* () {
        const budget = yield* RetryBudget.make({ capacity: 2, refillPerSuccess: 0.1 })
        yield* Effect.forkChild(Retry.run(failing(always(http)).effect, { ...plain, budget }))
        yield* TestClock.adjust("1 minute")
        expect(yield* RetryBudget.available(budget)).toBe(0)
        const succeeds = Retry.run(Effect.succeed(1), { while: () => true, budget })
        for (let i = 0; i < 9; i++) yield* succeeds
        expect(
          yield* Effect.exit(Retry.run(Effect.fail(http), { ...plain, budget, initial: 0 }))
        ).toMatchObject({
          _tag: "Failure"
        })
        expect(yield* RetryBudget.available(budget)).toBeCloseTo(0.9)
        yield* succeeds
        // Ten tenths make one token, whatever binary fractions say.
        const op = failing(times(1, http))
        expect(yield* Retry.run(op.effect, { ...plain, budget, initial: 0 })).toBe(2)
        for (let i = 0; i < 30; i++) yield* succeeds
        expect(yield* RetryBudget.available(budget)).toBe(2)
      })
    )

    it.effect("time gives back on the Clock, never beyond the capacity", () =>
      Effect.gen(function* () {
        const budget = yield* RetryBudget.make({ capacity: 4, refillPerSecond: 2 })
        yield* Effect.forkChild(Retry.run(failing(always(http)).effect, { ...plain, initial: 0, budget }))
        yield* TestClock.adjust(0)
        expect(yield* RetryBudget.available(budget)).toBe(0)
        yield* TestClock.adjust("750 millis")
        expect(yield* RetryBudget.available(budget)).toBe(1.5)
        yield* TestClock.adjust("1 hour")
        expect(yield* RetryBudget.available(budget)).toBe(4)
      })
    )

    it.effect("cost says what a retry takes: nothing for some errors, more for others", () =>
      Effect.gen(function* () {
        const budget = yield* RetryBudget.make({ capacity: 5 })
        const busy = new HttpError({ status: 429 })
        const op = failing([busy, busy, http, busy])
        const cost = (error: HttpError) => (error.status === 429 ? 0 : 3)
        yield* Retry.run(op.effect, { ...plain, budget, cost, initial: 0 })
        expect(yield* RetryBudget.available(budget)).toBe(2)
        const wrong = yield* Effect.exit(
          Retry.run(Effect.fail(http), { ...plain, budget, cost: () => -1, initial: 0 })
        )
        expect(Exit.isFailure(wrong) ? String(Cause.squash(wrong.cause)) : "").toBe(
          "InvalidArgument: Retry.run: the result of cost must be a finite number >= 0, got -1"
        )
      })
    )

    it.effect("a retry interrupted in its pause gives its token back", () =>
      Effect.gen(function* () {
        const budget = yield* RetryBudget.make({ capacity: 5 })
        const fiber = yield* Effect.forkChild(Retry.run(failing(always(http)).effect, { ...plain, budget }))
        yield* TestClock.adjust("150 millis")
        expect(yield* RetryBudget.available(budget)).toBe(3)
        yield* Fiber.interrupt(fiber)
        expect(yield* RetryBudget.available(budget)).toBe(4)
      })
    )

    it.effect("sweep: a token is spent exactly when the pause was slept out", () =>
      Effect.gen(function* () {
        const report = yield* InterruptSweep.run({
          setup: Effect.gen(function* () {
            return { budget: yield* RetryBudget.make({ capacity: 3 }), op: failing(times(2, http)) }
          }),
          subject: ({ budget, op }) => Retry.run(op.effect, { ...plain, budget }),
          check: ({ budget, op }) =>
            Effect.gen(function* () {
              const spent = 3 - (yield* RetryBudget.available(budget))
              const retries = Math.max(0, op.times.length - 1)
              // At most one retry is between the end of its pause and its first operation.
              const now = yield* Clock.currentTimeMillis
              const slept = now >= 300 ? 2 : now >= 100 ? 1 : 0
              expect(spent).toBeGreaterThanOrEqual(retries)
              expect(spent).toBeLessThanOrEqual(slept)
            })
        })
        expect(report.operations).toBeGreaterThan(10)
      })
    )
  })

  it.effect(
    "1,000 callers of a service that is dead for 10 s: a few percent more load, not several times",
    () =>
      Effect.gen(function* () {
        // Ten callers every 100 ms, all of them within the outage.
        const requests = (budget: RetryBudget.RetryBudget | undefined) =>
          Effect.gen(function* () {
            const start = yield* Clock.currentTimeMillis
            let count = 0
            const service = Effect.flatMap(Clock.currentTimeMillis, (now) => {
              if (now - start >= 10_000) return Effect.void
              count++
              return Effect.fail(http)
            })
            const fibers: Array<Fiber.Fiber<void, HttpError>> = []
            for (let i = 0; i < 1_000; i++) {
              fibers.push(yield* Effect.forkChild(Retry.run(service, { tags: ["HttpError"], budget })))
              if (i % 10 === 9) yield* TestClock.adjust("100 millis")
            }
            yield* Fiber.interruptAll(fibers)
            return count
          }).pipe(Random.withSeed("outage"))
        const without = yield* requests(undefined)
        const budget = yield* RetryBudget.make({ capacity: 20, refillPerSuccess: 0.1, refillPerSecond: 2 })
        const limited = yield* requests(budget)
        expect(without).toBeGreaterThan(4_000)
        // 20 in hand and two for each of ten seconds.
        expect(limited).toBeGreaterThan(1_020)
        expect(limited).toBeLessThanOrEqual(1_040)
      })
  )
})
