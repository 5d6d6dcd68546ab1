import { Bulkhead, Hedge, Retry, RetryBudget } from "@skein/core"
import { Explore } from "@skein/testing"
import { it } from "@skein/testing/vitest"
import { Data, Effect, Fiber } from "effect"
import { describe } from "vitest"

class Busy extends Data.TaggedError("Busy")<{}> {}

// Under many schedules, with the interruption of the program at the places where it is parked.
const options = { schedules: 300, interrupts: true } as const

describe("Bulkhead, explored", () => {
  it.explore(
    "never more at once than it may, never more waiting, nobody forgotten",
    () =>
      Effect.gen(function* () {
        const bulkhead = yield* Bulkhead.make({ concurrency: 2, queue: 1 })
        let running = 0
        yield* Explore.always(() => running <= 2)
        const work = Effect.acquireUseRelease(
          Effect.sync(() => running++),
          () => Effect.yieldNow,
          () => Effect.sync(() => running--)
        )
        const call = Bulkhead.run(work, bulkhead).pipe(
          Effect.as("ran"),
          Effect.catchTag("BulkheadFull", () => Effect.succeed("full"))
        )
        const results = yield* Effect.all([call, call, call, call, call], { concurrency: "unbounded" })
        const { holders, maxWaiting, rejected, waiting } = yield* Bulkhead.statistics(bulkhead)
        const full = results.filter((result) => result === "full").length
        if (holders.length + waiting.length > 0 || maxWaiting > 1 || full !== rejected || full > 2) {
          return yield* Effect.die(new Error(`${results}, ${holders}, ${waiting}, ${maxWaiting}`))
        }
      }),
    options
  )

  it.explore(
    "a waiter that is interrupted while it is handed the place passes it on",
    () =>
      Effect.gen(function* () {
        const bulkhead = yield* Bulkhead.make({ concurrency: 1, queue: 2 })
        const call = Bulkhead.run(Effect.yieldNow, bulkhead)
        const first = yield* Effect.forkChild(call)
        const second = yield* Effect.forkChild(call)
        const third = yield* Effect.forkChild(call)
        // It may have been handed the place, and not have run since.
        yield* Fiber.await(first)
        yield* Fiber.interrupt(second)
        yield* Fiber.await(third)
        yield* call
      }),
    options
  )
})

describe("Hedge, explored", () => {
  it.explore(
    "one winner, and no copy runs when it returns",
    () =>
      Effect.gen(function* () {
        let running = 0
        const copy = Effect.acquireUseRelease(
          Effect.sync(() => ++running),
          (n) => Effect.andThen(Effect.sleep(n * 5), Effect.succeed(n)),
          () =>
            Effect.andThen(
              Effect.yieldNow,
              Effect.sync(() => running--)
            )
        )
        yield* Hedge.run(copy, { after: "5 millis", copies: 3 }).pipe(
          Effect.ensuring(Effect.sync(() => (running === 0 ? undefined : expectNone(running))))
        )
      }),
    options
  )
})

const expectNone = (running: number): never => {
  throw new Error(`${running} copies still run`)
}

describe("Retry, explored", () => {
  it.explore(
    "callers of one budget never spend more than it holds",
    () =>
      Effect.gen(function* () {
        const budget = yield* RetryBudget.make({ capacity: 2 })
        let retries = 0
        yield* Explore.always(() => retries <= 2)
        const caller = Effect.suspend(() => {
          let calls = 0
          const call = Effect.suspend(() => {
            if (calls++ > 0) retries++
            return Effect.andThen(Effect.yieldNow, Effect.fail(new Busy()))
          })
          return Effect.exit(Retry.run(call, { tags: ["Busy"], budget, initial: "1 millis", attempts: 4 }))
        })
        yield* Effect.all([caller, caller, caller], { concurrency: "unbounded" })
        if ((yield* RetryBudget.available(budget)) !== 0) return yield* Effect.die(new Error("tokens left"))
      }),
    options
  )
})
