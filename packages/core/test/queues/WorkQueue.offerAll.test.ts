import { assert, describe, it } from "@effect/vitest"
import { WorkQueue } from "@skein/core"
import { InterruptSweep } from "@skein/testing"
import { Cause, Effect, Exit, Fiber, Option } from "effect"

import { defect, interrupted, interruptNow, settle, spawn } from "../sync/fixtures.ts"

/** Endless, and tells how far it was read and whether it was closed. */
const endless = (end?: { readonly at: number; readonly with: () => void }) => {
  const seen = { read: 0, closed: 0 }
  const items = (function* () {
    try {
      while (true) {
        if (seen.read === end?.at) end.with()
        yield ++seen.read
      }
    } finally {
      seen.closed++
    }
  })()
  return { seen, items }
}

const boom = () => {
  throw new Error("boom")
}

const left = <A, E>(queue: WorkQueue.WorkQueue<A, E>) =>
  Effect.gen(function* () {
    const items: Array<A> = []
    while ((yield* WorkQueue.size(queue)) > 0) items.push(yield* WorkQueue.take(queue))
    return items
  })

describe("WorkQueue", () => {
  describe("offerAll of an iterator", () => {
    for (const capacity of [0, 1, 3]) {
      it.effect(`endless: read as there is room, and one ahead (capacity ${capacity})`, () =>
        Effect.gen(function* () {
          const queue = yield* WorkQueue.bounded<number>(capacity)
          const { items, seen } = endless()
          const offerer = yield* spawn(WorkQueue.offerAll(queue, items))
          assert.strictEqual(seen.read, capacity + 1)
          const taken: Array<number> = []
          for (let i = 0; i < 10; i++) taken.push(yield* WorkQueue.take(queue))
          yield* settle
          assert.deepStrictEqual(taken, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
          assert.strictEqual(seen.read, 10 + capacity + 1)
          assert.strictEqual(seen.closed, 0)
          yield* Fiber.interrupt(offerer)
          assert.strictEqual(seen.closed, 1)
          assert.strictEqual((yield* left(queue)).length, capacity)
          assert.deepInclude(yield* WorkQueue.statistics(queue), { offering: [], size: 0 })
        })
      )
    }

    it.effect("that ends with the room is in at once; nothing to offer is offered to whatever queue", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(3)
        yield* WorkQueue.offerAll(queue, [1, 2, 3].values())
        assert.deepStrictEqual(yield* left(queue), [1, 2, 3])
        yield* WorkQueue.shutdown(queue)
        yield* WorkQueue.offerAll(queue, [].values())
        yield* WorkQueue.offerAll(queue, new Set())
      })
    )

    it.effect("keeps its place among those who wait, then leaves it to the next", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(2)
        yield* WorkQueue.offer(queue, 0)
        const fibers = [
          yield* spawn(WorkQueue.offerAll(queue, [1, 2, 3, 4].values())),
          yield* spawn(WorkQueue.offer(queue, 5)),
          yield* spawn(WorkQueue.offerAll(queue, [6, 7].values()))
        ]
        const taken: Array<number> = []
        while (taken.length < 8) taken.push(...(yield* WorkQueue.takeUpTo(queue, 2)))
        assert.deepStrictEqual(taken, [0, 1, 2, 3, 4, 5, 6, 7])
        yield* Fiber.joinAll(fibers)
      })
    )

    it.effect("capacity 0: tryTake reads on", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(0)
        const offerer = yield* spawn(WorkQueue.offerAll(queue, [1, 2].values()))
        assert.deepStrictEqual(yield* WorkQueue.tryTake(queue), Option.some(1))
        assert.deepStrictEqual(yield* WorkQueue.tryTake(queue), Option.some(2))
        assert.deepStrictEqual(yield* WorkQueue.tryTake(queue), Option.none())
        yield* Fiber.join(offerer)
      })
    )

    it.effect("that throws: dies of it, and what was read before is in", () =>
      Effect.gen(function* () {
        for (const capacity of [0, 2, 9]) {
          const queue = yield* WorkQueue.bounded<number>(capacity)
          const offerer = yield* Effect.forkChild(
            WorkQueue.offerAll(queue, endless({ at: 3, with: boom }).items)
          )
          const taken: Array<number> = []
          while (taken.length < 3) taken.push(yield* WorkQueue.take(queue))
          assert.strictEqual(defect(yield* Fiber.await(offerer)), "boom")
          assert.deepStrictEqual(taken, [1, 2, 3])
          assert.deepInclude(yield* WorkQueue.statistics(queue), { offering: [], unfinished: 3 })
        }
        const queue = yield* WorkQueue.bounded<number>(0)
        const offerer = yield* spawn(WorkQueue.offerAll(queue, endless({ at: 1, with: boom }).items))
        assert.deepStrictEqual(yield* WorkQueue.tryTake(queue), Option.some(1))
        assert.strictEqual(defect(yield* Fiber.await(offerer)), "boom")
      })
    )

    it.effect("is closed when the queue refuses, before it was read further or while it waits", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(1)
        const { items, seen } = endless()
        const offerer = yield* spawn(WorkQueue.offerAll(queue, items))
        yield* WorkQueue.shutdown(queue)
        assert.strictEqual((yield* Effect.flip(Fiber.join(offerer)))._tag, "QueueShutdown")
        assert.deepStrictEqual(seen, { read: 2, closed: 1 })
        const late = endless()
        assert.strictEqual((yield* Effect.flip(WorkQueue.offerAll(queue, late.items)))._tag, "QueueShutdown")
        assert.deepStrictEqual(late.seen, { read: 1, closed: 1 })
      })
    )

    it.effect("that shuts the queue down itself is refused then", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(9)
        const { items, seen } = endless({
          at: 2,
          with: () => Effect.runSync(WorkQueue.shutdown(queue))
        })
        assert.strictEqual((yield* Effect.flip(WorkQueue.offerAll(queue, items)))._tag, "QueueShutdown")
        assert.deepStrictEqual(seen, { read: 3, closed: 1 })
        assert.deepStrictEqual(yield* left(queue), [1, 2])
      })
    )

    it.effect("whose cleanup throws: that is not lost", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(1)
        const items = (function* () {
          try {
            while (true) yield 1
          } finally {
            boom()
          }
        })()
        const offerer = yield* spawn(WorkQueue.offerAll(queue, items))
        yield* interruptNow(offerer)
        const exit = yield* Fiber.await(offerer)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause))
        assert.strictEqual(defect(exit), "boom")
      })
    )

    it.effect("in a handler of the queue all is read at once", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(1)
        yield* WorkQueue.offer(queue, 0)
        const handled: Array<number> = []
        yield* WorkQueue.consume(
          queue,
          (n) => {
            handled.push(n)
            return n === 0 ? WorkQueue.offerAll(queue, [1, 2, 3].values()) : Effect.void
          },
          { workers: 1, until: "idle" }
        )
        assert.deepStrictEqual(handled, [0, 1, 2, 3])
      })
    )

    it.effect(
      "endless, into an unbounded queue: others run in between, until it is interrupted or refused",
      () =>
        Effect.gen(function* () {
          for (const stop of ["interrupt", "shutdown"] as const) {
            const queue = yield* WorkQueue.unbounded<number>()
            const { items, seen } = endless({ at: 1e6, with: boom })
            const offerer = yield* spawn(WorkQueue.offerAll(queue, items))
            yield* WorkQueue.offer(queue, -1)
            yield* stop === "shutdown" ? WorkQueue.shutdown(queue) : interruptNow(offerer)
            const exit = yield* Fiber.await(offerer)
            assert.strictEqual(interrupted(exit), stop === "interrupt")
            assert.isBelow(seen.read, 1e6)
            assert.strictEqual(seen.closed, 1)
            const all = yield* left(queue)
            const own = all.filter((item) => item > 0)
            assert.deepStrictEqual([all.length, own.length], [seen.read, seen.read - 1])
            assert.deepStrictEqual(
              own,
              own.map((_, i) => i + 1)
            )
          }
        })
    )

    it.effect(
      "endless, in a handler of the queue: the other workers go on, and it ends with the consumer",
      () =>
        Effect.gen(function* () {
          const queue = yield* WorkQueue.bounded<number>(1)
          yield* WorkQueue.offer(queue, 0)
          const { items, seen } = endless({ at: 1e6, with: boom })
          const handler = (n: number): Effect.Effect<void, string | WorkQueue.QueueShutdown> => {
            if (n === 0) return WorkQueue.offerAll(queue, items)
            return n === 3000 ? Effect.fail("enough") : Effect.void
          }
          const failed = yield* Effect.flip(WorkQueue.consume(queue, handler, { workers: 2 }))
          assert.strictEqual(failed, "enough")
          assert.isBelow(seen.read, 1e6)
          assert.strictEqual(seen.closed, 1)
        })
    )

    it.effect("interrupted anywhere: what is in are its first items, and it is closed", () =>
      InterruptSweep.run({
        setup: Effect.gen(function* () {
          const queue = yield* WorkQueue.bounded<number>(1)
          const taken: Array<number> = []
          const take = Effect.map(WorkQueue.take(queue), (item) => taken.push(item))
          yield* Effect.forkDetach(Effect.andThen(Effect.yieldNow, Effect.andThen(take, take)))
          return { queue, taken, ...endless({ at: 5, with: boom }) }
        }),
        subject: ({ items, queue }) => WorkQueue.offerAll(queue, items),
        check: ({ queue, seen, taken }, exit) =>
          Effect.gen(function* () {
            assert.isTrue(interrupted(exit))
            yield* settle
            const all = [...taken, ...(yield* left(queue))]
            assert.deepStrictEqual(
              all,
              all.map((_, i) => i + 1)
            )
            assert.strictEqual(seen.closed, seen.read === 0 ? 0 : 1)
            assert.isAtMost(seen.read, all.length + 1)
            assert.deepInclude(yield* WorkQueue.statistics(queue), { offering: [] })
          })
      })
    )
  })
})
