import { assert, describe, it } from "@effect/vitest"
import { MemoryChannel, WorkQueue } from "@skein/core"
import { Effect, Exit, Fiber, Option } from "effect"

import { interruptNow, settle, spawn } from "../sync/fixtures.ts"

const fork = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.forkChild(effect, { startImmediately: true })

describe("WorkQueue", () => {
  describe("take, interrupted when it has been handed an item", () => {
    it.effect("lifo: the item goes back below those that came after it", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.unbounded<number>({ order: "lifo" })
        const takers = [yield* spawn(WorkQueue.take(queue)), yield* spawn(WorkQueue.take(queue))]
        yield* WorkQueue.offerAll(queue, [1, 2, 3, 4])
        for (const taker of takers.toReversed()) yield* interruptNow(taker)
        assert.deepStrictEqual(yield* WorkQueue.takeUpTo(queue, 9), [4, 3, 2, 1])
      })
    )

    it.effect("nobody is told of the end before: who waits gets the item that comes back", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number, "broken">(1)
        const [first, second, third] = [
          yield* spawn(WorkQueue.take(queue)),
          yield* spawn(WorkQueue.take(queue)),
          yield* spawn(WorkQueue.take(queue))
        ]
        yield* WorkQueue.offer(queue, 1)
        yield* WorkQueue.fail(queue, "broken")
        assert.deepStrictEqual(yield* WorkQueue.tryTake(queue), Option.none())
        const late = yield* fork(WorkQueue.takeUpTo(queue, 2))
        yield* interruptNow(first)
        assert.strictEqual(yield* Fiber.join(second), 1)
        assert.strictEqual(yield* Effect.flip(Fiber.join(third)), "broken")
        assert.strictEqual(yield* Effect.flip(Fiber.join(late)), "broken")
        assert.strictEqual(yield* Effect.flip(WorkQueue.take(queue)), "broken")
      })
    )

    it.effect(
      "after a shutdown, with nobody to take it, the item is left: for a taker, or to be dropped",
      () =>
        Effect.gen(function* () {
          const queue = yield* WorkQueue.bounded<number>(1)
          const taker = yield* spawn(WorkQueue.take(queue))
          yield* WorkQueue.offer(queue, 1)
          yield* WorkQueue.shutdown(queue)
          yield* interruptNow(taker)
          const join = yield* spawn(WorkQueue.join(queue))
          assert.isUndefined(join.pollUnsafe())
          assert.strictEqual(yield* WorkQueue.size(queue), 1)
          yield* WorkQueue.shutdown(queue, { immediate: true })
          yield* Fiber.join(join)
        })
    )

    it.effect("a shutdown at once tells all others at once: what comes back is dropped", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(1)
        const [first, second] = [yield* spawn(WorkQueue.take(queue)), yield* spawn(WorkQueue.take(queue))]
        yield* WorkQueue.offer(queue, 1)
        yield* WorkQueue.shutdown(queue, { immediate: true })
        assert.strictEqual((yield* Effect.flip(WorkQueue.tryTake(queue)))._tag, "QueueShutdown")
        yield* interruptNow(first)
        assert.strictEqual((yield* Effect.flip(Fiber.join(second)))._tag, "QueueShutdown")
        yield* WorkQueue.join(queue)
      })
    )

    it.effect("consume: a worker that waits handles what comes back after the shutdown", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(1)
        const taker = yield* spawn(WorkQueue.take(queue))
        const handled: Array<number> = []
        const consumer = yield* spawn(
          WorkQueue.consume(queue, (n) => Effect.sync(() => handled.push(n)), { workers: 2 })
        )
        yield* WorkQueue.offer(queue, 1)
        yield* WorkQueue.shutdown(queue)
        yield* interruptNow(taker)
        yield* Fiber.join(consumer)
        assert.deepStrictEqual(handled, [1])
        yield* WorkQueue.join(queue)
      })
    )

    it.effect("MemoryChannel: a receiver that waits gets what comes back when all senders are closed", () =>
      Effect.gen(function* () {
        const [sender, receiver] = yield* MemoryChannel.make<number>(1)
        const [first, second] = [
          yield* spawn(MemoryChannel.receive(receiver)),
          yield* spawn(MemoryChannel.receive(receiver))
        ]
        yield* MemoryChannel.send(sender, 1)
        yield* MemoryChannel.close(sender)
        assert.deepStrictEqual(yield* MemoryChannel.tryReceive(receiver), Option.none())
        yield* interruptNow(first)
        assert.strictEqual(yield* Fiber.join(second), 1)
        assert.isTrue(Exit.isFailure(yield* Effect.exit(MemoryChannel.receive(receiver))))
      })
    )
  })

  describe("capacity 0", () => {
    it.effect("tryTake takes from who came first, though its taker has left", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(0)
        const offers = [
          yield* spawn(WorkQueue.offerAll(queue, [1, 2])),
          yield* spawn(WorkQueue.offer(queue, 3)),
          yield* spawn(WorkQueue.offer(queue, 4))
        ]
        const taker = yield* fork(WorkQueue.take(queue))
        yield* interruptNow(taker)
        const taken: Array<number> = []
        for (let i = 0; i < 3; i++) taken.push(Option.getOrThrow(yield* WorkQueue.tryTake(queue)))
        assert.deepStrictEqual(taken, [1, 2, 3])
        yield* settle
        assert.deepStrictEqual(
          offers.map((offer) => offer.pollUnsafe() !== undefined),
          [true, true, false]
        )
        assert.strictEqual(yield* WorkQueue.take(queue), 4)
        assert.deepInclude(yield* WorkQueue.statistics(queue), { offering: [], unfinished: 4 })
      })
    )

    it.effect(
      "more than are resumed in one turn: offers are accepted in order, though takers leave and come",
      () =>
        Effect.gen(function* () {
          const count = 1100
          for (let turns = 0; turns < 4; turns++) {
            const queue = yield* WorkQueue.bounded<number>(0)
            const accepted: Array<number> = []
            const offers = yield* Effect.forEach(Array.from({ length: count }), (_, n) =>
              fork(Effect.map(WorkQueue.offer(queue, n), () => void accepted.push(n)))
            )
            // In one step: nobody is resumed in between.
            const come = () => Array.from({ length: count }, () => Effect.runFork(WorkQueue.take(queue)))
            for (const taker of come()) taker.interruptUnsafe()
            for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow
            come()
            yield* Fiber.joinAll(offers)
            assert.deepStrictEqual(
              accepted,
              Array.from(accepted, (_, n) => n)
            )
          }
        })
    )
  })
})
