// One answer in fifty is slow for no reason of the call's own. A second copy of the slow ones costs a few percent more requests.
// All on a virtual clock.
import { Hedge, RetryBudget } from "@skein/core"
import { Clock, Effect, Fiber, Random } from "effect"
import { TestClock } from "effect/testing"

const measure = (hedged: (call: Effect.Effect<void>) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    let requests = 0
    const call = Effect.gen(function* () {
      requests++
      const slow = (yield* Random.next) < 0.02
      yield* Effect.sleep(slow ? "2 seconds" : 20 + (yield* Random.next) * 30)
    })
    const timed = Effect.gen(function* () {
      const start = yield* Clock.currentTimeMillis
      yield* hedged(call)
      return (yield* Clock.currentTimeMillis) - start
    })
    const callers: Array<Fiber.Fiber<number>> = []
    for (let i = 0; i < 500; i++) callers.push(yield* Effect.forkChild(timed))
    yield* TestClock.adjust("1 minute")
    const times = (yield* Effect.forEach(callers, Fiber.join)).toSorted((a, b) => a - b)
    const percentile = (p: number) => `${Math.round(times[Math.ceil(times.length * p) - 1]!)} ms`
    return `median ${percentile(0.5)}, 99% within ${percentile(0.99)}, ${requests} requests`
  }).pipe(Random.withSeed("hedge"))

const program = Effect.gen(function* () {
  console.log(`one copy:   ${yield* measure((call) => call)}`)
  const budget = yield* RetryBudget.make({ capacity: 50, refillPerSuccess: 0.1 })
  console.log(`two copies: ${yield* measure(Hedge.run({ after: "60 millis", copies: 2, budget }))}`)
})

await Effect.runPromise(program.pipe(Effect.provide(TestClock.layer())))
