import { assert, describe, it } from "@effect/vitest"
import { CancelScope, WorkQueue } from "@skein/core"
import { Effect, Fiber, Option } from "effect"

import { defectOf, interrupted, interruptNow, note, settle, spawn } from "../sync/fixtures.ts"

const shutDown = (queue: string) => new WorkQueue.QueueShutdown({ queue })
const tag = (effect: Effect.Effect<unknown, { readonly _tag: string }>) =>
  Effect.match(effect, { onFailure: (error) => error._tag, onSuccess: () => "success" })

describe("conformance: queue", () => {
  it.effect("QU-001: a full queue suspends the offer until a take; the non-blocking offer says no", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(2)
      yield* WorkQueue.offerAll(queue, [1, 2])
      assert.isFalse(yield* WorkQueue.tryOffer(queue, 3))
      const third = yield* spawn(WorkQueue.offer(queue, 3))
      assert.isUndefined(third.pollUnsafe())
      assert.strictEqual(yield* WorkQueue.take(queue), 1)
      yield* Fiber.join(third)
      assert.deepStrictEqual(yield* WorkQueue.takeUpTo(queue, 9), [2, 3])
    })
  )

  it.effect("QU-002: an empty queue suspends the take until an offer; the non-blocking take says no", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(2)
      assert.deepStrictEqual(yield* WorkQueue.tryTake(queue), Option.none())
      const taker = yield* spawn(WorkQueue.take(queue))
      assert.isUndefined(taker.pollUnsafe())
      yield* WorkQueue.offer(queue, 1)
      assert.strictEqual(yield* Fiber.join(taker), 1)
    })
  )

  it.effect("QU-004: of two takers the first is cancelled: the second gets the item", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(2)
      const first = yield* spawn(WorkQueue.take(queue))
      const second = yield* spawn(WorkQueue.take(queue))
      yield* Fiber.interrupt(first)
      yield* WorkQueue.offer(queue, 1)
      assert.strictEqual(yield* Fiber.join(second), 1)
    })
  )

  it.effect("QU-007: a woken taker owns the item: the non-blocking take says no", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(2)
      const taker = yield* spawn(WorkQueue.take(queue))
      yield* WorkQueue.offer(queue, 1)
      assert.deepStrictEqual(yield* WorkQueue.tryTake(queue), Option.none())
      assert.strictEqual(yield* Fiber.join(taker), 1)
    })
  )

  it.effect("QU-007: a woken taker that is cancelled leaves the item to the next, in front", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(3)
      const taker = yield* spawn(WorkQueue.take(queue))
      yield* WorkQueue.offerAll(queue, [1, 2])
      yield* interruptNow(taker)
      assert.deepStrictEqual(yield* WorkQueue.takeUpTo(queue, 9), [1, 2])
      const [first, second] = [yield* spawn(WorkQueue.take(queue)), yield* spawn(WorkQueue.take(queue))]
      yield* WorkQueue.offer(queue, 3)
      yield* interruptNow(first)
      assert.strictEqual(yield* Fiber.join(second), 3)
    })
  )

  it.effect("QU-008: a waiting offer cancelled when room appears: it is not in, the room is free", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<string>(1)
      yield* WorkQueue.offer(queue, "a")
      const offerer = yield* spawn(WorkQueue.offer(queue, "b"))
      assert.strictEqual(yield* WorkQueue.take(queue), "a")
      yield* interruptNow(offerer)
      assert.isTrue(interrupted(yield* Fiber.await(offerer)))
      assert.isTrue(yield* WorkQueue.tryOffer(queue, "c"))
      assert.deepStrictEqual(yield* WorkQueue.takeUpTo(queue, 9), ["c"])
    })
  )

  it.effect("QU-008: cancelled first, then room appears: the same", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<string>(1)
      yield* WorkQueue.offer(queue, "a")
      const offerer = yield* spawn(WorkQueue.offer(queue, "b"))
      yield* interruptNow(offerer)
      assert.strictEqual(yield* WorkQueue.take(queue), "a")
      yield* settle
      assert.strictEqual(yield* WorkQueue.size(queue), 0)
    })
  )

  it.effect("QU-009: of three waiting offers the last is cancelled: the others complete in order", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(1)
      const log: Array<number> = []
      yield* WorkQueue.offer(queue, 0)
      const offer = (n: number) => Effect.andThen(WorkQueue.offer(queue, n), note(log)(n))
      yield* spawn(offer(1))
      yield* spawn(offer(2))
      const third = yield* spawn(offer(3))
      yield* Fiber.interrupt(third)
      const taken = []
      for (let i = 0; i < 3; i++) {
        taken.push(yield* WorkQueue.take(queue))
        yield* settle
      }
      assert.deepStrictEqual(taken, [0, 1, 2])
      assert.deepStrictEqual(log, [1, 2])
      assert.strictEqual(yield* WorkQueue.size(queue), 0)
    })
  )

  it.effect("QU-011: the room that a take makes belongs to who waits: a new non-blocking offer says no", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(1)
      yield* WorkQueue.offer(queue, 1)
      const waiting = yield* spawn(WorkQueue.offer(queue, 2))
      assert.strictEqual(yield* WorkQueue.take(queue), 1)
      assert.isFalse(yield* WorkQueue.tryOffer(queue, 3))
      yield* Fiber.join(waiting)
      assert.deepStrictEqual(yield* WorkQueue.takeUpTo(queue, 9), [2])
    })
  )

  it.effect(
    "QU-013: join returns after every item was taken and acknowledged, at once when there is none",
    () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(2)
        yield* WorkQueue.join(queue)
        yield* WorkQueue.join(queue)
        yield* WorkQueue.offerAll(queue, [1, 2])
        const joiner = yield* spawn(WorkQueue.join(queue))
        yield* WorkQueue.takeUpTo(queue, 2)
        yield* WorkQueue.done(queue)
        yield* settle
        assert.isUndefined(joiner.pollUnsafe())
        yield* WorkQueue.done(queue)
        yield* Fiber.join(joiner)
      })
  )

  it.effect("QU-014: done once too often dies", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(2, { name: "q" })
      const message = "WorkQueue.done: every item taken from q is acknowledged already"
      assert.strictEqual(yield* defectOf(WorkQueue.done(queue)), message)
      yield* WorkQueue.offer(queue, 1)
      assert.strictEqual(yield* defectOf(WorkQueue.done(queue)), message)
      yield* WorkQueue.take(queue)
      yield* WorkQueue.done(queue)
      assert.strictEqual(yield* defectOf(WorkQueue.done(queue)), message)
    })
  )

  it.effect("QU-016: a shutdown fails waiting offers at once, keeps what is queued, then ends takers", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(1, { name: "q" })
      yield* WorkQueue.offer(queue, 1)
      const waiting = yield* spawn(WorkQueue.offer(queue, 2))
      yield* WorkQueue.shutdown(queue)
      assert.deepStrictEqual(yield* Effect.flip(Fiber.join(waiting)), shutDown("q"))
      assert.strictEqual(yield* tag(WorkQueue.offer(queue, 3)), "QueueShutdown")
      assert.strictEqual(yield* tag(WorkQueue.tryOffer(queue, 3)), "QueueShutdown")
      assert.strictEqual(yield* WorkQueue.take(queue), 1)
      for (const take of [WorkQueue.take(queue), WorkQueue.tryTake(queue), WorkQueue.takeUpTo(queue, 1)]) {
        assert.strictEqual(yield* tag(take), "QueueShutdown")
      }
    })
  )

  it.effect("QU-016: so does a shutdown between the hand-over of a place and its use", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(1, { name: "q" })
      yield* WorkQueue.offer(queue, 1)
      const waiting = yield* spawn(WorkQueue.offer(queue, 2))
      yield* WorkQueue.take(queue)
      yield* WorkQueue.shutdown(queue)
      assert.deepStrictEqual(yield* Effect.flip(Fiber.join(waiting)), shutDown("q"))
      assert.strictEqual(yield* WorkQueue.size(queue), 0)
    })
  )

  it.effect("QU-017: join of a queue that was shut down waits for what was taken last", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(1)
      yield* WorkQueue.offer(queue, 1)
      yield* WorkQueue.shutdown(queue)
      yield* WorkQueue.take(queue)
      const joiner = yield* spawn(WorkQueue.join(queue))
      assert.isUndefined(joiner.pollUnsafe())
      yield* WorkQueue.done(queue)
      yield* Fiber.join(joiner)
      assert.include(yield* defectOf(WorkQueue.done(queue)), "acknowledged already")
    })
  )

  it.effect("QU-018: an immediate shutdown drops what is queued, which counts as dealt with", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(3)
      yield* WorkQueue.offerAll(queue, [1, 2, 3])
      const joiner = yield* spawn(WorkQueue.join(queue))
      yield* WorkQueue.shutdown(queue, { immediate: true })
      yield* Fiber.join(joiner)
      assert.strictEqual(yield* tag(WorkQueue.take(queue)), "QueueShutdown")
    })
  )

  it.effect("QU-019: an immediate shutdown leaves what was taken to be acknowledged, once", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(3)
      yield* WorkQueue.offerAll(queue, [1, 2])
      yield* WorkQueue.take(queue)
      yield* WorkQueue.shutdown(queue, { immediate: true })
      const joiner = yield* spawn(WorkQueue.join(queue))
      assert.isUndefined(joiner.pollUnsafe())
      yield* WorkQueue.done(queue)
      yield* Fiber.join(joiner)
      assert.include(yield* defectOf(WorkQueue.done(queue)), "acknowledged already")
    })
  )

  it.effect("QU-020: in a cancelled scope neither a take nor an offer happens", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(3)
      yield* WorkQueue.offer(queue, 1)
      for (const operation of [WorkQueue.take(queue), WorkQueue.offer(queue, 2)]) {
        yield* CancelScope.run((scope) => Effect.andThen(CancelScope.cancel(scope), operation))
      }
      assert.deepStrictEqual(yield* WorkQueue.takeUpTo(queue, 9), [1])
    })
  )
})
