import { describe, expect, it } from "@effect/vitest"
import { Retry } from "@skein/core"
import { Cause, Clock, Duration, Effect, Exit, Fiber, Option, Random, Schedule, Scope } from "effect"
import { TestClock } from "effect/testing"

import { always, DbError, failing, gaps, HttpError, times } from "./fixtures.ts"

const http = new HttpError({ status: 503 })
const plain = { tags: ["HttpError"], jitter: "none" } as const

/** Runs to the end on the virtual clock. */
const exitOf = <A, E, R>(effect: Effect.Effect<A, E, R>, atMost: Duration.Input = "10 minutes") =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    yield* TestClock.adjust(atMost)
    return yield* Fiber.await(fiber)
  })

const causeOf = <A, E>(exit: Exit.Exit<A, E>): Cause.Cause<E> =>
  Exit.isFailure(exit) ? exit.cause : expect.fail("succeeded")

describe("Retry", () => {
  describe("run", () => {
    it.effect("hands back the value of the attempt that succeeds", () =>
      Effect.gen(function* () {
        const op = failing(times(3, http))
        expect(yield* exitOf(Retry.run(op.effect, plain))).toEqual(Exit.succeed(4))
        expect(gaps(op.times)).toEqual([100, 200, 400])
      })
    )

    it.effect("makes ten attempts unless told otherwise, the pauses capped at five seconds", () =>
      Effect.gen(function* () {
        const op = failing(always(http))
        const exit = yield* exitOf(Retry.run(op.effect, plain))
        expect(Cause.findErrorOption(causeOf(exit))).toEqual(Option.some(http))
        expect(gaps(op.times)).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000])
      })
    )

    it.effect("fails at once with an error whose tag is not listed", () =>
      Effect.gen(function* () {
        const op = failing<HttpError | DbError>([http, new DbError({ code: "locked" })])
        const exit = yield* exitOf(Retry.run(op.effect, plain))
        expect(Cause.findErrorOption(causeOf(exit))).toEqual(Option.some(new DbError({ code: "locked" })))
        expect(op.times.length).toBe(2)
      })
    )

    it.effect("wants tags and while to agree when both are given", () =>
      Effect.gen(function* () {
        const op = failing<HttpError>([http, new HttpError({ status: 404 }), http])
        const exit = yield* exitOf(
          op.effect.pipe(Retry.run({ ...plain, while: (error) => error.status >= 500 }))
        )
        expect(Cause.findErrorOption(causeOf(exit))).toEqual(Option.some(new HttpError({ status: 404 })))
        expect(op.times.length).toBe(2)
      })
    )

    it.effect("retries errors without a tag by predicate", () =>
      Effect.gen(function* () {
        const op = failing(["again", "again", "stop"])
        const exit = yield* exitOf(Retry.run(op.effect, { while: (error) => error === "again", initial: 0 }))
        expect(Cause.findErrorOption(causeOf(exit))).toEqual(Option.some("stop"))
      })
    )

    it.effect("never retries a defect, and keeps the attempts that failed before it", () =>
      Effect.gen(function* () {
        let calls = 0
        const op = Effect.suspend(() => (++calls === 2 ? Effect.die("bug") : Effect.fail(http)))
        const cause = causeOf(yield* exitOf(Retry.run(op, plain)))
        expect(Cause.hasDies(cause)).toBe(true)
        expect(calls).toBe(2)
        expect(Retry.attempts(cause).length).toBe(1)
      })
    )

    it.effect("never retries an interruption by itself", () =>
      Effect.gen(function* () {
        let calls = 0
        const op = Effect.suspend(() => (calls++, Effect.interrupt))
        const cause = causeOf(yield* exitOf(Retry.run(op as Effect.Effect<never, HttpError>, plain)))
        expect(Cause.hasInterruptsOnly(cause)).toBe(true)
        expect(calls).toBe(1)
      })
    )

    it.effect("interrupted in a pause, makes no further attempt", () =>
      Effect.gen(function* () {
        const op = failing(always(http))
        const fiber = yield* Effect.forkChild(Retry.run(op.effect, plain))
        yield* TestClock.adjust("150 millis")
        yield* Fiber.interrupt(fiber)
        yield* TestClock.adjust("10 minutes")
        expect(Cause.hasInterruptsOnly(causeOf(yield* Fiber.await(fiber)))).toBe(true)
        expect(op.times).toEqual([0, 100])
      })
    )

    it.effect("lets the first failure of a Cause with several decide", () =>
      Effect.gen(function* () {
        let calls = 0
        const both = Cause.combine(Cause.fail(new DbError({ code: "x" })), Cause.fail(http))
        const op = Effect.suspend(() => (calls++, Effect.failCause(both)))
        yield* exitOf(Retry.run(op, plain))
        expect(calls).toBe(1)
        yield* exitOf(Retry.run(op, { ...plain, tags: ["DbError"], attempts: 3 }))
        expect(calls).toBe(4)
      })
    )

    it.effect("uses Effect's Random, so that a seed repeats the pauses", () =>
      Effect.gen(function* () {
        const pauses = Effect.gen(function* () {
          const op = failing(always(http))
          yield* exitOf(Retry.run(op.effect, { tags: ["HttpError"] }).pipe(Random.withSeed("seed")))
          return gaps(op.times)
        })
        const first = yield* pauses
        expect(new Set(first).size).toBe(9)
        expect((yield* pauses).map(Math.round)).toEqual(first.map(Math.round))
      })
    )

    it.effect("dies on numbers that cannot be meant", () =>
      Effect.gen(function* () {
        const message = (policy: object) =>
          Effect.map(
            Effect.exit(Retry.run(Effect.fail(http), { tags: ["HttpError"], ...policy } as any)),
            (exit) => String((causeOf(exit).reasons[0] as Cause.Die).defect)
          )
        const all = yield* Effect.forEach(
          [
            { attempts: 0 },
            { attempts: 1.5 },
            { attempts: NaN },
            { initial: "-1 seconds" },
            { initial: Infinity },
            { factor: 0.5 },
            { factor: NaN },
            { max: -1 },
            { elapsed: NaN },
            { jitter: "some" },
            { tags: undefined },
            { schedule: Schedule.forever, initial: 5 }
          ],
          message
        )
        expect(all).toEqual([
          "InvalidArgument: Retry.run: attempts must be an integer or Infinity >= 1, got 0",
          "InvalidArgument: Retry.run: attempts must be an integer or Infinity >= 1, got 1.5",
          "InvalidArgument: Retry.run: attempts must be an integer or Infinity >= 1, got NaN",
          'InvalidArgument: Retry.run: initial must be a duration >= 0, got "-1 seconds"',
          "InvalidArgument: Retry.run: initial must be a finite duration, got Infinity",
          "InvalidArgument: Retry.run: factor must be a finite number >= 1, got 0.5",
          "InvalidArgument: Retry.run: factor must be a finite number >= 1, got NaN",
          "InvalidArgument: Retry.run: max must be a duration >= 0, got -1",
          "InvalidArgument: Retry.run: elapsed must be a duration, got NaN",
          'InvalidArgument: Retry.run: jitter must be one of "full", "equal", "decorrelated", "none", got "some"',
          "InvalidArgument: Retry.run: tags or while must say which errors are retried, got neither",
          "InvalidArgument: Retry.run: initial must be absent where a schedule is given, got 5"
        ])
      })
    )

    it.effect("an invalid policy dies even where the effect would succeed", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(Retry.run(Effect.succeed(1), { while: () => true, attempts: 0 }))
        expect(Cause.hasDies(causeOf(exit))).toBe(true)
      })
    )
  })

  describe("elapsed", () => {
    it.effect("allows a retry that starts exactly then, and none after it", () =>
      Effect.gen(function* () {
        const upTo = (elapsed: Duration.Input) =>
          Effect.gen(function* () {
            const op = failing(always(http))
            yield* exitOf(Retry.run(op.effect, { ...plain, elapsed }))
            return op.times.length
          })
        expect(yield* upTo("700 millis")).toBe(4)
        expect(yield* upTo("699 millis")).toBe(3)
        expect(yield* upTo(0)).toBe(1)
      })
    )

    it.effect("counts the time that attempts take, from the start of the first", () =>
      Effect.gen(function* () {
        const op = failing(always(http))
        const slow = Effect.andThen(Effect.sleep("1 second"), op.effect)
        const cause = causeOf(yield* exitOf(Retry.run(slow, { ...plain, elapsed: "2500 millis" })))
        expect(op.times).toEqual([1000, 2100, 3300])
        expect(Retry.attempts(cause).map((a) => Duration.toMillis(a.elapsed))).toEqual([1000, 2100, 3300])
      })
    )

    it.effect("is 45 seconds unless told otherwise", () =>
      Effect.gen(function* () {
        const op = failing(always(http))
        yield* exitOf(Retry.run(op.effect, { ...plain, attempts: Infinity, initial: "5 seconds" }))
        expect(op.times.at(-1)).toBe(45_000)
      })
    )
  })

  describe("retryAfter", () => {
    const after = (error: HttpError) => Option.map(Option.fromUndefinedOr(error.after), Duration.millis)

    it.effect("is obeyed exactly: not jittered and not cut to max", () =>
      Effect.gen(function* () {
        const op = failing([
          new HttpError({ status: 429, after: 7_000 }),
          new HttpError({ status: 429, after: 0 })
        ])
        yield* exitOf(Retry.run(op.effect, { tags: ["HttpError"], retryAfter: after, max: "1 second" }))
        expect(gaps(op.times)).toEqual([7_000, 0])
      })
    )

    it.effect("leaves the backoff where it was without it: the third pause is the third", () =>
      Effect.gen(function* () {
        const op = failing([http, new HttpError({ status: 429, after: 1 }), http])
        yield* exitOf(Retry.run(op.effect, { ...plain, retryAfter: after }))
        expect(gaps(op.times)).toEqual([100, 1, 400])
      })
    )

    it.effect("past elapsed fails at once", () =>
      Effect.gen(function* () {
        const op = failing([new HttpError({ status: 429, after: 46_000 })])
        const fiber = yield* Effect.forkChild(Retry.run(op.effect, { ...plain, retryAfter: after }))
        yield* TestClock.adjust(0)
        expect(fiber.pollUnsafe()).toBeDefined()
        expect(op.times.length).toBe(1)
      })
    )

    it.effect("an infinite one is no sleep for ever", () =>
      Effect.gen(function* () {
        const op = failing([http])
        const policy = { ...plain, elapsed: Infinity, retryAfter: () => Option.some(Duration.infinity) }
        expect(Exit.isFailure(yield* exitOf(Retry.run(op.effect, policy)))).toBe(true)
      })
    )
  })

  describe("onRetry", () => {
    it.effect("sees number, error, pause and elapsed, before each pause and not after the last attempt", () =>
      Effect.gen(function* () {
        const seen: Array<unknown> = []
        const op = failing(always(http))
        const onRetry = (attempt: Retry.Attempt<HttpError>) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            seen.push([attempt.number, attempt.error.status, attempt.delay, attempt.elapsed, now])
          })
        yield* exitOf(Retry.run(op.effect, { ...plain, attempts: 3, onRetry }))
        expect(seen).toEqual([
          [1, 503, Duration.millis(100), Duration.millis(0), 0],
          [2, 503, Duration.millis(200), Duration.millis(100), 100]
        ])
      })
    )

    it.effect("may open what is closed when the pause ends, before the next attempt", () =>
      Effect.gen(function* () {
        const log: Array<string> = []
        const note = (what: string) =>
          Effect.map(Clock.currentTimeMillis, (now) => void log.push(`${now} ${what}`))
        const op = failing(times(2, http))
        const attempt = Effect.andThen(note("attempt"), op.effect)
        const onRetry = () => Effect.acquireRelease(note("open"), () => note("close"))
        const retried: Effect.Effect<number, HttpError> = Retry.run(attempt, { ...plain, onRetry })
        yield* exitOf(retried)
        expect(log).toEqual([
          "0 attempt",
          "0 open",
          "100 close",
          "100 attempt",
          "100 open",
          "300 close",
          "300 attempt"
        ])
      })
    )

    it.effect("is part of the pause: a slow one shortens the sleep, and starts no retry past elapsed", () =>
      Effect.gen(function* () {
        const op = failing(always(http))
        yield* exitOf(
          Retry.run(op.effect, { ...plain, attempts: 2, onRetry: () => Effect.sleep("60 millis") })
        )
        expect(op.times).toEqual([0, 100])
        const late = failing(always(http))
        const policy = { ...plain, elapsed: "1 second", onRetry: () => Effect.sleep("2 seconds") } as const
        const cause = causeOf(yield* exitOf(Retry.run(late.effect, policy)))
        expect(late.times.length).toBe(1)
        expect(Retry.attempts(cause).map((a) => Duration.toMillis(a.delay))).toEqual([0])
      })
    )

    it.effect("its defect ends the run", () =>
      Effect.gen(function* () {
        const exit = yield* exitOf(
          Retry.run(Effect.fail(http), { ...plain, onRetry: () => Effect.die("hook") })
        )
        expect(Cause.squash(causeOf(exit))).toBe("hook")
      })
    )
  })

  describe("attempts", () => {
    it.effect("tells every failed attempt, the last with delay zero", () =>
      Effect.gen(function* () {
        const errors = [http, new HttpError({ status: 500 }), new HttpError({ status: 501 })]
        const cause = causeOf(yield* exitOf(Retry.run(failing(errors).effect, { ...plain, attempts: 3 })))
        expect(Retry.attempts(cause)).toEqual([
          { number: 1, error: errors[0], delay: Duration.millis(100), elapsed: Duration.zero },
          { number: 2, error: errors[1], delay: Duration.millis(200), elapsed: Duration.millis(100) },
          { number: 3, error: errors[2], delay: Duration.zero, elapsed: Duration.millis(300) }
        ])
        expect(Retry.attempts(Cause.fail("other"))).toEqual([])
      })
    )

    it.effect("of nested retries, those of the outermost", () =>
      Effect.gen(function* () {
        const op = failing(always(http))
        const inner = Retry.run(op.effect, { ...plain, attempts: 3 })
        const cause = causeOf(yield* exitOf(Retry.run(inner, { ...plain, attempts: 2 })))
        expect(op.times.length).toBe(6)
        expect(Retry.attempts(cause).length).toBe(2)
      })
    )
  })

  describe("policy", () => {
    it("throws on numbers that cannot be meant", () => {
      expect(() => Retry.policy({ tags: ["HttpError"], attempts: 0 })).toThrow(
        "Retry.policy: attempts must be an integer or Infinity >= 1, got 0"
      )
    })

    it.effect("is a plain object that can be spread and changed", () =>
      Effect.gen(function* () {
        const shared = Retry.policy({ tags: ["HttpError"], attempts: 3, jitter: "none" })
        const op = failing(always(http))
        yield* exitOf(Retry.run(op.effect, shared))
        expect(op.times.length).toBe(3)
        yield* exitOf(Retry.run(op.effect, { ...shared, attempts: 2 }))
        expect(op.times.length).toBe(5)
      })
    )
  })

  describe("schedule", () => {
    it.effect("gives the pauses, sees the errors, and its end is the end of the retries", () =>
      Effect.gen(function* () {
        const inputs: Array<unknown> = []
        const schedule = Schedule.recurs(2).pipe(
          Schedule.addDelay(({ input }) => (inputs.push(input), Effect.succeed("1 second")))
        )
        const op = failing(always(http))
        yield* exitOf(Retry.run(op.effect, { tags: ["HttpError"], schedule }))
        expect(gaps(op.times)).toEqual([1000, 1000])
        expect(inputs).toEqual([http, http])
      })
    )
  })

  describe("backoff", () => {
    it.effect("is the pauses of a policy for other uses of a Schedule", () =>
      Effect.gen(function* () {
        const seen: Array<number> = []
        const tick = Effect.map(Clock.currentTimeMillis, (now) => void seen.push(now))
        const schedule = Retry.backoff({ initial: "1 second", factor: 3, max: "5 seconds", jitter: "none" })
        yield* exitOf(Effect.repeat(tick, { schedule, times: 3 }))
        expect(gaps(seen)).toEqual([1000, 3000, 5000])
      })
    )
  })

  describe("disabled", () => {
    it.effect("makes one attempt of every retry inside, and of none after it", () =>
      Effect.gen(function* () {
        const op = failing(always(http))
        const retried = Retry.run(op.effect, { ...plain, attempts: 2 })
        const cause = causeOf(
          yield* exitOf(Retry.disabled(Effect.scoped(Effect.andThen(Scope.Scope, retried))))
        )
        expect(op.times.length).toBe(1)
        expect(Retry.attempts(cause).length).toBe(1)
        yield* exitOf(retried)
        expect(op.times.length).toBe(3)
      })
    )
  })

  describe("again", () => {
    it.effect("is retried although the policy does not list the error, within the policy's bounds", () =>
      Effect.gen(function* () {
        let calls = 0
        const stale = new DbError({ code: "stale" })
        const op = Effect.suspend(() => (calls++, Retry.again(stale)))
        const exit = yield* exitOf(Retry.run(op, { while: () => false, attempts: 3, jitter: "none" }))
        expect(calls).toBe(3)
        expect(Cause.findErrorOption(causeOf(exit))).toEqual(Option.some(stale))
      })
    )
  })
})
