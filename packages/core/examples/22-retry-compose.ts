// Around a call, from the inside: circuit breaker, rate limiter, bulkhead, a time limit for each attempt, retry. The first two are
// Effect's, and marked unstable there: import them in one place.
import { Bulkhead, CancelScope, Retry } from "@skein/core"
import { Clock, Data, Duration, Effect, Fiber, Layer, Option } from "effect"
import { CircuitBreaker, RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"

class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {}

const program = Effect.gen(function* () {
  const limited = yield* RateLimiter.makeWithRateLimiter
  const breaker = yield* CircuitBreaker.CircuitBreaker
  const bulkhead = yield* Bulkhead.make({ concurrency: 2, queue: 10, name: "payments" })

  const call = (service: Effect.Effect<string, HttpError>) =>
    service.pipe(
      breaker.execute({ key: "payments" }),
      limited({
        key: "payments",
        window: "1 second",
        limit: 10,
        algorithm: "token-bucket",
        onExceeded: "fail"
      }),
      Bulkhead.run(bulkhead),
      CancelScope.failAfter("2 seconds", { name: "attempt" }),
      Retry.run({
        tags: ["HttpError", "DeadlineExceeded", "BulkheadFull", "RateLimiterError", "CircuitBreakerError"],
        jitter: "none",
        // Both say when it is worth coming back.
        retryAfter: (error) =>
          (error._tag === "RateLimiterError" && error.reason._tag === "RateLimitExceeded") ||
          (error._tag === "CircuitBreakerError" && error.reason._tag === "CircuitOpen")
            ? Option.some(error.reason.retryAfter)
            : Option.none(),
        onRetry: ({ delay, error, number }) => {
          const what = "reason" in error ? error.reason._tag : error._tag
          return Effect.sync(() =>
            console.log(`  attempt ${number}: ${what}, again in ${Duration.toMillis(delay)} ms`)
          )
        }
      })
    )

  const timed = <A, E, R>(name: string, effect: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      console.log(name)
      const start = yield* Clock.currentTimeMillis
      const fiber = yield* Effect.forkChild(
        Effect.flatMap(effect, (value) =>
          Effect.map(Clock.currentTimeMillis, (now) => [value, now - start] as const)
        )
      )
      yield* TestClock.adjust("1 minute")
      const [value, took] = yield* Fiber.join(fiber)
      console.log(`  ${value} after ${took} ms`)
    })

  let failures = 0
  const down = Effect.suspend(() =>
    ++failures <= 4 ? Effect.fail(new HttpError({ status: 503 })) : Effect.succeed("paid")
  )
  yield* timed("a service that fails four times: the circuit opens after three", call(down))

  let hangs = 0
  const slow = Effect.suspend(() => (++hangs === 1 ? Effect.never : Effect.succeed("paid")))
  yield* timed("a service that hangs once: the attempt is given up, not the call", call(slow))
})

const Limits = Layer.mergeAll(
  RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory)),
  CircuitBreaker.layer({ tripPolicy: CircuitBreaker.consecutive(3), openDuration: "5 seconds" }).pipe(
    Layer.provide(CircuitBreaker.layerStoreMemory())
  )
)

await Effect.runPromise(
  program.pipe(Effect.provide(Layer.provideMerge(Limits, TestClock.layer())), Effect.scoped)
)
