import { strict as assert } from "node:assert"

import { WorkQueue } from "@skein/core"
import { Explore } from "@skein/testing"
import { Effect, Order } from "effect"

import { programs as channels } from "./channels.ts"
import { programs as consumers } from "./consume.ts"
import { later, of } from "./program.ts"
import type { Explored } from "./program.ts"
import { hasEnded, inTurn, sorted, spawn, throwDefects, wasInterrupted } from "./spawned.ts"

/** Takes again and again, writes down what, until it is told of the end. */
const takeAll = <A, E>(queue: WorkQueue.WorkQueue<A, E>, own: Array<A>) =>
  Effect.forever(
    Effect.map(WorkQueue.take(queue), (item) => {
      own.push(item)
    })
  )

const drain = <A, E>(queue: WorkQueue.WorkQueue<A, E>) =>
  Effect.gen(function* () {
    const left: Array<A> = []
    while ((yield* WorkQueue.size(queue)) > 0) left.push(yield* WorkQueue.take(queue))
    return left
  })

/** Nobody waits for what is there. Only when all are blocked. */
const nobodyIsForgotten = <A, E>(queue: WorkQueue.WorkQueue<A, E>) =>
  Effect.map(WorkQueue.statistics(queue), ({ offering, size, taking }) => {
    assert.ok(taking.length === 0 || size + offering.length === 0, "a taker was forgotten")
    assert.ok(
      offering.length === 0 || (size >= queue.capacity && taking.length === 0),
      "an offer was forgotten"
    )
  })

/** The items of each producer, in the order in which it offered them. */
const inOrder = (items: ReadonlyArray<string>): void => {
  for (const producer of ["a", "b"]) {
    const own = items.filter((item) => item.startsWith(producer))
    assert.deepEqual(own, sorted(own))
  }
}

const takenOnce = (capacity: number, takers: number): Explored => ({
  name: `WorkQueue: what was offered is taken once or left, in order, capacity ${capacity}, takers ${takers}`,
  operations: of("WorkQueue", "bounded", "offer", "take", "shutdown", "size"),
  program: () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<string>(capacity)
      const offered: Array<string> = []
      const produce = (name: string) =>
        Effect.forEach([1, 2, 3], (n) =>
          Effect.map(WorkQueue.offer(queue, `${name}${n}`), () => {
            offered.push(`${name}${n}`)
          })
        )
      const taken = Array.from({ length: takers }, (): Array<string> => [])
      const consumers = yield* spawn(
        "taker",
        taken.map((own) => takeAll(queue, own))
      )
      const producers = yield* spawn("producer", [produce("a"), produce("b")])
      yield* Explore.waitAllBlocked
      yield* nobodyIsForgotten(queue)
      yield* WorkQueue.shutdown(queue)
      yield* Explore.waitAllBlocked
      assert.ok([...consumers, ...producers].every(hasEnded))
      const left = yield* drain(queue)
      assert.deepEqual(sorted([...taken.flat(), ...left]), sorted(offered))
      // What an interrupted taker had been handed comes after what others took meanwhile.
      if (takers === 1) inOrder([...taken.flat(), ...left])
      else if (!consumers.some(wasInterrupted)) for (const own of taken) inOrder(own)
      inOrder(left)
    })
})

