import { assert, describe, it } from "@effect/vitest"
import { Condition, Lock } from "@skein/core"
import { InterruptSweep } from "@skein/testing"
import { Effect, Exit, Fiber } from "effect"

import { defect, defectOf, settle, spawn } from "./fixtures.ts"

describe("Condition", () => {
  describe("wait", () => {
    it.effect("interrupted anywhere, the lock is held at the end of the block, and free after it", () =>
      InterruptSweep.run({
        setup: Effect.gen(function* () {
          const condition = yield* Condition.make()
          const woken: Array<string> = []
          const other = Condition.withLock(
            condition,
            Effect.andThen(
              Condition.wait(condition),
              Effect.sync(() => woken.push("other"))
            )
          )
          return { condition, other, woken }
        }),
        subject: ({ condition, other, woken }) =>
          Effect.gen(function* () {
            yield* Effect.forkDetach(
              Effect.gen(function* () {
                yield* Effect.yieldNow
                yield* Effect.forkDetach(other)
                yield* Effect.yieldNow
                yield* Condition.withLock(
                  condition,
                  Effect.andThen(Condition.notify(condition), Effect.yieldNow)
                )
              })
            )
            yield* Condition.withLock(
              condition,
              Effect.gen(function* () {
                yield* Effect.ensuring(
                  Condition.wait(condition),
                  // Dies unless the lock is held.
                  Condition.notify(condition, 0)
                )
                woken.push("subject")
              })
            )
          }),
        check: ({ condition, woken }, exit) =>
          Effect.gen(function* () {
            yield* settle
            assert.isFalse(yield* Lock.isLocked(condition.lock))
            if (Exit.isFailure(exit)) assert.notInclude(defect(exit), "must hold")
            yield* Condition.withLock(condition, Condition.notifyAll(condition))
            yield* settle
            assert.deepInclude(yield* Condition.statistics(condition), { waiting: [] })
            // One notification: one of them, never both, never (once the notifier was started) nobody.
            assert.isAtMost(woken.length, 2)
          })
      })
    )

    it.effect("dies in a fiber that outlived the effect with the lock, and frees nobody else's lock", () =>
      Effect.gen(function* () {
        const condition = yield* Condition.make({ name: "c" })
        let left: Fiber.Fiber<void> | undefined
        const outlived = Condition.withLock(
          condition,
          Effect.gen(function* () {
            left = yield* Effect.forkDetach(Condition.wait(condition))
            yield* settle
          })
        )
        yield* outlived
        assert.isFalse(yield* Lock.isLocked(condition.lock))
        yield* Condition.withLock(condition, Condition.notifyAll(condition))
        assert.include(yield* defectOf(Fiber.join(left!)), "the effect that held c has ended")
        assert.isFalse(yield* Lock.isLocked(condition.lock))
      })
    )

    it.effect("of two siblings inside one block the second dies: the first has given the lock up", () =>
      Effect.gen(function* () {
        const condition = yield* Condition.make()
        const exit = yield* Effect.exit(
          Condition.withLock(
            condition,
            Effect.all([Condition.wait(condition), Condition.wait(condition)], { concurrency: 2 })
          )
        )
        assert.include(defect(exit), "must hold")
        assert.isFalse(yield* Lock.isLocked(condition.lock))
      })
    )

    it.effect("works with a lock that a scope holds", () =>
      Effect.gen(function* () {
        const condition = yield* Condition.make()
        const waiter = yield* spawn(
          Effect.scoped(Effect.andThen(Lock.acquire(condition.lock), Condition.wait(condition)))
        )
        yield* Condition.withLock(condition, Condition.notify(condition))
        yield* Fiber.join(waiter)
        assert.isFalse(yield* Lock.isLocked(condition.lock))
      })
    )
  })

  describe("waitFor", () => {
    it.effect(
      "interrupted before it has looked at what it was notified of, it passes the notification on",
      () =>
        InterruptSweep.run({
          setup: Effect.gen(function* () {
            const condition = yield* Condition.make()
            const state = { tokens: 0, taken: 0 }
            const take = Condition.withLock(
              condition,
              Effect.map(
                Condition.waitFor(condition, () => state.tokens > 0),
                () => {
                  state.tokens--
                  state.taken++
                }
              )
            )
            const put = Condition.withLock(
              condition,
              Effect.andThen(
                Effect.sync(() => state.tokens++),
                Condition.notify(condition)
              )
            )
            return { condition, put, state, take }
          }),
          subject: ({ put, take }) =>
            Effect.gen(function* () {
              // The subject waits first, then the other one, then there is one token.
              yield* Effect.forkDetach(Effect.andThen(Effect.yieldNow, take))
              yield* Effect.forkDetach(Effect.andThen(Effect.yieldNow, Effect.andThen(Effect.yieldNow, put)))
              yield* take
            }),
          check: ({ condition, state }) =>
            Effect.gen(function* () {
              yield* settle
              const { waiting } = yield* Condition.statistics(condition)
              assert.isTrue(
                state.tokens === 0 || waiting.length === 0,
                "a token lies there, and somebody waits"
              )
            })
        })
    )
  })

  describe("notify", () => {
    it.effect("dies for what is no count", () =>
      Effect.gen(function* () {
        const condition = yield* Condition.make()
        assert.strictEqual(
          yield* defectOf(Condition.withLock(condition, condition.pipe(Condition.notify(-1)))),
          "Condition.notify: n must be an integer or Infinity >= 0, got -1"
        )
      })
    )
  })
})
