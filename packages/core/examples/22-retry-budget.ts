// A service is dead for 10 s and 1,000 callers ask it meanwhile, ten every 100 ms. How many requests does it get? All on a
// virtual clock.
import { Retry, RetryBudget } from "@skein/core"
import { Clock, Data, Effect, Exit, Fiber, Random } from "effect"
import { TestClock } from "effect/testing"

class Unavailable extends Data.TaggedError("Unavailable")<{}> {}

const outage = (budget: RetryBudget.RetryBudget | undefined) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    let requests = 0
    const service = Effect.flatMap(Clock.currentTimeMillis, (now) => {
      if (now - start >= 10_000) return Effect.void
      requests++
      return Effect.fail(new Unavailable())
    })
    const callers: Array<Fiber.Fiber<void, Unavailable>> = []
    for (let i = 0; i < 1_000; i++) {
      callers.push(yield* Effect.forkChild(Retry.run(service, { tags: ["Unavailable"], budget })))
      if (i % 10 === 9) yield* TestClock.adjust("100 millis")
    }
    yield* TestClock.adjust("1 minute")
    const exits = yield* Effect.forEach(callers, Fiber.await)
    return { requests, served: exits.filter(Exit.isSuccess).length }
  }).pipe(Random.withSeed("outage"))

const program = Effect.gen(function* () {
  const report = (
    name: string,
    { requests, served }: { readonly requests: number; readonly served: number }
  ) => console.log(`${name}: ${requests} requests in the outage, ${served} of 1000 callers served in the end`)

  report("no budget", yield* outage(undefined))
  const budget = yield* RetryBudget.make({ capacity: 20, refillPerSuccess: 0.1, refillPerSecond: 2 })
  report("one budget", yield* outage(budget))
})

await Effect.runPromise(program.pipe(Effect.provide(TestClock.layer())))
