/** How to test a program that retries: what it does with a failure needs one attempt, how it retries a virtual clock. */
import { describe, expect, it } from "@effect/vitest"
import { Retry } from "@skein/core"
import { Context, Data, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"

// ---- the program

class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {}

class Weather extends Context.Service<
  Weather,
  { readonly today: (city: string) => Effect.Effect<string, HttpError> }
>()("Weather") {}

const forecast = Effect.fn("forecast")(function* (city: string) {
  const weather = yield* Weather
  return yield* weather.today(city).pipe(
    Retry.run({ tags: ["HttpError"], attempts: 5, initial: "1 second" }),
    Effect.catchTag("HttpError", (error) => Effect.succeed(`no forecast (${error.status})`))
  )
})

// ---- its tests

const failingTimes = (times: number) => {
  const calls: Array<string> = []
  const layer = Layer.succeed(Weather, {
    today: (city) =>
      Effect.suspend(() =>
        calls.push(city) > times ? Effect.succeed("sunny") : Effect.fail(new HttpError({ status: 503 }))
      )
  })
  return { calls, layer }
}

describe("forecast", () => {
  it.effect("says that there is none when the service fails", () =>
    Effect.gen(function* () {
      const { calls, layer } = failingTimes(Infinity)
      const text = yield* forecast("Bern").pipe(Effect.provide(layer), Retry.disabled)
      expect([text, calls]).toEqual(["no forecast (503)", ["Bern"]])
    })
  )

  it.effect("asks again after a failure", () =>
    Effect.gen(function* () {
      const { calls, layer } = failingTimes(2)
      const fiber = yield* Effect.forkChild(forecast("Bern").pipe(Effect.provide(layer)))
      // Full jitter: at most 1 s and 2 s.
      yield* TestClock.adjust("3 seconds")
      expect([yield* Fiber.join(fiber), calls.length]).toEqual(["sunny", 3])
    })
  )
})
