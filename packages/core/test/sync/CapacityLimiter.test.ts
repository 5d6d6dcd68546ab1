import { assert, describe, it } from "@effect/vitest"
import { CapacityLimiter, TaskGroup } from "@skein/core"
import { InterruptSweep } from "@skein/testing"
import { Effect, Option } from "effect"

import { settle } from "./fixtures.ts"

const free = (limiter: CapacityLimiter.CapacityLimiter) =>
  Effect.gen(function* () {
    yield* settle
    assert.deepInclude(yield* CapacityLimiter.statistics(limiter), {
      borrowed: 0,
      borrowers: [],
      waiting: []
    })
    for (const borrower of [undefined, "b"]) {
      const tried = CapacityLimiter.tryWithToken(limiter, Effect.succeed(1), { borrower })
      assert.deepStrictEqual(yield* tried, Option.some(1))
    }
  })

const busy = Effect.gen(function* () {
  const limiter = yield* CapacityLimiter.make(1)
  yield* Effect.forkDetach(CapacityLimiter.withToken(limiter, Effect.yieldNow))
  return limiter
})

describe("CapacityLimiter", () => {
  for (const borrower of [undefined, "b"]) {
    it.effect(`withToken is cancel-safe (borrower ${borrower})`, () =>
      InterruptSweep.run({
        setup: busy,
        subject: (limiter) => CapacityLimiter.withToken(limiter, Effect.yieldNow, { borrower }),
        check: free
      })
    )

    it.effect(`borrow is cancel-safe (borrower ${borrower})`, () =>
      InterruptSweep.run({
        setup: busy,
        subject: (limiter) =>
          Effect.scoped(Effect.andThen(CapacityLimiter.borrow(limiter, { borrower }), Effect.yieldNow)),
        check: free
      })
    )

    it.effect(`tryWithToken is cancel-safe (borrower ${borrower})`, () =>
      InterruptSweep.run({
        setup: CapacityLimiter.make(1),
        subject: (limiter) => Effect.yieldNow.pipe(CapacityLimiter.tryWithToken(limiter, { borrower })),
        check: free
      })
    )
  }

  it.effect("names borrowers by the path of their tasks", () =>
    Effect.gen(function* () {
      const limiter = yield* CapacityLimiter.make(1)
      yield* TaskGroup.run(
        Effect.gen(function* () {
          const use = Effect.never.pipe(CapacityLimiter.withToken(limiter))
          for (const name of ["a", "b"]) yield* TaskGroup.fork(use, { name })
          yield* settle
          assert.deepStrictEqual(yield* CapacityLimiter.statistics(limiter), {
            total: 1,
            borrowed: 1,
            borrowers: ["main/a"],
            waiting: ["main/b"],
            maxWaiting: 1
          })
          yield* TaskGroup.cancel()
        }),
        { name: "main" }
      )
      yield* free(limiter)
    })
  )
})
