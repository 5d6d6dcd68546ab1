import { describe, expect, it } from "@effect/vitest"
import { CancelScope, Retry, RetryBudget, TaskGroup, TaskTree } from "@skein/core"
import { InterruptSweep } from "@skein/testing"
import { Cause, Clock, Duration, Effect, Exit, Fiber, Metric, Option, Tracer } from "effect"
import { TestClock } from "effect/testing"

import { always, failing, HttpError, times } from "./fixtures.ts"

const http = new HttpError({ status: 503 })
const plain = { tags: ["HttpError"], jitter: "none" } as const

const exitOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(
      Effect.flatMap(Effect.exit(effect), (exit) =>
        Effect.all([Effect.succeed(exit), Clock.currentTimeMillis])
      )
    )
    yield* TestClock.adjust("10 minutes")
    return yield* Fiber.join(fiber)
  })

describe("Retry under a deadline", () => {
  it.effect("fails at once with the last error where the pause would reach the deadline", () =>
    Effect.gen(function* () {
      const op = failing(always(http))
      const [exit, at] = yield* exitOf(Retry.run(op.effect, plain).pipe(CancelScope.failAfter("1 second")))
      expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toBe(http)
      // 0, 100, 300, 700; the next would start at 1500.
      expect(op.times).toEqual([0, 100, 300, 700])
      expect(at).toBe(700)
    })
  )

  it.effect("the innermost operator may have more time than the outermost: the earliest counts", () =>
    Effect.gen(function* () {
      const op = failing(always(http))
      const retried = Retry.run(op.effect, plain).pipe(CancelScope.failAfter("10 seconds"))
      const [exit, at] = yield* exitOf(CancelScope.moveOnAfter(retried, "250 millis"))
      expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toBe(http)
      expect(at).toBe(100)
    })
  )

  it.effect("a retryAfter that reaches the deadline is not slept either", () =>
    Effect.gen(function* () {
      const op = failing(always(http))
      const retryAfter = () => Option.some("1 second" as const)
      const [, at] = yield* exitOf(
        Retry.run(op.effect, { ...plain, retryAfter }).pipe(CancelScope.failAfter("1 second"))
      )
      expect(at).toBe(0)
    })
  )

  it.effect("an attempt may run into its own deadline and is retried by that tag", () =>
    Effect.gen(function* () {
      let calls = 0
      const slow = Effect.suspend(() => (++calls < 3 ? Effect.never : Effect.succeed("done")))
      const attempt = CancelScope.failAfter(slow, "1 second")
      const [exit, at] = yield* exitOf(Retry.run(attempt, { tags: ["DeadlineExceeded"], jitter: "none" }))
      expect(exit).toEqual(Exit.succeed("done"))
      expect(at).toBe(2_300)
    })
  )

  it.effect("inside a shield, and in finalizers, outer deadlines do not count", () =>
    Effect.gen(function* () {
      const op = failing(times(3, http))
      const cleanup = CancelScope.shield(Retry.run(op.effect, plain), { atMost: "1 minute" })
      const [exit] = yield* exitOf(CancelScope.moveOnAfter(cleanup, "150 millis"))
      expect(op.times.length).toBe(4)
      expect(Exit.isSuccess(exit) || Exit.hasInterrupts(exit)).toBe(true)
      const late = failing(times(3, http))
      yield* exitOf(
        CancelScope.moveOnAfter(
          Effect.never.pipe(Effect.ensuring(Effect.orDie(Retry.run(late.effect, plain)))),
          "50 millis"
        )
      )
      expect(late.times.length).toBe(4)
    })
  )
})

describe("Retry, interrupted at each operation", () => {
  it.effect(
    "sweep: makes no attempt afterwards, closes what onRetry opened, and keeps no token of a pause",
    () =>
      Effect.gen(function* () {
        const report = yield* InterruptSweep.run({
          setup: Effect.gen(function* () {
            const budget = yield* RetryBudget.make({ capacity: 9 })
            return { budget, op: failing(times(2, http)), open: { count: 0 } }
          }),
          subject: ({ budget, op, open }) =>
            Retry.run(op.effect, {
              ...plain,
              budget,
              onRetry: () =>
                Effect.acquireRelease(
                  Effect.sync(() => open.count++),
                  () => Effect.sync(() => open.count--)
                )
            }),
          check: ({ budget, op, open }, exit) =>
            Effect.gen(function* () {
              expect(open.count).toBe(0)
              const calls = op.times.length
              yield* Effect.sleep("1 minute")
              expect(op.times.length).toBe(calls)
              const spent = 9 - (yield* RetryBudget.available(budget))
              expect(spent - Math.max(0, calls - 1)).toBeGreaterThanOrEqual(0)
              expect(spent - Math.max(0, calls - 1)).toBeLessThanOrEqual(1)
              if (Exit.isSuccess(exit)) expect([exit.value, spent]).toEqual([3, 2])
            })
        })
        expect(report.operations).toBeGreaterThan(20)
      })
  )
})

