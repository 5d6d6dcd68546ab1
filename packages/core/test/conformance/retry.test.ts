import { describe, expect, it } from "@effect/vitest"
import { Retry, RetryBudget } from "@skein/core"
import { Cause, Clock, Data, Duration, Effect, Exit, Fiber, Random, Schedule } from "effect"
import { TestClock } from "effect/testing"

class Busy extends Data.TaggedError("Busy")<{ readonly message: string; readonly cause?: unknown }> {}
class Broken extends Data.TaggedError("Broken")<{}> {}

const busy = new Busy({ message: "busy" })
const plain = { tags: ["Busy"], jitter: "none" } as const

/** Fails n times, then succeeds with the number of calls; `at` are the times of the calls. */
const flaky = <E>(n: number, error: E) => {
  const at: Array<number> = []
  const call = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    at.push(now)
    return at.length > n ? Effect.succeed(at.length) : Effect.fail(error)
  })
  return { at, call }
}

const run = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.await(fiber)
  })

const pausesOf = (at: ReadonlyArray<number>) => at.slice(1).map((time, i) => time - at[i]!)

const errorOf = <A, E>(exit: Exit.Exit<A, E>) => (Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined)

describe("retry", () => {
  it.effect("RT-001: an operation that succeeds runs once, whatever the legal settings", () =>
    Effect.gen(function* () {
      const odd: ReadonlyArray<Parameters<typeof Retry.policy>[0]> = [
        { while: () => true },
        { while: () => false, attempts: 1 },
        { tags: [] },
        { while: () => true, attempts: Infinity, initial: 0, max: 0, elapsed: 0 },
        { while: () => true, budget: yield* RetryBudget.make({ capacity: 0 }) }
      ]
      for (const policy of odd) {
        let calls = 0
        const op: Effect.Effect<number, Busy> = Effect.sync(() => ++calls)
        expect(yield* Retry.run(op, policy as { readonly while: () => boolean })).toBe(1)
        expect(calls).toBe(1)
      }
      // Zero attempts cannot be meant; here misuse is loud, also around an operation that would succeed.
      const none = yield* Effect.exit(Retry.run(Effect.succeed(1), { while: () => true, attempts: 0 }))
      expect(String(errorOf(none))).toContain(
        "Retry.run: attempts must be an integer or Infinity >= 1, got 0"
      )
    })
  )

  it.effect("RT-003: an error that is not listed passes through unchanged on the first attempt", () =>
    Effect.gen(function* () {
      const broken = new Broken()
      const op = flaky<Busy | Broken>(5, broken)
      expect(errorOf(yield* run(Retry.run(op.call, plain)))).toBe(broken)
      expect(op.at).toEqual([0])
    })
  )

  it.effect("RT-004: one tag, several tags and a predicate act alike", () =>
    Effect.gen(function* () {
      const one = flaky<Busy | Broken>(2, busy)
      const several = flaky<Busy | Broken>(2, busy)
      const predicate = flaky<Busy | Broken>(2, busy)
      expect(yield* run(Retry.run(one.call, { ...plain, tags: ["Busy"] }))).toEqual(Exit.succeed(3))
      expect(yield* run(Retry.run(several.call, { ...plain, tags: ["Broken", "Busy"] }))).toEqual(
        Exit.succeed(3)
      )
      const isBusy = (error: Busy | Broken) => error._tag === "Busy"
      expect(yield* run(Retry.run(predicate.call, { while: isBusy, jitter: "none" }))).toEqual(
        Exit.succeed(3)
      )
      expect(pausesOf(several.at)).toEqual(pausesOf(one.at))
      expect(pausesOf(predicate.at)).toEqual(pausesOf(one.at))
    })
  )

  it.effect(
    "RT-005: a predicate can look at message and cause; an empty message is a target like any other",
    () =>
      Effect.gen(function* () {
        const reset = new Error("ECONNRESET")
        const op = (errors: ReadonlyArray<Busy>) => {
          let calls = 0
          return Effect.suspend(() =>
            calls < errors.length ? Effect.fail(errors[calls++]!) : Effect.succeed(calls)
          )
        }
        const matching = (filter: (error: Busy) => boolean) => ({ ...plain, while: filter })
        const wrapped = new Busy({ message: "wrapped", cause: reset })
        const empty = new Busy({ message: "" })
        expect(
          yield* run(
            Retry.run(
              op([wrapped]),
              matching((e) => e.cause === reset)
            )
          )
        ).toEqual(Exit.succeed(1))
        expect(
          yield* run(
            Retry.run(
              op([empty]),
              matching((e) => e.message === "")
            )
          )
        ).toEqual(Exit.succeed(1))
        expect(
          errorOf(
            yield* run(
              Retry.run(
                op([busy]),
                matching((e) => /^wr/.test(e.message))
              )
            )
          )
        ).toBe(busy)
      })
  )

  it.effect(
    "RT-007: out of attempts, the original typed error comes out; the attempts are in its Cause",
    () =>
      Effect.gen(function* () {
        const exit = yield* run(Retry.run(flaky(99, busy).call, { ...plain, attempts: 4 }))
        expect(errorOf(exit)).toBe(busy)
        const attempts = Exit.isFailure(exit) ? Retry.attempts(exit.cause) : []
        expect(attempts.map((attempt) => [attempt.number, attempt.error])).toEqual(
          [1, 2, 3, 4].map((n) => [n, busy])
        )
      })
  )

  it.effect("RT-008: results are Effect.repeat's business, which gives the last one; both combine", () =>
    Effect.gen(function* () {
      let calls = 0
      const poll = Effect.suspend(() => (++calls % 2 === 1 ? Effect.fail(busy) : Effect.succeed(calls)))
      const result = Effect.repeat(Retry.run(poll, plain), { until: (n) => n >= 6, times: 10 })
      expect(yield* run(result)).toEqual(Exit.succeed(6))
    })
  )

  it.effect("RT-009: an attempt that ends at the limit is the last, one that ends just below it is not", () =>
    Effect.gen(function* () {
      const taking = (millis: number) => {
        let calls = 0
        const call = Effect.andThen(
          Effect.sleep(millis),
          Effect.suspend(() => (calls++, Effect.fail(busy)))
        )
        return Effect.as(
          run(Retry.run(call, { ...plain, initial: "1 millis", elapsed: "1 second", attempts: 2 })),
          () => calls
        )
      }
      expect((yield* taking(1_000))()).toBe(1)
      expect((yield* taking(999))()).toBe(2)
    })
  )

  it.effect("RT-011: the first of two limits ends it; without limits it goes on", () =>
    Effect.gen(function* () {
      const count = (limits: object) => {
        const op = flaky(1_000, busy)
        return Effect.map(
          run(Retry.run(op.call, { ...plain, max: "100 millis", ...limits })),
          () => op.at.length
        )
      }
      expect(yield* count({ attempts: 3, elapsed: "10 seconds" })).toBe(3)
      expect(yield* count({ attempts: 50, elapsed: "500 millis" })).toBe(6)
      expect(yield* count({ attempts: Infinity, elapsed: Infinity })).toBe(1_001)
      // Only when both are used up: a schedule built of both, as `Schedule.min` goes on while either does.
      const both = Schedule.min([
        Schedule.recurs(3),
        Schedule.upTo(Schedule.spaced("100 millis"), { duration: "1 second" })
      ])
      const op = flaky(1_000, busy)
      yield* run(
        Retry.run(op.call, { tags: ["Busy"], schedule: both, attempts: Infinity, elapsed: Infinity })
      )
      expect([op.at.length > 4, op.at.at(-1)! >= 1_000]).toEqual([true, true])
    })
  )

  it.effect("RT-012: pauses double from the initial one and are clamped", () =>
    Effect.gen(function* () {
      const op = flaky(6, busy)
      yield* run(Retry.run(op.call, { ...plain, initial: "1 second", max: "10 seconds" }))
      expect(pausesOf(op.at)).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
      const least = flaky(2, busy)
      yield* run(Retry.run(least.call, { ...plain, initial: "10 seconds", max: "3 seconds" }))
      expect(pausesOf(least.at)).toEqual([3_000, 3_000])
    })
  )

  it.effect("RT-013: very many attempts and extreme factors end at the cap", () =>
    Effect.gen(function* () {
      const op = flaky(2_000, busy)
      const exit = yield* run(
        Retry.run(op.call, {
          ...plain,
          max: "1 second",
          attempts: Infinity,
          elapsed: Infinity,
          factor: Number.MAX_VALUE
        })
      )
      expect(exit).toEqual(Exit.succeed(2_001))
      expect(new Set(pausesOf(op.at).slice(1))).toEqual(new Set([1_000]))
    })
  )

  it.effect(
    "RT-015: full is in 0..base, equal in base/2..base, decorrelated in initial..3 times the previous",
    () =>
      Effect.gen(function* () {
        const pauses = (jitter: "full" | "equal" | "decorrelated") => {
          const delays: Array<number> = []
          const onRetry = (attempt: Retry.Attempt<Busy>) =>
            Effect.sync(() => delays.push(Duration.toMillis(attempt.delay)))
          const policy = {
            ...plain,
            jitter,
            max: "10 seconds",
            attempts: 200,
            elapsed: Infinity,
            factor: 1,
            onRetry
          } as const
          return Effect.as(
            run(Retry.run(flaky(150, busy).call, policy).pipe(Random.withSeed(jitter))),
            delays
          )
        }
        const full = yield* pauses("full")
        expect(Math.min(...full)).toBeLessThan(10)
        expect(Math.max(...full)).toBeGreaterThan(90)
        expect(full.every((delay) => delay >= 0 && delay <= 100)).toBe(true)
        const equal = yield* pauses("equal")
        expect(Math.min(...equal)).toBeLessThan(55)
        expect(Math.max(...equal)).toBeGreaterThan(95)
        expect(equal.every((delay) => delay >= 50 && delay <= 100)).toBe(true)
        let previous = 100
        for (const delay of yield* pauses("decorrelated")) {
          expect(delay >= 100 && delay <= Math.min(10_000, previous * 3 + 1e-6)).toBe(true)
          previous = delay
        }
      })
  )

  it.effect(
    "RT-016: a chain of pauses is a Schedule: the last goes on, a second run starts with the first",
    () =>
      Effect.gen(function* () {
        const once = (delay: Duration.Input) => Schedule.upTo(Schedule.spaced(delay), { times: 1 })
        const chain = Schedule.concat(
          Schedule.concat(once("1 second"), once("2 seconds")),
          Schedule.spaced("5 seconds")
        )
        const op = flaky(4, busy)
        const retried = Retry.run(op.call, { tags: ["Busy"], schedule: chain })
        yield* run(retried)
        expect(pausesOf(op.at)).toEqual([1_000, 2_000, 5_000, 5_000])
        const second = flaky(1, busy)
        yield* run(Retry.run(second.call, { tags: ["Busy"], schedule: chain }))
        expect(pausesOf(second.at)).toEqual([1_000])
      })
  )

  it.effect(
    "RT-019: the hook runs only if a pause follows, and knows its length and the finished attempt",
    () =>
      Effect.gen(function* () {
        const seen: Array<unknown> = []
        const op = flaky(99, busy)
        const before = Effect.sync(() => seen.push("before"))
        const onRetry = (attempt: Retry.Attempt<Busy>) =>
          Effect.sync(() => seen.push([attempt.number, attempt.error, Duration.toMillis(attempt.delay)]))
        yield* run(Retry.run(Effect.andThen(before, op.call), { ...plain, attempts: 3, onRetry }))
        expect(seen).toEqual(["before", [1, busy, 100], "before", [2, busy, 200], "before"])
      })
  )

  it.effect("RT-020: what the hook opens is open during the pause and closed before the next attempt", () =>
    Effect.gen(function* () {
      const states: Array<string> = []
      let open = 0
      const op = flaky(1, busy)
      const call = Effect.andThen(
        Effect.sync(() => states.push(`attempt ${open}`)),
        op.call
      )
      const onRetry = ({ delay, elapsed, number }: Retry.Attempt<Busy>) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            open++
            states.push(`${number} ${Duration.toMillis(delay)} ${Duration.toMillis(elapsed)}`)
          }),
          () => Effect.sync(() => open--)
        )
      const fiber = yield* Effect.forkChild(Retry.run(call, { ...plain, onRetry }))
      yield* TestClock.adjust("50 millis")
      expect(open).toBe(1)
      yield* TestClock.adjust("50 millis")
      expect(open).toBe(0)
      expect(yield* Fiber.join(fiber)).toBe(2)
      expect(states).toEqual(["attempt 0", "1 100 0", "attempt 0"])
    })
  )

  it.effect(
    "RT-021: a last resort is called once, when the attempts have run out, and its value is the result",
    () =>
      Effect.gen(function* () {
        let calls = 0
        const lastResort = (error: Busy) => Effect.sync(() => `${error.message}, ${++calls}`)
        const op = flaky(99, busy)
        const retried = Retry.run(op.call, { ...plain, attempts: 3 }).pipe(
          Effect.catchTag("Busy", lastResort)
        )
        expect(yield* run(retried)).toEqual(Exit.succeed("busy, 1"))
        expect(op.at.length).toBe(3)
      })
  )

  it.effect(
    "RT-022: an operation that demands another try gets it, within the limits; then its error comes out",
    () =>
      Effect.gen(function* () {
        const broken = new Broken()
        let calls = 0
        const stubborn = Effect.suspend(
          (): Effect.Effect<never, Busy | Broken> => (calls++, Retry.again(broken))
        )
        expect(errorOf(yield* run(Retry.run(stubborn, { ...plain, attempts: 3 })))).toBe(broken)
        expect(calls).toBe(3)
      })
  )

  it.effect("RT-023: two runs of the same wrapped effect at once count their attempts apart", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const policy = Retry.policy({ ...plain, attempts: 3 })
      const wrapped = Retry.run(Effect.fail(busy), {
        ...policy,
        onRetry: (attempt) =>
          Effect.map(Clock.currentTimeMillis, (now) => void seen.push(`${attempt.number}@${now}`))
      })
      const first = yield* Effect.forkChild(wrapped)
      yield* TestClock.adjust("50 millis")
      const second = yield* Effect.forkChild(wrapped)
      yield* TestClock.adjust("1 minute")
      for (const exit of [yield* Fiber.await(first), yield* Fiber.await(second)]) {
        expect(Exit.isFailure(exit) && Retry.attempts(exit.cause).length).toBe(3)
      }
      expect(seen).toEqual(["1@0", "1@50", "2@100", "2@150"])
    })
  )

  it.effect("RT-024: a predicate that runs the same retried effect does not mix the two", () =>
    Effect.gen(function* () {
      const calls = { outer: 0, inner: 0 }
      let depth = 0
      const wrapped: Effect.Effect<never, Busy> = Effect.suspend(() => {
        const level = depth === 0 ? "outer" : "inner"
        const operation = Effect.suspend(() => (calls[level]++, Effect.fail(busy)))
        return Retry.run(operation, {
          attempts: 3,
          initial: 0,
          while: () => {
            if (level === "outer") {
              depth++
              Effect.runSync(
                Effect.exit(
                  Retry.run(
                    Effect.suspend(() => (calls.inner++, Effect.fail(busy))),
                    {
                      while: () => true,
                      attempts: 1
                    }
                  )
                )
              )
              depth--
            }
            return true
          }
        })
      })
      yield* run(wrapped)
      expect(calls).toEqual({ outer: 3, inner: 3 })
    })
  )

  it.effect(
    "RT-026: a block is an Effect; it ends after its success, each attempt knows its number and the next pause",
    () =>
      Effect.gen(function* () {
        const log: Array<string> = []
        let tries = 0
        const block = Effect.gen(function* () {
          tries++
          yield* Effect.sleep("10 millis")
          if (tries < 3) return yield* busy
          return "done"
        })
        const onRetry = ({ delay, number }: Retry.Attempt<Busy>) =>
          Effect.sync(() => log.push(`${number}, next in ${Duration.toMillis(delay)}`))
        expect(yield* run(Retry.run(block, { ...plain, onRetry }))).toEqual(Exit.succeed("done"))
        expect(log).toEqual(["1, next in 100", "2, next in 200"])
      })
  )

  it.effect("RT-028: disabled means one attempt, nests, and ends with its effect, also when that fails", () =>
    Effect.gen(function* () {
      const count = (wrap: (effect: Effect.Effect<number, Busy>) => Effect.Effect<number, Busy>) => {
        const op = flaky(99, busy)
        return Effect.map(run(wrap(Retry.run(op.call, { ...plain, attempts: 3 }))), () => op.at.length)
      }
      expect(yield* count(Retry.disabled)).toBe(1)
      expect(yield* count((effect) => Retry.disabled(Retry.disabled(effect)))).toBe(1)
      const after = (effect: Effect.Effect<number, Busy>) =>
        Effect.andThen(Effect.exit(Retry.disabled(Effect.fail(busy))), effect)
      expect(yield* count(after)).toBe(3)
    })
  )

  it.effect(
    "RT-030: each retry costs a token of a shared bucket, an empty one stops at once, some errors are free",
    () =>
      Effect.gen(function* () {
        const budget = yield* RetryBudget.make({ capacity: 2 })
        const ops = [flaky(99, busy), flaky(99, busy), flaky(99, busy)]
        yield* run(Effect.all(ops.map((op) => Effect.exit(Retry.run(op.call, { ...plain, budget })))))
        expect(ops.map((op) => op.at.length)).toEqual([3, 1, 1])
        const free = flaky(5, busy)
        expect(yield* run(Retry.run(free.call, { ...plain, budget, cost: () => 0 }))).toEqual(Exit.succeed(6))
      })
  )
})
