import { assert, describe, it } from "@effect/vitest"
import { MemoryChannel, WorkQueue } from "@skein/core"
import { Effect, Fiber } from "effect"

import { Fifo, Lifo } from "../../src/internal/queues/buffer.ts"
import { defect, settle } from "../sync/fixtures.ts"

// With cost in proportion to those who wait, for each of them, these took a hundred times as long.
const limit = { timeout: 60_000 }

/** Forks all in one step: nobody is resumed before the last one waits. */
const forkMany = <A, E>(count: number, one: (index: number) => Effect.Effect<A, E>) =>
  Effect.sync(() => Array.from({ length: count }, (_, index) => Effect.runFork(one(index))))

describe("many", () => {
  it("items come back in whatever order, and go out as they would have", limit, () => {
    const many = 50_000
    const scattered = Array.from({ length: many }, (_, i) => 1 + ((i * 7919) % many))
    const orders = [scattered, scattered.toSorted((a, b) => b - a)]
    for (const order of orders) {
      const [fifo, lifo] = [new Fifo<number>(), new Lifo<number>()]
      for (const turn of order) {
        fifo.giveBack(turn, turn)
        lifo.giveBack(turn, turn)
      }
      assert.deepStrictEqual([fifo.length, lifo.length], [many, many])
      let wrong = 0
      for (let turn = 1; turn <= many; turn++) {
        if (fifo.shift() !== turn) wrong++
        if (lifo.shift() !== many + 1 - turn) wrong++
      }
      assert.deepStrictEqual([fifo.length, lifo.length, wrong], [0, 0, 0])
    }
  })

  it.effect(
    "offerers whose takers left wait on, in order",
    () =>
      Effect.gen(function* () {
        const many = 25_000
        const queue = yield* WorkQueue.bounded<number>(0)
        yield* Effect.sync(() => {
          for (let i = 0; i < many; i++) Effect.runFork(WorkQueue.offer(queue, i))
          const takers = Array.from({ length: many }, () => Effect.runFork(WorkQueue.take(queue)))
          for (const taker of takers) taker.interruptUnsafe()
        })
        yield* Effect.repeat(settle, { times: 3 })
        assert.strictEqual((yield* WorkQueue.statistics(queue)).offering.length, many)
        let wrong = 0
        for (let i = 0; i < many; i++) if ((yield* WorkQueue.take(queue)) !== i) wrong++
        assert.strictEqual(wrong, 0)
      }),
    limit
  )

  it.effect(
    "ends of a channel closed while something waits through each",
    () =>
      Effect.gen(function* () {
        const many = 5_000
        const [sender, receiver] = yield* MemoryChannel.make<number>(0, { name: "c" })
        const senders = yield* Effect.forEach(Array.from({ length: many }), () => MemoryChannel.clone(sender))
        const sending = yield* forkMany(many, (i) => MemoryChannel.send(senders[i]!, i))
        for (const end of senders) yield* MemoryChannel.close(end)
        const receivers = yield* Effect.forEach(senders, () => MemoryChannel.clone(receiver))
        const receiving = yield* forkMany(many, (i) => MemoryChannel.receive(receivers[i]!))
        for (const end of receivers) yield* MemoryChannel.close(end)
        for (const fiber of sending.slice(0, 3)) {
          assert.strictEqual(
            defect(yield* Fiber.await(fiber)),
            "MemoryChannel.send: this sender of c is closed"
          )
        }
        for (const fiber of receiving.slice(0, 3)) {
          assert.strictEqual(
            defect(yield* Fiber.await(fiber)),
            "MemoryChannel.receive: this receiver of c is closed"
          )
        }
        assert.deepInclude(yield* MemoryChannel.statistics(sender), {
          senders: 1,
          receivers: 1,
          sending: [],
          receiving: []
        })
      }),
    limit
  )
})
