import { strict as assert } from "node:assert"

import { Condition, Lock } from "@skein/core"
import { Explore } from "@skein/testing"
import { Effect } from "effect"

import { apart, of, together } from "./program.ts"
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
        // What is put is put whoever is interrupted; so nobody may wait in vain.
        yield* together([take(1), take(2), Effect.uninterruptible(Effect.andThen(put, put))])
        assert.equal(yield* Lock.isLocked(condition.lock), false)
        assert.equal(tokens, 2 - taken.length)
      })
  },
  {
    name: "Condition: a notification of one who is interrupted goes to the next",
    operations: of("Condition", "waitFor", "notify", "notifyAll"),
    // Preempted between its wait and the taking, one who is interrupted has had its notification.
    options: { modes: ["resumes"] },
    program: () =>
      Effect.gen(function* () {
        const condition = yield* Condition.make()
        let [tokens, closed] = [0, false]
        const take = Condition.withLock(
          condition,
          Effect.andThen(
            Condition.waitFor(condition, () => tokens > 0 || closed),
            Effect.sync(() => {
              if (tokens > 0) tokens--
            })
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
        const uninterrupted = Effect.uninterruptible(Effect.andThen(Effect.andThen(put, put), end))
        yield* Effect.all([apart([take, take, take]), uninterrupted], { concurrency: 2 })
      })
  },
  {
    name: "Condition: notifyAll wakes all that wait, each with the lock",
    operations: of("Condition", "wait", "notifyAll", "statistics"),
    program: () =>
      Effect.gen(function* () {
        const condition = yield* Condition.make()
        let open = false
        let inside = 0
        const enter = Condition.withLock(
          condition,
          Effect.gen(function* () {
            while (!open) yield* Condition.wait(condition)
            assert.equal(++inside, 1)
            yield* Effect.ensuring(
              Effect.yieldNow,
              Effect.sync(() => inside--)
            )
          })
        )
        const opening = Condition.withLock(
          condition,
          Effect.andThen(
            Effect.sync(() => (open = true)),
            Condition.notifyAll(condition)
          )
        )
        yield* together([enter, enter, Effect.asVoid(Effect.uninterruptible(opening))])
        assert.deepEqual((yield* Condition.statistics(condition)).waiting, [])
        assert.equal(yield* Lock.isLocked(condition.lock), false)
      })
  }
]