describe("Retry, made visible", () => {
  it.effect("the task tree shows the pause, and nothing after it", () =>
    Effect.gen(function* () {
      const waits = Effect.map(TaskTree.snapshot, ({ nodes }) =>
        nodes.flatMap(({ name, waitingOn }) =>
          Option.match(waitingOn, {
            onNone: () => [],
            onSome: ({ operation, resource }) => [`${name}: ${operation}, ${resource}`]
          })
        )
      )
      const seen: Array<ReadonlyArray<string>> = []
      let calls = 0
      const call = Effect.gen(function* () {
        if (++calls === 2) yield* Effect.sleep("1 second")
        return yield* Effect.fail(http)
      })
      const fiber = yield* Effect.forkChild(
        TaskGroup.run(
          Effect.asVoid(TaskGroup.fork(Retry.run(call, { ...plain, attempts: 2 }), { name: "fetch" }))
        )
      )
      yield* TestClock.adjust("50 millis")
      seen.push((yield* waits).filter((wait) => wait.startsWith("fetch")))
      yield* TestClock.adjust("100 millis")
      seen.push((yield* waits).filter((wait) => wait.startsWith("fetch")))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.await(fiber)
      expect(seen).toEqual([["fetch: Retry.run, pause after attempt 1"], []])
    })
  )

  it.effect("each retry and the giving up are events of the current span", () =>
    Effect.gen(function* () {
      const op = failing(always(http))
      const span = yield* Effect.currentSpan.pipe(
        Effect.tap(() => Effect.exit(Retry.run(op.effect, { ...plain, initial: 0, attempts: 3 }))),
        Effect.withSpan("call")
      )
      const events = (span as Tracer.NativeSpan).events.map(([name, , attributes]) => [name, attributes])
      expect(events).toEqual([
        ["skein.retry", { attempt: 1, error: "HttpError", delayMillis: 0 }],
        ["skein.retry", { attempt: 2, error: "HttpError", delayMillis: 0 }],
        ["skein.retry.gave_up", { attempts: 3, reason: "attempts" }]
      ])
    })
  )

  it.effect("retries and giving up, by reason, are counted", () =>
    Effect.gen(function* () {
      const budget = yield* RetryBudget.make({ capacity: 0 })
      const run = (options: object) =>
        exitOf(Retry.run(failing(always(http)).effect, { ...plain, ...options }))
      yield* run({ attempts: 3 })
      yield* run({ budget })
      yield* run({ elapsed: 0 })
      yield* exitOf(Retry.run(failing(always(http)).effect, plain).pipe(CancelScope.failAfter("50 millis")))
      const all = yield* Metric.snapshot
      const value = (id: string, reason?: string) =>
        all.find((metric) => metric.id === id && (metric.attributes as any)?.reason === reason)?.state
      expect(value("skein_retry_retries")).toMatchObject({ count: 2 })
      for (const reason of ["attempts", "budget", "elapsed", "deadline"]) {
        expect(value("skein_retry_gave_up", reason)).toMatchObject({ count: 1 })
      }
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})

describe("Retry.parseRetryAfter", () => {
  const at = Date.UTC(2026, 10, 22, 12, 0, 0)
  const parse = (header: string | undefined) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(at)
      return Option.getOrUndefined(Option.map(yield* Retry.parseRetryAfter(header), Duration.toMillis))
    })

  it.effect("reads seconds and all three forms of a date", () =>
    Effect.gen(function* () {
      expect(yield* parse("120")).toBe(120_000)
      expect(yield* parse(" 0 ")).toBe(0)
      expect(yield* parse("Sun, 22 Nov 2026 12:00:30 GMT")).toBe(30_000)
      expect(yield* parse("Sunday, 22-Nov-26 12:01:00 GMT")).toBe(60_000)
      expect(yield* parse("Sun Nov 22 13:00:00 2026")).toBe(3_600_000)
      expect(yield* parse("Tue Dec  1 12:00:00 2026")).toBe(9 * 86_400_000)
    })
  )

  it.effect("a date that has passed is a pause of nothing, two digits far ahead are the past", () =>
    Effect.gen(function* () {
      expect(yield* parse("Sun, 06 Nov 1994 08:49:37 GMT")).toBe(0)
      expect(yield* parse("Sunday, 06-Nov-94 08:49:37 GMT")).toBe(0)
    })
  )

  it.effect("an absent or malformed header is none, a huge number no overflow", () =>
    Effect.gen(function* () {
      for (const header of [
        undefined,
        "",
        "soon",
        "-5",
        "1.5",
        "Sun, 22 Nov 2026 12:00:30 CET",
        "Sun, 22 Nov 2026 25:00:00 GMT",
        "2026-11-22T12:00:00Z"
      ]) {
        expect([header, yield* parse(header)]).toEqual([header, undefined])
      }
      expect(yield* parse("9".repeat(400))).toBe(Number.MAX_SAFE_INTEGER)
    })
  )
})
