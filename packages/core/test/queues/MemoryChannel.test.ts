import { assert, describe, it } from "@effect/vitest"
import { MemoryChannel } from "@skein/core"
import { InterruptSweep } from "@skein/testing"
import { Effect, Fiber, Option } from "effect"

import { defectOf, settle, spawn } from "../sync/fixtures.ts"

describe("MemoryChannel", () => {
  it.effect("dies for what is no capacity", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* defectOf(MemoryChannel.make(-1)),
        "MemoryChannel.make: capacity must be an integer or Infinity >= 0, got -1"
      )
    })
  )

  it.effect("capacity 0: neither side returns alone, the non-blocking ones work when the other waits", () =>
    Effect.gen(function* () {
      const [sender, receiver] = yield* MemoryChannel.make<number>(0)
      assert.isFalse(yield* sender.pipe(MemoryChannel.trySend(1)))
      assert.isTrue(Option.isNone(yield* MemoryChannel.tryReceive(receiver)))
      const sending = yield* spawn(MemoryChannel.send(sender, 1))
      assert.isUndefined(sending.pollUnsafe())
      assert.deepStrictEqual(yield* MemoryChannel.tryReceive(receiver), Option.some(1))
      yield* Fiber.join(sending)
      const receiving = yield* spawn(MemoryChannel.receive(receiver))
      assert.isTrue(yield* MemoryChannel.trySend(sender, 2))
      assert.strictEqual(yield* Fiber.join(receiving), 2)
    })
  )

  it.effect("statistics", () =>
    Effect.gen(function* () {
      const [sender, receiver] = yield* MemoryChannel.make<number>(1)
      yield* MemoryChannel.clone(sender)
      yield* MemoryChannel.send(sender, 1)
      const sending = yield* spawn(MemoryChannel.send(sender, 2))
      assert.deepStrictEqual(yield* MemoryChannel.statistics(receiver), {
        buffered: 1,
        maxBuffered: 1,
        capacity: 1,
        senders: 2,
        receivers: 1,
        sending: [`fiber:${sending.id}`],
        receiving: []
      })
      yield* MemoryChannel.receive(receiver)
      yield* MemoryChannel.receive(receiver)
      const receiving = yield* spawn(MemoryChannel.receive(receiver))
      assert.deepInclude(yield* MemoryChannel.statistics(sender), {
        sending: [],
        receiving: [`fiber:${receiving.id}`]
      })
      yield* Fiber.interrupt(receiving)
    })
  )

  for (const capacity of [0, 1]) {
    it.effect(`send is cancel-safe: an item is received or still the sender's (capacity ${capacity})`, () =>
      InterruptSweep.run({
        setup: Effect.gen(function* () {
          const undelivered: Array<number> = []
          const [sender, receiver] = yield* MemoryChannel.make<number>(capacity, {
            onUndelivered: (item) => Effect.sync(() => undelivered.push(item))
          })
          const received: Array<number> = []
          const loop = Effect.forever(Effect.map(MemoryChannel.receive(receiver), (n) => received.push(n)))
          yield* Effect.forkDetach(Effect.andThen(Effect.yieldNow, Effect.exit(loop)))
          return { received, sender, sent: [] as Array<number>, undelivered }
        }),
        subject: ({ sender, sent }) =>
          Effect.forEach([1, 2, 3], (n) =>
            Effect.map(MemoryChannel.send(sender, n), () => {
              sent.push(n)
            })
          ),
        check: ({ received, sender, sent, undelivered }) =>
          Effect.gen(function* () {
            yield* settle
            assert.deepStrictEqual(received, sent)
            yield* MemoryChannel.close(sender)
            yield* settle
            assert.deepStrictEqual(undelivered, [])
          })
      })
    )

    it.effect(`receive is cancel-safe: no item is lost or doubled (capacity ${capacity})`, () =>
      InterruptSweep.run({
        setup: Effect.gen(function* () {
          const [sender, receiver] = yield* MemoryChannel.make<number>(capacity)
          yield* Effect.forkDetach(
            Effect.ensuring(
              Effect.forEach([1, 2, 3], (n) => MemoryChannel.send(sender, n)),
              MemoryChannel.close(sender)
            )
          )
          return { receiver, received: [] as Array<number> }
        }),
        subject: ({ received, receiver }) =>
          Effect.forEach([1, 2], () =>
            Effect.map(MemoryChannel.receive(receiver), (n) => {
              received.push(n)
            })
          ),
        check: ({ received, receiver }) =>
          Effect.gen(function* () {
            yield* settle
            while (received.length < 3) received.push(yield* MemoryChannel.receive(receiver))
            assert.deepStrictEqual(received, [1, 2, 3])
          })
      })
    )
  }

  it.effect("close is completed with all calls of onUndelivered, though it be interrupted", () =>
    InterruptSweep.run({
      setup: Effect.gen(function* () {
        const undelivered: Array<number> = []
        const [sender, receiver] = yield* MemoryChannel.make<number>(3, {
          onUndelivered: (item) =>
            Effect.andThen(
              Effect.yieldNow,
              Effect.sync(() => undelivered.push(item))
            )
        })
        for (const n of [1, 2, 3]) yield* Effect.orDie(MemoryChannel.send(sender, n))
        return { receiver, undelivered }
      }),
      subject: ({ receiver }) => MemoryChannel.close(receiver),
      check: ({ receiver, undelivered }) =>
        Effect.gen(function* () {
          const { receivers } = yield* MemoryChannel.statistics(receiver)
          assert.deepStrictEqual(undelivered, receivers === 0 ? [1, 2, 3] : [])
        })
    })
  )
})
