import { assert, describe, it } from "@effect/vitest"
import { CapacityLimiter, Condition, Lock, MemoryChannel, Semaphore, WorkQueue } from "@skein/core"
import { Cause, Effect, Option } from "effect"

import { defectOf } from "./fixtures.ts"

/** What JavaScript does not notice, or somebody cast. */
const wrong = (value: unknown): never => value as never
const wrongEffect: (value: unknown) => Effect.Effect<void> = wrong

/** The wrong values, and how they are shown. */
const noEffects: ReadonlyArray<readonly [unknown, string]> = [
  [5, "5"],
  ["effect", '"effect"'],
  [null, "null"],
  [Promise.resolve(1), "a Promise"],
  [() => Effect.void, "a function"],
  [Object.create(null), "an object"]
]

describe("wrong types", () => {
  it.effect("what is no effect is refused before anything is taken", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make({ name: "lock" })
      const semaphore = yield* Semaphore.make(1, { name: "semaphore" })
      const limiter = yield* CapacityLimiter.make(1, { name: "limiter" })
      const queue = yield* WorkQueue.unbounded({ name: "queue" })
      for (const [value, shown] of noEffects) {
        const uses: Record<string, readonly [Effect.Effect<unknown>, Effect.Effect<unknown>]> = {
          "Lock.withLock": [Lock.withLock(lock, wrongEffect(value)), Lock.withLock(lock)(wrongEffect(value))],
          "Lock.tryWithLock": [
            Lock.tryWithLock(lock, wrongEffect(value)),
            Lock.tryWithLock(lock)(wrongEffect(value))
          ],
          "Semaphore.withPermits": [
            Semaphore.withPermits(semaphore, 1, wrongEffect(value)),
            Semaphore.withPermit(semaphore)(wrongEffect(value))
          ],
          "Semaphore.tryWithPermits": [
            Semaphore.tryWithPermits(semaphore, 1, wrongEffect(value)),
            Semaphore.tryWithPermits(semaphore, 1)(wrongEffect(value))
          ],
          "WorkQueue.producing": [
            WorkQueue.producing(queue, wrongEffect(value)),
            WorkQueue.producing(queue)(wrongEffect(value))
          ]
        }
        for (const [where, effects] of Object.entries(uses)) {
          const expected = `${where}: effect must be an Effect, got ${shown}`
          for (const effect of effects) assert.strictEqual(yield* defectOf(effect), expected)
        }
        for (const operation of ["withToken", "tryWithToken"] as const) {
          assert.strictEqual(
            yield* defectOf(CapacityLimiter[operation](limiter)(wrongEffect(value))),
            `CapacityLimiter.${operation}: effect must be an Effect, got ${shown}`
          )
        }
      }
      assert.isFalse(yield* Lock.isLocked(lock))
      assert.strictEqual((yield* Semaphore.statistics(semaphore)).free, 1)
      assert.strictEqual((yield* CapacityLimiter.statistics(limiter)).borrowed, 0)
      assert.strictEqual((yield* WorkQueue.statistics(queue)).unfinished, 0)
    })
  )

  it.effect("at once, though the lock is held", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make()
      yield* Effect.forkChild(Lock.withLock(lock, Effect.never), { startImmediately: true })
      assert.include(yield* defectOf(Lock.withLock(lock, wrongEffect(1))), "must be an Effect, got 1")
    })
  )

  it.effect("a condition's predicate and lock", () =>
    Effect.gen(function* () {
      const condition = yield* Condition.make()
      const waiting = Condition.withLock(condition, Condition.waitFor(condition, wrong(true)))
      assert.strictEqual(
        yield* defectOf(waiting),
        "Condition.waitFor: predicate must be a function, got true"
      )
      assert.strictEqual(
        yield* defectOf(Condition.make({ lock: wrong(Object.create(null)) })),
        "Condition.make: lock must be a Lock, got an object"
      )
    })
  )

  it.effect("a borrower without a name can be shown", () =>
    Effect.gen(function* () {
      const limiter = yield* CapacityLimiter.make(1)
      const borrower = Object.create(null)
      const statistics = CapacityLimiter.withToken(limiter, CapacityLimiter.statistics(limiter), { borrower })
      assert.deepStrictEqual((yield* statistics).borrowers, ["[object Object]"])
    })
  )

  it.effect("what a consumer is given", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.unbounded<number>()
      const ok = () => Effect.void
      const consume = (handler: unknown, options: unknown) =>
        defectOf(WorkQueue.consume(queue, wrong(handler), wrong(options)) as Effect.Effect<void>)
      assert.strictEqual(
        yield* consume(ok, undefined),
        "WorkQueue.consume: workers must be an integer >= 1, got undefined"
      )
      assert.strictEqual(
        yield* consume("handler", { workers: 1 }),
        'WorkQueue.consume: handler must be a function, got "handler"'
      )
      assert.strictEqual(
        yield* consume(ok, { workers: 1, onFailure: 5 }),
        "WorkQueue.consume: onFailure must be a function, got 5"
      )
    })
  )

  it.effect("what a handler returns: its item is acknowledged all the same", () =>
    Effect.gen(function* () {
      for (const [value, shown] of noEffects) {
        const queue = yield* WorkQueue.unbounded<number>()
        yield* WorkQueue.offerAll(queue, [1, 2])
        const died = WorkQueue.consume(queue, () => wrongEffect(value), { workers: 1, until: "idle" })
        assert.strictEqual(
          yield* defectOf(died as Effect.Effect<void>),
          `WorkQueue.consume: what handler returns must be an Effect, got ${shown}`
        )
        assert.deepInclude(yield* WorkQueue.statistics(queue), { size: 1, unfinished: 1 })
        const reported: Array<string> = []
        yield* WorkQueue.consume(queue, () => wrongEffect(value), {
          workers: 1,
          until: "idle",
          onFailure: (_, cause) => Effect.sync(() => reported.push((Cause.squash(cause) as Error).message))
        })
        assert.deepStrictEqual(reported, [
          `WorkQueue.consume: what handler returns must be an Effect, got ${shown}`
        ])
        yield* WorkQueue.join(queue)
      }
    })
  )

  it.effect("what onFailure returns: the item is acknowledged all the same", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.unbounded<number>()
      yield* WorkQueue.offer(queue, 1)
      const died = WorkQueue.consume(queue, () => Effect.fail("no"), {
        workers: 1,
        onFailure: () => wrongEffect(5)
      })
      assert.strictEqual(
        yield* defectOf(died as Effect.Effect<void>),
        "WorkQueue.consume: what onFailure returns must be an Effect, got 5"
      )
      yield* WorkQueue.join(queue)
    })
  )

  it.effect("items that are not iterable", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.unbounded<number>()
      const asynchronous = (async function* () {})()
      const items = [null, undefined, 5, { length: 1 }, asynchronous]
      for (const [i, shown] of ["null", "undefined", "5", "an object", "[object AsyncGenerator]"].entries()) {
        assert.strictEqual(
          yield* defectOf(WorkQueue.offerAll(queue, wrong(items[i]))),
          `WorkQueue.offerAll: items must be iterable, got ${shown}`
        )
      }
    })
  )

  it.effect("the wrong end of a channel", () =>
    Effect.gen(function* () {
      const [sender, receiver] = yield* MemoryChannel.make<number>(1, { name: "channel" })
      const uses: Record<string, Effect.Effect<unknown, unknown>> = {
        "send: this is a receiver of channel, not a sender": MemoryChannel.send(wrong(receiver), 1),
        "trySend: this is a receiver of channel, not a sender": MemoryChannel.trySend(wrong(receiver), 1),
        "receive: this is a sender of channel, not a receiver": MemoryChannel.receive(wrong(sender)),
        "tryReceive: this is a sender of channel, not a receiver": MemoryChannel.tryReceive(wrong(sender)),
        "receive: expected a receiver, got 5": MemoryChannel.receive(wrong(5))
      }
      for (const [message, effect] of Object.entries(uses)) {
        assert.strictEqual(yield* defectOf(effect), `MemoryChannel.${message}`)
      }
      assert.deepStrictEqual(yield* MemoryChannel.tryReceive(receiver), Option.none())
      assert.strictEqual(
        yield* defectOf(MemoryChannel.make(1, { onUndelivered: wrong(5) })),
        "MemoryChannel.make: onUndelivered must be a function, got 5"
      )
    })
  )
})
