import { strict as assert } from "node:assert"

import { Bulkhead, CancelScope, Hedge, Retry, RetryBudget } from "@skein/core"
import { Explore } from "@skein/testing"
import type { Duration } from "effect"
import { Data, Effect, Exit, Fiber, Option } from "effect"

import { apart, held, later, of } from "./program.ts"
import type { Explored } from "./program.ts"

class Busy extends Data.TaggedError("Busy")<{}> {}
class Lost extends Data.TaggedError("Lost")<{}> {}
class Throttled extends Data.TaggedError("Throttled")<{ readonly after: Option.Option<Duration.Duration> }> {}

export const programs: ReadonlyArray<Explored> = [
  {
    name: "Bulkhead: never more at once than it may, never more waiting, nobody forgotten",
    operations: of("Bulkhead", "make", "run", "statistics"),
    program: () =>
      Effect.gen(function* () {
        const bulkhead = yield* Bulkhead.make({ concurrency: 2, queue: 1 })
        let running = 0
        let full = 0
        yield* Explore.always(() => running <= 2)
        const work = Effect.acquireUseRelease(
          Effect.sync(() => running++),
          () => Effect.yieldNow,
          () => Effect.sync(() => running--)
        )
        const call = Effect.catchTag(Bulkhead.run(work, bulkhead), "BulkheadFull", () =>
          Effect.sync(() => full++)
        )
        const exits = yield* apart([call, call, call, call, call], "call")
        assert.ok(exits.every((exit) => Exit.isSuccess(exit) || Exit.hasInterrupts(exit)))
        const { holders, maxWaiting, rejected, waiting } = yield* Bulkhead.statistics(bulkhead)
        assert.deepEqual([holders, waiting], [[], []])
        // One that was refused may be interrupted before it counts it.
        assert.ok(maxWaiting <= 1 && full <= rejected && full >= rejected - 1 && rejected <= 2)
      })
  },
  {
    name: "Bulkhead: a waiter that is interrupted while it is handed the place passes it on",
    operations: of("Bulkhead", "run"),
    program: () =>
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
      })
  },
  {
    name: "Hedge: one winner, and no copy runs when it returns",
    operations: of("Hedge", "run"),
    program: () => {
      const { balanced, state, work } = held()
      const copy = work(Effect.suspend(() => Effect.sleep(state.open * 5)))
      return balanced(Hedge.run(copy, { after: "5 millis", copies: 3 }))
    }
  },
  {
    name: "Hedge: copies that end at once, before their owner waits",
    operations: of("Hedge", "run"),
    program: () =>
      Effect.suspend(() => {
        const { balanced, work } = held()
        let copies = 0
        const copy = Effect.suspend(() => (copies++ % 2 === 0 ? work(Effect.yieldNow) : Effect.void))
        return balanced(Hedge.run(copy, { after: 0, copies: 3 }))
      })
  },
  {
    name: "Hedge: copies of every kind, all at once: it ends, with what the first that succeeded gave",
    operations: of("Hedge", "run"),
    program: () =>
      Effect.gen(function* () {
        const { balanced, work } = held()
        let succeeded = 0
        const success = Effect.sync(() => void succeeded++)
        const copy = Effect.flatMap(Explore.choose(["forever", "at once", "no", "later"]), (kind) =>
          kind === "forever"
            ? Effect.never
            : kind === "at once"
              ? success
              : kind === "no"
                ? Effect.fail("no" as const)
                : work(later(success))
        )
        const hedged = Hedge.run(copy, { after: yield* Explore.choose<0 | 1>([0, 1]), copies: 3 })
        const exit = yield* Effect.exit(balanced(CancelScope.moveOnAfter(hedged, "1 second")))
        if (Exit.isFailure(exit)) assert.ok(exit.cause.reasons.every((reason) => reason._tag === "Fail"))
        else assert.equal(Option.isSome(exit.value), succeeded > 0)
      })
  },
  {
    name: "Retry: callers of one budget never spend more than it holds",
    operations: ["Retry.run", "RetryBudget.make", "RetryBudget.available", "Hedge.run"],
    program: () =>
      Effect.gen(function* () {
        const budget = yield* RetryBudget.make({ capacity: 2 })
        let retries = 0
        yield* Explore.always(() => retries <= 2)
        const caller = (n: number) =>
          Effect.suspend(() => {
            let calls = 0
            const call = Effect.suspend(() => {
              if (calls++ > 0) retries++
              return Effect.andThen(Effect.yieldNow, Effect.fail(new Busy()))
            })
            const again = Retry.run(call, { tags: ["Busy"], budget, initial: "1 millis", attempts: 4 })
            return n === 2 ? Hedge.run(call, { after: "1 millis", copies: 3, budget }) : again
          })
        yield* apart([caller(0), caller(1), caller(2)], "caller")
        assert.ok((yield* RetryBudget.available(budget)) <= 2 - retries)
      })
  },
  {
    name: "Retry: disabled makes one attempt, beside one that demands another",
    operations: of("Retry", "run", "disabled", "again"),
    program: () =>
      Effect.gen(function* () {
        const calls = [0, 0]
        const { balanced, work } = held()
        const call = (i: number) =>
          Retry.run(
            work(
              Effect.suspend((): Effect.Effect<never, Busy | Lost> =>
                calls[i]!++ === 1 ? Effect.fail(new Busy()) : Retry.again(new Lost())
              )
            ),
            {
              tags: ["Busy"],
              attempts: 3,
              initial: "1 millis"
            }
          )
        const exits = yield* balanced(
          Effect.all([Effect.exit(call(0)), Effect.exit(Retry.disabled(call(1)))], { concurrency: 2 })
        )
        assert.deepEqual(
          [calls, exits.map((exit) => exit._tag)],
          [
            [3, 1],
            ["Failure", "Failure"]
          ]
        )
      })
  },
  {
    name: "Retry: callers of one policy do not count each other's attempts, and each is told of its own",
    operations: of("Retry", "policy", "run", "attempts", "parseRetryAfter", "backoff"),
    program: () =>
      Effect.gen(function* () {
        const policy = Retry.policy({
          tags: ["Throttled"],
          attempts: 3,
          initial: "1 millis",
          retryAfter: (error: Throttled) => error.after
        })
        const call = (own: { calls: number }) =>
          Effect.gen(function* () {
            own.calls++
            yield* Effect.yieldNow
            return yield* new Throttled({
              after: yield* Retry.parseRetryAfter(own.calls === 1 ? "1" : undefined)
            })
          })
        const own = [{ calls: 0 }, { calls: 0 }, { calls: 0 }]
        const exits = yield* apart([
          Retry.run(call(own[0]!), policy),
          Retry.run(call(own[1]!), policy),
          Effect.retry(call(own[2]!), { schedule: Retry.backoff({ initial: "1 millis" }), times: 2 })
        ])
        for (const [i, exit] of exits.entries()) {
          assert.ok(Exit.isFailure(exit))
          if (Exit.hasInterrupts(exit)) continue
          assert.equal(own[i]!.calls, 3)
          if (i < 2)
            assert.deepEqual(
              Retry.attempts(exit.cause).map((one) => one.number),
              [1, 2, 3]
            )
        }
      })
  }
]
