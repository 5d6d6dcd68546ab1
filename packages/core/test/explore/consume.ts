import { strict as assert } from "node:assert"

import { WorkQueue } from "@skein/core"
import { Explore } from "@skein/testing"
import { Effect, Exit } from "effect"

import { later, of } from "./program.ts"
import type { Explored } from "./program.ts"
import { hasEnded, inTurn, sorted, spawn, throwDefects, wasInterrupted } from "./spawned.ts"

/** A handler in whose middle its worker may be interrupted; writes down what it begins. */
const handling =
  <A, E>(begun: Array<A>, rest: (item: A) => Effect.Effect<unknown, E>) =>
  (item: A): Effect.Effect<unknown, E> =>
    Effect.suspend(() => {
      begun.push(item)
      return Explore.named(
        Effect.flatMap(Effect.yieldNow, () => rest(item)),
        `handler ${String(item)}`
      )
    })

const nothing = () => Effect.void

const quiet = <A, E>(queue: WorkQueue.WorkQueue<A, E>) =>
  Effect.map(WorkQueue.statistics(queue), ({ offering, size, taking, unfinished }) => {
    assert.deepEqual([offering, taking], [[], []])
    assert.equal(unfinished, size, "something is in nobody's hand")
  })

export const programs: ReadonlyArray<Explored> = [
  {
    name: "WorkQueue: consume until idle, with handlers that feed it, ends and handles everything",
    operations: of("WorkQueue", "consume", "offerAll", "producing", "statistics"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(1)
        const begun: Array<number> = []
        let offered = 1
        yield* WorkQueue.offer(queue, 2)
        const count = (n: number) => () => void (offered += n)
        const handler = handling(begun, (n) =>
          n === 0 ? Effect.void : Effect.map(WorkQueue.offerAll(queue, [n - 1, n - 1]), count(2))
        )
        const beside = WorkQueue.producing(queue, later(Effect.map(WorkQueue.offer(queue, 0), count(1))))
        const fibers = yield* spawn<unknown, unknown>("party", [
          WorkQueue.consume(queue, handler, { workers: 2, until: "idle" }),
          beside
        ])
        yield* Explore.waitAllBlocked
        const [consumer, producer] = fibers
        assert.ok(hasEnded(consumer!), "consume goes on for ever")
        throwDefects(fibers)
        if (!wasInterrupted(consumer!)) {
          assert.ok(hasEnded(producer!))
          assert.equal(begun.length, offered)
        }
        yield* WorkQueue.shutdown(queue)
        yield* Explore.waitAllBlocked
        assert.equal(begun.length + (yield* WorkQueue.size(queue)), offered)
        yield* quiet(queue)
      })
  },
  {
    name: "WorkQueue: consume until shutdown handles everything or leaves it queued, and join sees it",
    operations: of("WorkQueue", "consume", "offer", "shutdown", "join"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(1)
        const [begun, accepted]: [Array<number>, Array<number>] = [[], []]
        const offer = (n: number) => Effect.map(WorkQueue.offer(queue, n), () => void accepted.push(n))
        const consume = WorkQueue.consume(queue, handling(begun, nothing), { workers: 2 })
        const fibers = yield* spawn<unknown, unknown>("party", [
          consume,
          Effect.forEach([1, 2], offer),
          Effect.forEach([3, 4], offer)
        ])
        yield* later(Effect.void)
        yield* Explore.choose([Explore.waitAllBlocked, Effect.yieldNow]).pipe(Effect.flatten)
        yield* WorkQueue.shutdown(queue)
        const [join] = yield* spawn("join", [WorkQueue.join(queue)])
        yield* Explore.waitAllBlocked
        assert.ok(fibers.every(hasEnded))
        throwDefects(fibers)
        yield* quiet(queue)
        const left = yield* WorkQueue.size(queue)
        assert.ok(hasEnded(join!) || left > 0)
        assert.ok(left === 0 || wasInterrupted(fibers[0]!))
        assert.equal(begun.length + left, accepted.length)
        assert.equal(new Set(begun).size, begun.length)
        yield* consume
        assert.deepEqual(sorted(begun), sorted(accepted))
        yield* Explore.waitAllBlocked
        assert.ok(hasEnded(join!))
      })
  },
  {
    name: "WorkQueue: consume with onFailure reports each failing item, which may be offered again",
    operations: of("WorkQueue", "consume", "offer", "offerAll"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.unbounded<string>()
        const [begun, reported]: [Array<string>, Array<string>] = [[], []]
        yield* WorkQueue.offerAll(queue, ["fails", "dies", "stops", "works"])
        const handler = handling(begun, (item): Effect.Effect<void, string> => {
          switch (item) {
            case "fails":
              return Effect.fail("no")
            case "dies":
              return Effect.die("no")
            case "stops":
              return Effect.interrupt
            default:
              return Effect.void
          }
        })
        const [consumer] = yield* spawn("party", [
          WorkQueue.consume(queue, handler, {
            workers: 2,
            until: "idle",
            onFailure: (item) =>
              Effect.suspend(() => {
                reported.push(item)
                return later(Effect.ignore(WorkQueue.offer(queue, `${item} again`)))
              })
          })
        ])
        yield* Explore.waitAllBlocked
        assert.ok(hasEnded(consumer!))
        throwDefects([consumer!])
        yield* quiet(queue)
        assert.equal(new Set(begun).size, begun.length)
        if (wasInterrupted(consumer!)) return
        assert.equal(yield* WorkQueue.size(queue), 0)
        for (const item of ["fails", "dies", "stops", "works"]) assert.ok(begun.includes(item))
      })
  },
  {
    name: "WorkQueue: consume ends with the first failing handler, the rest stays queued",
    operations: of("WorkQueue", "consume", "offerAll", "size"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.unbounded<number>()
        yield* WorkQueue.offerAll(queue, [1, 2, 3, 4])
        const begun: Array<number> = []
        let open = 0
        const handler = handling(begun, (n) =>
          Effect.acquireUseRelease(
            Effect.sync(() => open++),
            () => (n === 2 ? Effect.fail("two" as const) : Effect.yieldNow),
            () => later(Effect.sync(() => open--))
          )
        )
        const [consumer] = yield* spawn("party", [
          Effect.onExit(WorkQueue.consume(queue, handler, { workers: 2 }), () =>
            Effect.sync(() => assert.equal(open, 0, "a handler outlives consume"))
          )
        ])
        yield* later(later(WorkQueue.shutdown(queue)))
        yield* Explore.waitAllBlocked
        throwDefects([consumer!])
        const exit = consumer!.pollUnsafe()!
        yield* quiet(queue)
        // The items in their order: what was begun, then what is left.
        const left = yield* Effect.map(
          Effect.exit(WorkQueue.takeUpTo(queue, 4)),
          (items): ReadonlyArray<number> => (Exit.isSuccess(items) ? items.value : [])
        )
        assert.deepEqual([...begun, ...left], [1, 2, 3, 4])
        if (Exit.isSuccess(exit)) assert.deepEqual(left, [])
      })
  },
  {
    name: "WorkQueue: two consumers until idle share the items; one that is interrupted leaves them to the other",
    operations: of("WorkQueue", "consume", "join"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(2)
        const begun: Array<number> = []
        yield* WorkQueue.offerAll(queue, [1, 2])
        const handler = handling(begun, (n) => (n < 3 ? WorkQueue.offer(queue, n + 2) : Effect.void))
        const consume = WorkQueue.consume(queue, handler, { workers: 1, until: "idle" })
        const fibers = yield* spawn<unknown, unknown>("party", [consume, consume, WorkQueue.join(queue)])
        yield* Explore.waitAllBlocked
        assert.ok(fibers.every(hasEnded))
        throwDefects(fibers)
        yield* quiet(queue)
        assert.equal(new Set(begun).size, begun.length)
        assert.ok(begun.includes(1) && begun.includes(2))
        assert.equal(yield* WorkQueue.size(queue), 0)
      })
  },
  {
    name: "WorkQueue: a consumer beside takers: what comes back from a taker is handled before the end",
    operations: of("WorkQueue", "consume", "take", "done", "shutdown", "fail"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number, "broken">(1)
        const [begun, accepted]: [Array<number>, Array<number>] = [[], []]
        const take = Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(restore(WorkQueue.take(queue)), (item) => {
            begun.push(item)
            return WorkQueue.done(queue)
          })
        )
        const fibers = yield* spawn<unknown, unknown>("party", [
          take,
          take,
          WorkQueue.consume(queue, handling(begun, nothing), { workers: 1 }),
          Effect.forEach([1, 2, 3], (n) => Effect.map(WorkQueue.offer(queue, n), () => void accepted.push(n)))
        ])
        yield* later(Effect.void)
        const ending = yield* Explore.choose([WorkQueue.shutdown(queue), WorkQueue.fail(queue, "broken")])
        yield* later(ending)
        yield* Explore.waitAllBlocked
        assert.ok(fibers.every(hasEnded))
        throwDefects(fibers)
        yield* quiet(queue)
        const left = yield* WorkQueue.size(queue)
        assert.ok(left === 0 || wasInterrupted(fibers[2]!), "consume ended with items left")
        assert.equal(begun.length + left, accepted.length)
        assert.equal(new Set(begun).size, begun.length)
      })
  },
  {
    name: "WorkQueue: consume is not idle while an offer waits, nor done when its only worker was cancelled",
    operations: of("WorkQueue", "consume", "offer"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(yield* Explore.choose([0, 1]))
        const [begun, accepted]: [Array<number>, Array<number>] = [[], []]
        const offers = yield* inTurn(
          "offer",
          [1, 2, 3].map((n) => Effect.map(WorkQueue.offer(queue, n), () => void accepted.push(n)))
        )
        const handler = handling(begun, (n) => (n === 2 ? Effect.interrupt : Effect.void))
        const [consumer] = yield* spawn("party", [
          WorkQueue.consume(queue, handler, { workers: 1, until: "idle" })
        ])
        yield* Explore.waitAllBlocked
        assert.ok(hasEnded(consumer!))
        throwDefects([consumer!, ...offers])
        yield* WorkQueue.shutdown(queue)
        yield* Explore.waitAllBlocked
        yield* quiet(queue)
        assert.equal(begun.length + (yield* WorkQueue.size(queue)), accepted.length)
        if (wasInterrupted(consumer!)) return
        const left = offers.filter(wasInterrupted).length
        assert.equal(begun.length, 3 - left)
      })
  }
]
