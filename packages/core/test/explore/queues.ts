import { strict as assert } from "node:assert"

import { MemoryChannel, WorkQueue } from "@skein/core"
import { Explore } from "@skein/testing"
import { Effect, Exit, Stream } from "effect"

import { later, of, party, together } from "./program.ts"
import type { Explored } from "./program.ts"

const takenOnce = (capacity: number): Explored => ({
  name: `WorkQueue: what was offered is taken once or left, each producer's in order, capacity ${capacity}`,
  operations: of("WorkQueue", "bounded", "offer", "take", "shutdown", "size"),
  program: () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<string>(capacity)
      const offered: Array<string> = []
      const produce = (name: string) =>
        Effect.forEach([1, 2, 3], (n) =>
          Effect.map(WorkQueue.offer(queue, `${name}${n}`), () => void offered.push(`${name}${n}`))
        )
      const consume = (own: Array<string>) =>
        Effect.forever(
          Effect.map(WorkQueue.take(queue), (item) => {
            own.push(item)
          })
        )
      const [first, second]: [Array<string>, Array<string>] = [[], []]
      const consumers = yield* Effect.forkChild(
        Effect.all([party(consume(first), "consumer 1"), party(consume(second), "consumer 2")], {
          concurrency: 2
        })
      )
      const producers = yield* Effect.forkChild(
        Effect.all([party(produce("a"), "producer a"), party(produce("b"), "producer b")], { concurrency: 2 })
      )
      yield* Explore.waitAllBlocked
      // Nobody waits for what is there.
      const { offering, size, taking } = yield* WorkQueue.statistics(queue)
      assert.ok(taking.length === 0 || size + offering.length === 0, "a taker was forgotten")
      assert.ok(offering.length === 0 || (size >= capacity && taking.length === 0), "an offer was forgotten")
      yield* WorkQueue.shutdown(queue)
      yield* Explore.waitAllBlocked
      assert.ok(consumers.pollUnsafe() !== undefined && producers.pollUnsafe() !== undefined)
      const left: Array<string> = []
      while ((yield* WorkQueue.size(queue)) > 0) left.push(yield* WorkQueue.take(queue))
      assert.deepEqual([...first, ...second, ...left].toSorted(), offered.toSorted())
      for (const seen of [first, second, left]) {
        for (const name of ["a", "b"]) {
          const items = seen.filter((item) => item.startsWith(name))
          assert.deepEqual(items, items.toSorted())
        }
      }
    })
})

const queues: ReadonlyArray<Explored> = [
  takenOnce(0),
  takenOnce(1),
  takenOnce(2),
  {
    name: "WorkQueue: consume until idle, with handlers that feed it, ends and handles everything",
    operations: of("WorkQueue", "consume", "offerAll", "producing", "statistics"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number>(1)
        const handled: Array<number> = []
        yield* WorkQueue.offer(queue, 2)
        const handler = (n: number) =>
          Effect.gen(function* () {
            yield* Effect.yieldNow
            handled.push(n)
            if (n > 0) yield* WorkQueue.offerAll(queue, [n - 1, n - 1])
          })
        const beside = WorkQueue.producing(queue, later(WorkQueue.offer(queue, 0)))
        const [exit, produced] = yield* Effect.all(
          [
            party(WorkQueue.consume(queue, handler, { workers: 2, until: "idle" }), "consume"),
            party(beside, "producer")
          ],
          { concurrency: 2 }
        )
        const ended = Exit.isSuccess(exit) && Exit.isSuccess(exit.value)
        const offered = Exit.isSuccess(produced) && Exit.isSuccess(produced.value)
        if (ended) assert.ok(handled.length === 7 || handled.length === 8)
        if (ended && offered) assert.equal(handled.length, 8)
        const { offering, taking } = yield* WorkQueue.statistics(queue)
        assert.deepEqual([offering, taking], [[], []])
      })
  },
  {
    name: "WorkQueue: join returns when all that was taken is done, whoever is interrupted",
    operations: of("WorkQueue", "unbounded", "join", "done", "takeUpTo", "tryTake", "tryOffer"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.unbounded<number>()
        let [offered, done] = [0, 0]
        for (const n of [1, 2, 3]) if (yield* WorkQueue.tryOffer(queue, n)) offered++
        const finish = (n: number) =>
          Effect.forEach(Array.from({ length: n }), () =>
            Effect.andThen(
              WorkQueue.done(queue),
              Effect.sync(() => done++)
            )
          )
        const batch = Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(restore(WorkQueue.takeUpTo(queue, 2)), (items) => later(finish(items.length)))
        )
        const rest = Effect.uninterruptible(
          Effect.gen(function* () {
            yield* Explore.waitAllBlocked
            while (true) {
              const item = yield* WorkQueue.tryTake(queue)
              if (item._tag === "None") return
              yield* finish(1)
            }
          })
        )
        const join = Effect.map(WorkQueue.join(queue), () => assert.equal(done, offered))
        yield* together<unknown, unknown>([batch, join, join, rest])
        assert.equal((yield* WorkQueue.statistics(queue)).unfinished, 0)
      })
  },
  {
    name: "WorkQueue: fail reaches every taker and every join, after what is left was taken",
    operations: of("WorkQueue", "fail", "take", "join"),
    program: () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number, "broken">(1)
        const ends: Array<unknown> = []
        const note = (what: string) => (cause: unknown) => Effect.sync(() => void ends.push([what, cause]))
        const taker = Effect.forever(
          Effect.uninterruptibleMask((restore) =>
            Effect.flatMap(restore(WorkQueue.take(queue)), () => WorkQueue.done(queue))
          )
        ).pipe(Effect.catch(note("take")))
        const producer = Effect.uninterruptible(
          Effect.andThen(Effect.exit(WorkQueue.offer(queue, 1)), WorkQueue.fail(queue, "broken"))
        )
        yield* together<unknown, unknown>([taker, taker, producer])
        assert.ok(ends.every((end) => (end as ReadonlyArray<unknown>)[1] === "broken"))
        const { offering, taking } = yield* WorkQueue.statistics(queue)
        assert.deepEqual([offering, taking], [[], []])
      })
  }
]

