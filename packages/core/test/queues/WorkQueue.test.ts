import { assert, describe, it } from "@effect/vitest"
import { WorkQueue } from "@skein/core"
import { InterruptSweep } from "@skein/testing"
import { Effect, Exit, Fiber, Option, Order } from "effect"

import { defectOf, settle, spawn } from "../sync/fixtures.ts"

const all = <A, E>(queue: WorkQueue.WorkQueue<A, E>) =>
  Effect.gen(function* () {
    const items: Array<A> = []
    while ((yield* WorkQueue.size(queue)) > 0) items.push(yield* WorkQueue.take(queue))
    return items
  })

describe("WorkQueue", () => {
  describe("bounded", () => {
    it.effect("dies for what is no capacity", () =>
      Effect.gen(function* () {
        for (const capacity of [-1, 0.5, Number.NaN]) {
          assert.strictEqual(
            yield* defectOf(WorkQueue.bounded(capacity)),
            `WorkQueue.bounded: capacity must be an integer >= 0, got ${capacity}`
          )
        }
        assert.strictEqual(
          yield* defectOf(WorkQueue.bounded(1, { order: "filo" as "lifo" })),
          'WorkQueue.bounded: order must be "fifo", "lifo" or an Order, got filo'
        )
        assert.strictEqual((yield* WorkQueue.bounded(4, { name: "q" })).capacity, 4)
        assert.strictEqual((yield* WorkQueue.unbounded({ name: "q" })).name, "q")
      })
    )

    it.effect("hands out in the order asked for", () =>
      Effect.gen(function* () {
        const items = [5, 1, 4, 1, 3]
        const run = (options?: WorkQueue.Options<number>) =>
          Effect.gen(function* () {
            const queue = yield* WorkQueue.bounded<number>(10, options)
            yield* WorkQueue.offerAll(queue, items)
            return yield* all(queue)
          })
        assert.deepStrictEqual(yield* run(), items)
        assert.deepStrictEqual(yield* run({ order: "lifo" }), items.toReversed())
        assert.deepStrictEqual(yield* run({ order: Order.Number }), [1, 1, 3, 4, 5])
        assert.deepStrictEqual(yield* run({ order: Order.flip(Order.Number) }), [5, 4, 3, 1, 1])
      })
    )

    it.effect("an item that the order throws at is not in, and takes nothing along", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<{ readonly at?: string }>(4, {
          order: (a, b) => (a.at!.localeCompare(b.at!) < 0 ? -1 : 1)
        })
        for (const at of ["b", "a"]) yield* WorkQueue.offer(queue, { at })
        assert.include(yield* defectOf(WorkQueue.offer(queue, {})), "localeCompare")
        assert.include(
          yield* defectOf(WorkQueue.offerAll(queue, [{ at: "c" }, {}, { at: "d" }])),
          "localeCompare"
        )
        assert.deepInclude(yield* WorkQueue.statistics(queue), { size: 3, unfinished: 3 })
        assert.deepStrictEqual(yield* all(queue), [{ at: "a" }, { at: "b" }, { at: "c" }])
        for (let i = 0; i < 3; i++) yield* WorkQueue.done(queue)
        yield* WorkQueue.join(queue)
      })
    )

    it.effect("equals come out in order of arrival, also after one was given back", () =>
      Effect.gen(function* () {
        interface Job {
          readonly priority: number
          readonly id: string
        }
        const order = Order.mapInput(Order.Number, (job: Job) => job.priority)
        const queue = yield* WorkQueue.unbounded<Job>({ order })
        const taker = yield* spawn(WorkQueue.take(queue))
        yield* WorkQueue.offerAll(queue, [
          { priority: 1, id: "a" },
          { priority: 1, id: "b" },
          { priority: 0, id: "c" }
        ])
        taker.interruptUnsafe()
        const jobs = yield* all(queue)
        assert.deepStrictEqual(
          jobs.map((job) => job.id),
          ["c", "a", "b"]
        )
      })
    )

    it.effect("keeps order over many more items than it began with", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.unbounded<number>()
        const items = Array.from({ length: 1000 }, (_, i) => i)
        const taken: Array<number> = []
        for (let i = 0; i < 1000; i += 10) {
          yield* WorkQueue.offerAll(queue, items.slice(i, i + 10))
          for (let k = 0; k < 7; k++) taken.push(yield* WorkQueue.take(queue))
        }
        taken.push(...(yield* all(queue)))
        assert.deepStrictEqual(taken, items)
      })
    )
  })

  describe("capacity 0", () => {
    it.effect("an item goes from hand to hand; neither side returns alone", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(0)
        assert.isFalse(yield* WorkQueue.tryOffer(queue, 0))
        const offerer = yield* spawn(WorkQueue.offer(queue, 1))
        assert.isUndefined(offerer.pollUnsafe())
        assert.strictEqual(yield* WorkQueue.take(queue), 1)
        yield* Fiber.join(offerer)
        const taker = yield* spawn(WorkQueue.take(queue))
        assert.isTrue(yield* WorkQueue.tryOffer(queue, 2))
        assert.strictEqual(yield* Fiber.join(taker), 2)
        const third = yield* spawn(WorkQueue.offer(queue, 3))
        assert.deepStrictEqual(yield* WorkQueue.tryTake(queue), Option.some(3))
        yield* Fiber.join(third)
      })
    )

    it.effect("a taker that leaves before the item comes leaves the offerer waiting, in its place", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(0)
        const offerers = [yield* spawn(WorkQueue.offer(queue, 1)), yield* spawn(WorkQueue.offer(queue, 2))]
        const takers = [
          yield* Effect.forkChild(WorkQueue.take(queue), { startImmediately: true }),
          yield* Effect.forkChild(WorkQueue.take(queue), { startImmediately: true })
        ]
        for (const taker of takers) taker.interruptUnsafe()
        yield* settle
        assert.strictEqual((yield* WorkQueue.statistics(queue)).offering.length, 2)
        assert.deepStrictEqual([yield* WorkQueue.take(queue), yield* WorkQueue.take(queue)], [1, 2])
        yield* Fiber.joinAll(offerers)
      })
    )
  })

  describe("offerAll", () => {
    it.effect("keeps its place until the last item is in", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(2)
        const many = yield* spawn(WorkQueue.offerAll(queue, [1, 2, 3, 4, 5]))
        const one = yield* spawn(WorkQueue.offer(queue, 6))
        const taken: Array<number> = []
        while (taken.length < 6) taken.push(yield* WorkQueue.take(queue))
        assert.deepStrictEqual(taken, [1, 2, 3, 4, 5, 6])
        yield* Fiber.joinAll([many, one])
      })
    )

    it.effect("interrupted, a prefix is in", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(2)
        const many = yield* spawn(WorkQueue.offerAll(queue, new Set([1, 2, 3, 4])))
        yield* Fiber.interrupt(many)
        assert.deepStrictEqual(yield* all(queue), [1, 2])
        yield* WorkQueue.offerAll(queue, [])
      })
    )

    it.effect("refused in the middle, it fails and a prefix is in", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(2)
        const many = yield* spawn(WorkQueue.offerAll(queue, [1, 2, 3, 4]))
        yield* WorkQueue.shutdown(queue)
        assert.strictEqual((yield* Effect.flip(Fiber.join(many)))._tag, "QueueShutdown")
        assert.deepStrictEqual(yield* all(queue), [1, 2])
      })
    )
  })

  describe("takeUpTo", () => {
    it.effect("takes what is there, waits for one when there is nothing, lets offers in", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(3)
        const taker = yield* spawn(WorkQueue.takeUpTo(queue, 4))
        const offerer = yield* spawn(WorkQueue.offerAll(queue, [1, 2, 3, 4, 5, 6]))
        assert.deepStrictEqual(yield* Fiber.join(taker), [1, 2, 3, 4])
        yield* settle
        assert.deepStrictEqual(yield* WorkQueue.takeUpTo(queue, 1), [5])
        assert.deepStrictEqual(yield* WorkQueue.takeUpTo(queue, Infinity), [6])
        yield* Fiber.join(offerer)
        assert.strictEqual(
          yield* defectOf(WorkQueue.takeUpTo(queue, 0)),
          "WorkQueue.takeUpTo: n must be an integer or Infinity >= 1, got 0"
        )
      })
    )
  })

  describe("shutdown", () => {
    it.effect("tells waiting takers and offerers at once, and can be repeated", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(1)
        const takers = [
          yield* spawn(Effect.asVoid(WorkQueue.take(queue))),
          yield* spawn(Effect.asVoid(WorkQueue.takeUpTo(queue, 2)))
        ]
        yield* WorkQueue.shutdown(queue)
        yield* WorkQueue.shutdown(queue)
        for (const taker of takers) {
          assert.strictEqual((yield* Effect.flip(Fiber.join(taker)))._tag, "QueueShutdown")
        }
        yield* WorkQueue.join(queue)
      })
    )

    it.effect("an item that comes back after it is still there, and counts for the high-water mark", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(3)
        const taker = yield* spawn(WorkQueue.take(queue))
        yield* WorkQueue.offer(queue, 1)
        yield* WorkQueue.shutdown(queue)
        taker.interruptUnsafe()
        assert.deepInclude(yield* WorkQueue.statistics(queue), { size: 1, maxSize: 1, unfinished: 1 })
        assert.strictEqual(yield* WorkQueue.take(queue), 1)
      })
    )

    it.effect("at once, after one that was not: drops what is left, and what comes back", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(3)
        const taker = yield* spawn(WorkQueue.take(queue))
        yield* WorkQueue.offerAll(queue, [1, 2])
        yield* WorkQueue.shutdown(queue)
        yield* WorkQueue.shutdown(queue, { immediate: true })
        taker.interruptUnsafe()
        yield* WorkQueue.join(queue)
        assert.deepInclude(yield* WorkQueue.statistics(queue), { size: 0, unfinished: 0 })
      })
    )
  })

  describe("fail", () => {
    it.effect("takers get what is left, then the error; offers fail with QueueShutdown", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number, string>(2)
        yield* WorkQueue.offer(queue, 1)
        yield* WorkQueue.fail(queue, "boom")
        yield* WorkQueue.fail(queue, "later")
        assert.strictEqual((yield* Effect.flip(WorkQueue.offer(queue, 2)))._tag, "QueueShutdown")
        const joiner = yield* spawn(WorkQueue.join(queue))
        assert.strictEqual(yield* WorkQueue.take(queue), 1)
        assert.strictEqual(yield* Effect.flip(WorkQueue.take(queue)), "boom")
        assert.isUndefined(joiner.pollUnsafe())
        yield* WorkQueue.done(queue)
        assert.strictEqual(yield* Effect.flip(Fiber.join(joiner)), "boom")
      })
    )
  })

  describe("producing", () => {
    it.effect("join inside dies: it would wait for itself; another queue may be joined", () =>
      Effect.gen(function* () {
        const [queue, other] = [yield* WorkQueue.unbounded({ name: "q" }), yield* WorkQueue.unbounded()]
        const joining = WorkQueue.producing(queue, Effect.andThen(Effect.yieldNow, WorkQueue.join(queue)))
        assert.match(
          yield* defectOf(joining),
          /^WorkQueue.join: fiber:\d+ is producing for q, it would wait for itself$/
        )
        yield* WorkQueue.join(queue)
        yield* Effect.forkChild(WorkQueue.producing(other, settle), { startImmediately: true })
        yield* WorkQueue.producing(queue, WorkQueue.join(other))
      })
    )

    it.effect("counts as unfinished while it runs, however it ends", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(2)
        const producer = yield* spawn(WorkQueue.producing(queue, Effect.never))
        const joiner = yield* spawn(WorkQueue.join(queue))
        assert.isUndefined(joiner.pollUnsafe())
        yield* Fiber.interrupt(producer)
        yield* Fiber.join(joiner)
        assert.deepStrictEqual(yield* Effect.exit(WorkQueue.producing(queue, Effect.fail(1))), Exit.fail(1))
        yield* WorkQueue.join(queue)
      })
    )
  })

  describe("offer", () => {
    it.effect("a place whose offerer is cancelled goes to the next who waits", () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(1)
        yield* WorkQueue.offer(queue, 1)
        const [first, second] = [
          yield* spawn(WorkQueue.offer(queue, 2)),
          yield* spawn(WorkQueue.offer(queue, 3))
        ]
        yield* WorkQueue.take(queue)
        first.interruptUnsafe()
        yield* Fiber.join(second)
        assert.deepStrictEqual(yield* all(queue), [3])
      })
    )

    it.effect(
      "a newcomer does not pass one who has a place and has not gone on, though there is more room",
      () =>
        Effect.gen(function* () {
          const queue = yield* WorkQueue.bounded<number>(2)
          yield* WorkQueue.offerAll(queue, [1, 2])
          const waiting = yield* spawn(WorkQueue.offer(queue, 3))
          yield* WorkQueue.takeUpTo(queue, 2)
          assert.isFalse(yield* WorkQueue.tryOffer(queue, 4))
          yield* WorkQueue.offer(queue, 5)
          yield* Fiber.join(waiting)
          assert.deepStrictEqual(yield* all(queue), [3, 5])
        })
    )
  })

  describe("cancellation", () => {
    /** What was offered is what was taken and what is left; nothing waits; the queue works. */
    const conserved = (queue: WorkQueue.WorkQueue<number>, offered: Array<number>, taken: Array<number>) =>
      Effect.gen(function* () {
        yield* settle
        const left = yield* all(queue)
        assert.deepStrictEqual([...taken, ...left], offered)
        assert.deepInclude(yield* WorkQueue.statistics(queue), { offering: [], taking: [] })
        yield* Effect.forkChild(WorkQueue.offer(queue, 99))
        assert.strictEqual(yield* WorkQueue.take(queue), 99)
      })

    for (const capacity of [0, 1, 2]) {
      it.effect(`take is cancel-safe (capacity ${capacity})`, () =>
        InterruptSweep.run({
          setup: Effect.gen(function* () {
            const queue = yield* WorkQueue.bounded<number>(capacity)
            const offered: Array<number> = []
            const produce = Effect.forEach([1, 2, 3], (n) =>
              Effect.andThen(
                WorkQueue.offer(queue, n),
                Effect.sync(() => offered.push(n))
              )
            )
            yield* Effect.forkDetach(produce)
            return { queue, offered, taken: [] as Array<number> }
          }),
          subject: ({ queue, taken }) =>
            Effect.forEach([1, 2], () =>
              Effect.map(WorkQueue.take(queue), (item) => {
                taken.push(item)
              })
            ),
          check: ({ offered, queue, taken }) =>
            Effect.gen(function* () {
              yield* settle
              const rest: Array<number> = []
              while (taken.length + rest.length < 3) rest.push(yield* WorkQueue.take(queue))
              yield* conserved(queue, [1, 2, 3], [...taken, ...rest])
              assert.deepStrictEqual(offered, [1, 2, 3])
            })
        })
      )

      it.effect(`offer is cancel-safe (capacity ${capacity})`, () =>
        InterruptSweep.run({
          setup: Effect.gen(function* () {
            const queue = yield* WorkQueue.bounded<number>(capacity)
            const taken: Array<number> = []
            const consume = Effect.forever(Effect.map(WorkQueue.take(queue), (item) => taken.push(item)))
            yield* Effect.forkDetach(Effect.andThen(Effect.yieldNow, consume))
            return { queue, taken, offered: [] as Array<number> }
          }),
          subject: ({ offered, queue }) =>
            Effect.forEach([1, 2, 3, 4], (n) =>
              Effect.map(WorkQueue.offer(queue, n), () => {
                offered.push(n)
              })
            ),
          check: ({ offered, queue, taken }) =>
            Effect.gen(function* () {
              yield* settle
              assert.deepStrictEqual(taken, offered)
              assert.deepInclude(yield* WorkQueue.statistics(queue), { size: 0, offering: [] })
            })
        })
      )
    }

    it.effect("takeUpTo, join, tryTake and tryOffer are cancel-safe", () =>
      InterruptSweep.run({
        setup: Effect.gen(function* () {
          const queue = yield* WorkQueue.bounded<number>(2)
          yield* Effect.forkDetach(Effect.andThen(Effect.yieldNow, WorkQueue.offerAll(queue, [1, 2, 3])))
          return { queue, taken: [] as Array<number>, extra: [] as Array<number> }
        }),
        subject: ({ extra, queue, taken }) =>
          Effect.gen(function* () {
            taken.push(...(yield* WorkQueue.takeUpTo(queue, 2)))
            const next = yield* WorkQueue.tryTake(queue)
            if (Option.isSome(next)) taken.push(next.value)
            if (yield* WorkQueue.tryOffer(queue, 4)) extra.push(4)
            yield* WorkQueue.join(queue)
          }),
        check: ({ extra, queue, taken }) =>
          Effect.gen(function* () {
            yield* settle
            const left = [...taken, ...(yield* all(queue))]
            yield* settle
            left.push(...(yield* all(queue)))
            assert.deepStrictEqual(left.toSorted(), [1, 2, 3, ...extra])
          })
      })
    )
  })

  it.effect("statistics: size, unfinished, high-water mark, who waits", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(2)
      yield* WorkQueue.offerAll(queue, [1, 2])
      const offerer = yield* spawn(WorkQueue.offer(queue, 3))
      assert.deepStrictEqual(yield* WorkQueue.statistics(queue), {
        size: 2,
        unfinished: 2,
        maxSize: 2,
        offering: [`fiber:${offerer.id}`],
        taking: []
      })
      yield* WorkQueue.take(queue)
      assert.deepInclude(yield* WorkQueue.statistics(queue), { size: 1, unfinished: 2 })
      yield* Fiber.join(offerer)
      yield* all(queue)
      const taker = yield* spawn(WorkQueue.take(queue))
      assert.deepInclude(yield* WorkQueue.statistics(queue), {
        size: 0,
        unfinished: 3,
        taking: [`fiber:${taker.id}`]
      })
    })
  )
})
