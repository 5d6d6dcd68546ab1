import { describe, expect, it } from "@effect/vitest"
import { Retry } from "@skein/core"
import { Duration, Effect, Fiber, Option, Random, Schedule } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"

import { always, failing, HttpError } from "./fixtures.ts"

const http = new HttpError({ status: 503 })

const jitter = fc.constantFrom("full" as const, "equal" as const, "decorrelated" as const, "none" as const)
const backoff = fc.record({
  initial: fc.integer({ min: 0, max: 10_000 }),
  factor: fc.double({ min: 1, max: 1e6, noNaN: true }),
  max: fc.integer({ min: 0, max: 100_000 }),
  jitter
})
const seed = fc.integer()

/** The first n pauses of a backoff, in milliseconds. */
const pauses = (options: Retry.BackoffOptions, n: number, from: string | number = 0) =>
  Effect.gen(function* () {
    const step = yield* Schedule.toStep(Retry.backoff(options))
    const all: Array<number> = []
    for (let i = 0; i < n; i++) {
      const [, delay] = yield* step(0, undefined)
      all.push(Duration.toMillis(delay))
    }
    return all
  }).pipe(Random.withSeed(from), Effect.orDie)

// Durations hold whole nanoseconds.
const nano = 1e-6

/** On a virtual clock of its own for each case. */
const forAll = <Ts extends [unknown, ...Array<unknown>]>(
  name: string,
  arbitraries: { [K in keyof Ts]: fc.Arbitrary<Ts[K]> },
  property: (values: Ts) => Effect.Effect<void, unknown>
) =>
  it(name, () =>
    fc.assert(
      fc.asyncProperty(fc.tuple<Ts>(...arbitraries), (values) =>
        Effect.runPromise(property(values).pipe(Effect.provide(TestClock.layer())))
      )
    )
  )

describe("Retry, for all policies", () => {
  forAll("no pause is negative or above the cap", [backoff, seed], ([options, from]) =>
    Effect.map(pauses(options, 50, from), (all) => {
      for (const delay of all) {
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThanOrEqual(options.max + nano)
      }
    })
  )

  forAll("without jitter the pauses never sink, and stay at the cap once there", [backoff], ([options]) =>
    Effect.map(pauses({ ...options, jitter: "none" }, 60), (all) => {
      for (let i = 1; i < all.length; i++) expect(all[i]!).toBeGreaterThanOrEqual(all[i - 1]!)
      const first = all.findIndex((delay) => delay >= options.max)
      if (first >= 0) expect(new Set(all.slice(first))).toEqual(new Set([options.max]))
    })
  )

  forAll("full jitter is within 0..base, equal within base/2..base", [backoff, seed], ([options, from]) =>
    Effect.gen(function* () {
      const bases = yield* pauses({ ...options, jitter: "none" }, 30)
      const full = yield* pauses({ ...options, jitter: "full" }, 30, from)
      const equal = yield* pauses({ ...options, jitter: "equal" }, 30, from)
      bases.forEach((base, i) => {
        expect(full[i]!).toBeLessThanOrEqual(base + nano)
        expect(equal[i]!).toBeGreaterThanOrEqual(base / 2 - nano)
        expect(equal[i]!).toBeLessThanOrEqual(base + nano)
      })
    })
  )

  forAll(
    "decorrelated jitter is within initial..3 times the one before",
    [backoff, seed],
    ([options, from]) =>
      Effect.map(pauses({ ...options, jitter: "decorrelated" }, 30, from), (all) => {
        let previous = options.initial
        for (const delay of all) {
          expect(delay).toBeGreaterThanOrEqual(Math.min(options.initial, options.max) - nano)
          expect(delay).toBeLessThanOrEqual(
            Math.min(options.max, Math.max(options.initial, previous * 3)) + nano
          )
          previous = delay
        }
      })
  )

  forAll(
    "attempts and total time are within their limits, and it goes on as long as both allow",
    [backoff, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 60_000 }), seed],
    ([options, attempts, elapsed, from]) =>
      Effect.gen(function* () {
        const op = failing(always(http))
        const delays: Array<number> = []
        const fiber = yield* Effect.forkChild(
          Retry.run(op.effect, {
            ...options,
            attempts,
            elapsed,
            tags: ["HttpError"],
            onRetry: (attempt) => Effect.sync(() => delays.push(Duration.toMillis(attempt.delay)))
          }).pipe(Random.withSeed(from))
        )
        yield* TestClock.adjust("2 hours")
        expect(fiber.pollUnsafe()).toBeDefined()
        expect(op.times.length).toBe(delays.length + 1)
        expect(op.times.length).toBeLessThanOrEqual(attempts)
        const total = delays.reduce((sum, delay) => sum + delay, 0)
        expect(total).toBeLessThanOrEqual(elapsed + 12 * nano)
        if (op.times.length < attempts) {
          const all = yield* pauses(options, delays.length + 1, from)
          expect(total + all.at(-1)!).toBeGreaterThan(elapsed - 12 * nano)
        }
      })
  )

  forAll("a seed repeats the pauses", [backoff, seed], ([options, from]) =>
    Effect.gen(function* () {
      expect(yield* pauses(options, 20, from)).toEqual(yield* pauses(options, 20, from))
    })
  )

  forAll(
    "extreme numbers end at the cap: never an overflow, NaN or a sleep for ever",
    [
      fc.record({
        initial: fc.double({ min: 0, max: Number.MAX_VALUE, noNaN: true }),
        factor: fc.double({ min: 1, max: Number.MAX_VALUE, noNaN: true }),
        max: fc.oneof(
          fc.constant(Duration.infinity),
          fc.double({ min: 0, max: Number.MAX_VALUE, noNaN: true })
        ),
        jitter
      }),
      seed
    ],
    ([options, from]) =>
      Effect.map(pauses(options, 1_200, from), (all) => {
        for (const delay of all) expect(delay >= 0 && delay < Infinity).toBe(true)
      })
  )

  forAll(
    "retryAfter is obeyed to the millisecond",
    [fc.integer({ min: 0, max: 45_000 }), backoff],
    ([after, options]) =>
      Effect.gen(function* () {
        const op = failing([http])
        const retryAfter = () => Option.some(after)
        const fiber = yield* Effect.forkChild(
          Retry.run(op.effect, { ...options, tags: ["HttpError"], retryAfter })
        )
        yield* TestClock.adjust("1 minute")
        expect(yield* Fiber.join(fiber)).toBe(2)
        expect(op.times).toEqual([0, after])
      })
  )
})
