import { assert, describe, it } from "@effect/vitest"
import { CapacityLimiter, Lock, Semaphore } from "@skein/core"
import { Effect, Exit, Scope } from "effect"

import { defectOf } from "./fixtures.ts"

describe("a scope that is closed already", () => {
  const into = (effect: Effect.Effect<void, never, Scope.Scope>) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      yield* Scope.close(scope, Exit.void)
      return yield* defectOf(Scope.provide(effect, scope))
    })

  it.effect("holds nothing: who asks for it dies, and what was taken is given back", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make({ name: "l" })
      const semaphore = yield* Semaphore.make(2, { name: "s" })
      const limiter = yield* CapacityLimiter.make(1, { name: "c" })
      assert.deepStrictEqual(
        [
          yield* into(Lock.acquire(lock)),
          yield* into(Semaphore.takeScoped(semaphore, 2)),
          yield* into(CapacityLimiter.borrow(limiter))
        ],
        [
          "Lock.acquire: the scope that was to hold l is closed already",
          "Semaphore.takeScoped: the scope that was to hold s is closed already",
          "CapacityLimiter.borrow: the scope that was to hold c is closed already"
        ]
      )
      assert.isFalse(yield* Lock.isLocked(lock))
      assert.deepInclude(yield* Semaphore.statistics(semaphore), { free: 2, holders: [] })
      assert.deepInclude(yield* CapacityLimiter.statistics(limiter), { borrowed: 0, borrowers: [] })
    })
  )
})