const channels: ReadonlyArray<Explored> = [
  {
    name: "MemoryChannel: nothing is lost between clones, all are told of the end",
    operations: of("MemoryChannel", "make", "clone", "send", "receive", "close", "statistics"),
    program: () =>
      Effect.gen(function* () {
        const sent: Array<string> = []
        const received: Array<string> = []
        const undelivered: Array<string> = []
        const [sender, receiver] = yield* MemoryChannel.make<string>(1, {
          onUndelivered: (item) => Effect.sync(() => void undelivered.push(item))
        })
        const other = yield* MemoryChannel.clone(sender)
        const send = (end: MemoryChannel.Sender<string>, name: string) =>
          Effect.ensuring(
            Effect.forEach([1, 2], (n) =>
              Effect.map(MemoryChannel.send(end, `${name}${n}`), () => void sent.push(`${name}${n}`))
            ),
            MemoryChannel.close(end)
          )
        const receive = (end: MemoryChannel.Receiver<string>) =>
          Effect.ensuring(
            Effect.forever(
              Effect.map(MemoryChannel.receive(end), (item) => {
                received.push(item)
              })
            ),
            MemoryChannel.close(end)
          )
        const second = yield* MemoryChannel.clone(receiver)
        yield* Effect.all(
          [
            party(send(sender, "a"), "sender a"),
            party(send(other, "b"), "sender b"),
            party(receive(receiver), "receiver 1"),
            party(receive(second), "receiver 2")
          ],
          { concurrency: "unbounded" }
        )
        yield* Explore.waitAllBlocked
        assert.deepEqual([...received, ...undelivered].toSorted(), sent.toSorted())
        const { receivers, receiving, senders, sending } = yield* MemoryChannel.statistics(receiver)
        assert.deepEqual([senders, receivers, sending, receiving], [0, 0, [], []])
      })
  },
  {
    name: "MemoryChannel: a rendezvous by scopes and a stream: what was sent is received or undelivered",
    operations: of("MemoryChannel", "scoped", "stream", "trySend", "tryReceive"),
    program: () =>
      Effect.gen(function* () {
        const sent: Array<number> = []
        const got: Array<number> = []
        const [sender, receiver] = yield* MemoryChannel.make<number>(0, {
          onUndelivered: (item) => Effect.sync(() => void got.push(item))
        })
        const other = yield* MemoryChannel.clone(receiver)
        const producer = Effect.scoped(
          Effect.gen(function* () {
            const end = yield* MemoryChannel.scoped(sender)
            if (yield* MemoryChannel.trySend(end, 1)) sent.push(1)
            for (const n of [2, 3]) {
              yield* MemoryChannel.send(end, n)
              sent.push(n)
            }
          })
        )
        const streaming = Stream.runForEach(MemoryChannel.stream(receiver), (n) =>
          Effect.sync(() => void got.push(n))
        )
        const polling = Effect.scoped(
          Effect.gen(function* () {
            const end = yield* MemoryChannel.scoped(other)
            const item = yield* MemoryChannel.tryReceive(end)
            if (item._tag === "Some") got.push(item.value)
          })
        )
        yield* together<unknown, unknown>([producer, streaming, polling])
        yield* Explore.waitAllBlocked
        // An item is taken over in one step, but the sender may be interrupted before it writes it down.
        for (const n of sent) assert.ok(got.includes(n), `${n} is lost`)
        assert.equal(new Set(got).size, got.length)
      })
  }
]

export const programs: ReadonlyArray<Explored> = [...queues, ...channels]