const queues: ReadonlyArray<Explored> = [
  ...[0, 1, 2].flatMap((capacity) => [takenOnce(capacity, 1), takenOnce(capacity, 2)]),
  {
    name: "WorkQueue: an Order and lifo hold, also for what comes back from an interrupted taker",
    operations: of("WorkQueue", "unbounded", "offer", "take"),
    program: () =>
      Effect.gen(function* () {
        const smallest = yield* WorkQueue.unbounded<number>({ order: Order.Number })
        const last = yield* WorkQueue.unbounded<number>({ order: "lifo" })
        const taken: Array<number> = []
        const take = (queue: WorkQueue.WorkQueue<number>) =>
          Effect.map(WorkQueue.take(queue), (item) => {
            taken.push(item)
          })
        yield* spawn("taker", [take(smallest), take(smallest), take(last), take(last)])
        for (const n of [3, 1, 2]) yield* later(WorkQueue.offer(smallest, n))
        for (const n of [4, 5, 6]) yield* later(WorkQueue.offer(last, n))
        yield* Explore.waitAllBlocked
        const left = [...(yield* drain(smallest)), ...(yield* drain(last)).toReversed()]
        assert.deepEqual(left, sorted(left))
        assert.deepEqual(sorted([...taken, ...left]), [1, 2, 3, 4, 5, 6])
      })
  },
  {
    name: "WorkQueue: offers that wait are served in turn, and the place of one who leaves goes to the next",
    operations: of("WorkQueue", "bounded", "offer", "take", "tryTake", "tryOffer", "statistics"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(1)
        yield* WorkQueue.offer(queue, 0)
        const taken: Array<number> = []
        const offers = yield* inTurn(
          "offer",
          [1, 2, 3].map((n) => WorkQueue.offer(queue, n))
        )
        const take = Effect.map(WorkQueue.take(queue), (item) => {
          taken.push(item)
        })
        const tryTake = Effect.map(WorkQueue.tryTake(queue), (item) => {
          if (item._tag === "Some") taken.push(item.value)
        })
        yield* spawn("party", [
          Effect.andThen(take, Effect.andThen(later(tryTake), later(take))),
          later(Effect.asVoid(WorkQueue.tryOffer(queue, 4)))
        ])
        yield* Explore.waitAllBlocked
        yield* nobodyIsForgotten(queue)
        const left: Array<number> = []
        while ((yield* WorkQueue.size(queue)) > 0) {
          left.push(yield* WorkQueue.take(queue))
          yield* Explore.waitAllBlocked
        }
        const all = [...taken, ...left]
        assert.deepEqual(all, sorted(all))
        const interrupted = new Set([1, 2, 3].filter((n) => wasInterrupted(offers[n - 1]!)))
        assert.deepEqual(
          all.filter((n) => n < 4),
          [0, 1, 2, 3].filter((n) => !interrupted.has(n))
        )
      })
  },
  {
    name: "WorkQueue: from hand to hand nobody is passed, though a taker left who was to be served",
    operations: of("WorkQueue", "bounded", "offer", "take", "tryTake", "tryOffer"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(0)
        const taken: Array<number> = []
        const done: Array<number> = []
        const note = (items: Array<number>, item: number) => void items.push(item)
        const offers = yield* inTurn(
          "offer",
          [1, 2, 3].map((n) => Effect.map(WorkQueue.offer(queue, n), () => note(done, n)))
        )
        const take = Effect.map(WorkQueue.take(queue), (item) => note(taken, item))
        const tryTake = Effect.map(WorkQueue.tryTake(queue), (item) => {
          if (item._tag === "Some") note(taken, item.value)
        })
        const tryOffer = Effect.map(WorkQueue.tryOffer(queue, 4), (accepted) => {
          if (accepted) note(done, 4)
        })
        yield* spawn("party", [take, Effect.andThen(tryTake, later(tryTake)), tryOffer])
        yield* Explore.waitAllBlocked
        yield* nobodyIsForgotten(queue)
        const all = [...taken, ...(yield* drain(queue))]
        const interrupted = new Set([1, 2, 3].filter((n) => wasInterrupted(offers[n - 1]!)))
        // An interrupted offer is done, too, when tryTake had its item before.
        assert.deepEqual(sorted(all.filter((n) => !interrupted.has(n))), sorted(done))
        const waiting = [1, 2, 3].filter((n) => !hasEnded(offers[n - 1]!))
        for (const n of waiting)
          assert.ok(
            all.every((item) => item < n),
            `${n} was passed`
          )
        assert.equal(new Set(all).size, all.length)
        yield* WorkQueue.shutdown(queue)
        yield* Explore.waitAllBlocked
        assert.ok(offers.every(hasEnded))
      })
  },
  {
    name: "WorkQueue: offers are accepted in the order of asking, whichever takers come and go",
    operations: of("WorkQueue", "bounded", "offer", "take"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(yield* Explore.choose([0, 1]))
        const accepted: Array<number> = []
        yield* inTurn(
          "offer",
          [1, 2, 3, 4].map((n) => Effect.map(WorkQueue.offer(queue, n), () => void accepted.push(n)))
        )
        const take = WorkQueue.take(queue)
        yield* spawn("taker", [take, take, later(take)])
        yield* Explore.waitAllBlocked
        yield* nobodyIsForgotten(queue)
        assert.deepEqual(accepted, sorted(accepted))
      })
  },
  {
    name: "WorkQueue: a batch is offered in order, from the first item on, and keeps its place",
    operations: of("WorkQueue", "bounded", "offerAll", "takeUpTo"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<string>(yield* Explore.choose([0, 1, 2]))
        const taken: Array<string> = []
        const first = ["a1", "a2", "a3", "a4"]
        const batches = yield* inTurn("batch", [
          WorkQueue.offerAll(queue, yield* Explore.choose<Iterable<string>>([first, first.values()])),
          WorkQueue.offerAll(queue, ["b1", "b2"])
        ])
        const take = Effect.map(WorkQueue.takeUpTo(queue, 2), (items) => void taken.push(...items))
        yield* spawn("taker", [Effect.andThen(take, later(take))])
        yield* Explore.waitAllBlocked
        yield* nobodyIsForgotten(queue)
        while (true) {
          const item = yield* WorkQueue.tryTake(queue)
          if (item._tag === "None") break
          taken.push(item.value)
          yield* Explore.waitAllBlocked
        }
        assert.ok(batches.every(hasEnded))
        const [as, bs] = [taken.filter((item) => item < "b"), taken.filter((item) => item > "b")]
        assert.deepEqual(taken, [...as, ...bs])
        assert.deepEqual(as, first.slice(0, as.length))
        assert.deepEqual(bs, ["b1", "b2"].slice(0, bs.length))
        assert.ok(as.length === 4 || wasInterrupted(batches[0]!))
        assert.ok(bs.length === 2 || wasInterrupted(batches[1]!))
      })
  },
  {
    name: "WorkQueue: who is told of the end is told last: nothing is handed out after that, nothing left",
    operations: of("WorkQueue", "bounded", "shutdown", "fail", "take", "takeUpTo", "offer"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number, "broken">(1)
        const taken: Array<number> = []
        const accepted: Array<number> = []
        let told = 0
        const note = (items: ReadonlyArray<number>): void => {
          assert.equal(told, 0, "an item after the end")
          taken.push(...items)
        }
        const end = Effect.sync(() => void told++)
        const takers = yield* spawn("taker", [
          Effect.catch(Effect.forever(Effect.map(WorkQueue.take(queue), (item) => note([item]))), () => end),
          Effect.catch(Effect.forever(Effect.map(WorkQueue.takeUpTo(queue, 2), note)), () => end)
        ])
        const offer = (n: number) => Effect.map(WorkQueue.offer(queue, n), () => void accepted.push(n))
        yield* spawn("producer", [Effect.forEach([1, 2, 3], offer)])
        const ending = yield* Explore.choose([WorkQueue.shutdown(queue), WorkQueue.fail(queue, "broken")])
        yield* later(later(ending))
        yield* Explore.waitAllBlocked
        assert.ok(takers.every(hasEnded))
        throwDefects(takers)
        assert.equal(told, takers.filter((taker) => !wasInterrupted(taker)).length)
        assert.equal(yield* WorkQueue.size(queue), 0)
        assert.deepEqual(sorted(taken), sorted(accepted))
      })
  },
  {
    name: "WorkQueue: shut down at once, all are told, and join counts what was dropped as dealt with",
    operations: of("WorkQueue", "bounded", "shutdown", "take", "done", "join", "offerAll", "tryOffer"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(2)
        const taker = Effect.forever(
          Effect.uninterruptibleMask((restore) =>
            Effect.flatMap(restore(WorkQueue.take(queue)), () => later(WorkQueue.done(queue)))
          )
        )
        const fibers = [
          ...(yield* inTurn<unknown, unknown>("taker", [taker, taker])),
          ...(yield* spawn<unknown, unknown>("producer", [WorkQueue.offerAll(queue, [1, 2, 3, 4])])),
          ...(yield* spawn<unknown, unknown>("join", [WorkQueue.join(queue), later(WorkQueue.join(queue))]))
        ]
        yield* Explore.choose([Effect.void, Effect.yieldNow]).pipe(Effect.flatten)
        yield* WorkQueue.tryOffer(queue, 5)
        yield* WorkQueue.shutdown(queue, { immediate: true })
        yield* Explore.waitAllBlocked
        assert.ok(fibers.every(hasEnded))
        throwDefects(fibers)
        const { size, unfinished } = yield* WorkQueue.statistics(queue)
        assert.deepEqual([size, unfinished], [0, 0])
      })
  },
  {
    name: "WorkQueue: join returns when all that was offered before is done, and not earlier",
    operations: of("WorkQueue", "unbounded", "join", "done", "takeUpTo", "tryTake", "tryOffer", "producing"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.unbounded<number>()
        const [begun, done] = [new Set<number>(), new Set<number>()]
        const finish = (n: number) =>
          Effect.andThen(
            Effect.sync(() => done.add(n)),
            WorkQueue.done(queue)
          )
        for (const n of [1, 2, 3]) if (yield* WorkQueue.tryOffer(queue, n)) begun.add(n)
        const batch = Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(restore(WorkQueue.takeUpTo(queue, 2)), (items) =>
            Effect.forEach(items, (n) => later(finish(n)))
          )
        )
        const one = Effect.uninterruptible(
          Effect.flatMap(WorkQueue.tryTake(queue), (item) =>
            item._tag === "Some" ? later(finish(item.value)) : Effect.void
          )
        )
        const produce = WorkQueue.producing(
          queue,
          Effect.acquireUseRelease(
            Effect.sync(() => begun.add(0)),
            () => Effect.yieldNow,
            () => Effect.sync(() => done.add(0))
          )
        )
        const join = Effect.suspend(() => {
          const before = [...begun]
          return Effect.map(WorkQueue.join(queue), () =>
            assert.ok(before.every((n) => done.has(n), "joined early"))
          )
        })
        const fibers = yield* spawn<unknown, unknown>("party", [batch, one, later(one), produce, join, join])
        yield* Explore.waitAllBlocked
        const rest = yield* drain(queue)
        for (const n of rest) yield* finish(n)
        yield* Explore.waitAllBlocked
        assert.ok(fibers.every(hasEnded))
        throwDefects(fibers)
        assert.equal((yield* WorkQueue.statistics(queue)).unfinished, 0)
      })
  },
  {
    name: "WorkQueue: done acknowledges what was taken, once, and dies for more",
    operations: of("WorkQueue", "unbounded", "offerAll", "take", "done"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.unbounded<number>()
        yield* WorkQueue.offerAll(queue, [1, 2, 3])
        let [taken, acknowledged, refused] = [0, 0, 0]
        const take = Effect.map(WorkQueue.take(queue), () => void taken++)
        const done = Effect.matchCause(WorkQueue.done(queue), {
          onSuccess: () => void acknowledged++,
          onFailure: () => void refused++
        })
        const fibers = yield* spawn("party", [take, take, done, done, done].map(Effect.uninterruptible))
        yield* Explore.waitAllBlocked
        assert.ok(fibers.every(hasEnded))
        assert.ok(acknowledged <= taken && acknowledged + refused <= 3)
        assert.equal((yield* WorkQueue.statistics(queue)).unfinished, 3 - acknowledged)
      })
  },
  {
    name: "WorkQueue: fail reaches every taker and every join, after what is left was taken",
    operations: of("WorkQueue", "fail", "take", "join"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number, "broken">(1)
        let taken = 0
        const taker = Effect.forever(
          Effect.uninterruptibleMask((restore) =>
            Effect.flatMap(restore(WorkQueue.take(queue)), () => {
              taken++
              return later(WorkQueue.done(queue))
            })
          )
        )
        let accepted = 0
        const offer = Effect.map(WorkQueue.offer(queue, 1), () => void accepted++)
        const fibers = yield* spawn<unknown, unknown>("party", [taker, taker, offer, offer])
        const joins = yield* spawn("join", [WorkQueue.join(queue), later(WorkQueue.join(queue))])
        yield* later(WorkQueue.fail(queue, "broken"))
        yield* Explore.waitAllBlocked
        throwDefects([...fibers, ...joins])
        assert.ok([...fibers, ...joins].every(hasEnded))
        assert.equal(taken, accepted)
        const { offering, taking, unfinished } = yield* WorkQueue.statistics(queue)
        assert.deepEqual([offering, taking, unfinished], [[], [], 0])
      })
  }
]

export const programs: ReadonlyArray<Explored> = [...queues, ...consumers, ...channels]
