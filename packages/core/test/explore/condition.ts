import { strict as assert } from "node:assert"

import { Condition, Lock } from "@skein/core"
import { Explore } from "@skein/testing"
import { Effect, Fiber } from "effect"

import { apart, of, room } from "./program.ts"
import type { Explored } from "./program.ts"

export const programs: ReadonlyArray<Explored> = [
  {
    name: "Condition: a notification is not lost, and every waiter unwinds with the lock",
    operations: of("Condition", "make", "withLock", "waitFor", "notify"),
    program: () =>
      Effect.gen(function* () {
        const condition = yield* Condition.make()
        let tokens = 0
        const taken: Array<number> = []
        const take = (n: number) =>
          Condition.withLock(
            condition,
            Effect.ensuring(
              Effect.andThen(
                Condition.waitFor(condition, () => tokens > 0),
                Effect.sync(() => {
                  tokens--
                  taken.push(n)
                })
              ),
              // Dies unless the lock is held.
              Condition.notify(condition, 0)
            )
          )
        const put = Condition.withLock(
          condition,
          Effect.andThen(
            Effect.sync(() => tokens++),
            Condition.notify(condition)
          )
        )
        const takers = yield* Effect.forkChild(apart([take(1), take(2)]))
        // What is put is put whoever is interrupted; so nobody may wait in vain.
        yield* Effect.uninterruptible(Effect.andThen(put, put))
        yield* Fiber.join(takers)
        assert.equal(yield* Lock.isLocked(condition.lock), false)
        assert.equal(tokens, 2 - taken.length)
      })
  },
  {
    name: "Condition: a notification of one who is interrupted goes to the next",
    operations: of("Condition", "waitFor", "notify", "notifyAll"),
    program: () =>
      Effect.gen(function* () {
        const condition = yield* Condition.make()
        let [tokens, closed] = [0, false]
        const take = Condition.withLock(
          condition,
          // Taken in the step in which the wait is over.
          Effect.map(
            Condition.waitFor(condition, () => tokens > 0 || closed),
            () => {
              if (tokens > 0) tokens--
            }
          )
        )
        const put = Condition.withLock(
          condition,
          Effect.andThen(
            Effect.sync(() => tokens++),
            Condition.notify(condition)
          )
        )
        const end = Effect.gen(function* () {
          yield* Explore.waitAllBlocked
          const { waiting } = yield* Condition.statistics(condition)
          assert.ok(tokens === 0 || waiting.length === 0, "a token lies there, and somebody waits")
          closed = true
          yield* Condition.withLock(condition, Condition.notifyAll(condition))
        })
        const takers = yield* Effect.forkChild(apart([take, take, take]))
        yield* Effect.uninterruptible(Effect.andThen(Effect.andThen(put, put), end))
        yield* Fiber.join(takers)
      })
  },
  {
    name: "Condition: notifyAll wakes all that wait, each with the lock",
    operations: of("Condition", "wait", "notifyAll", "statistics"),
    program: () =>
      Effect.gen(function* () {
        const condition = yield* Condition.make()
        const inside = room(1)
        let open = false
        const enter = Condition.withLock(
          condition,
          Effect.gen(function* () {
            while (!open) yield* Condition.wait(condition)
            yield* inside(1)
          })
        )
        const opening = Condition.withLock(
          condition,
          Effect.andThen(
            Effect.sync(() => (open = true)),
            Condition.notifyAll(condition)
          )
        )
        const waiters = yield* Effect.forkChild(apart([enter, enter, enter]))
        yield* Effect.uninterruptible(opening)
        yield* Fiber.join(waiters)
        assert.deepEqual((yield* Condition.statistics(condition)).waiting, [])
        assert.equal(yield* Lock.isLocked(condition.lock), false)
      })
  }
]
