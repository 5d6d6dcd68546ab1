import { assert, describe, it } from "@effect/vitest"
import { MemoryChannel } from "@skein/core"
import { Cause, Effect, Exit, Fiber, Logger, Option, Stream } from "effect"

import { defectOf, interruptNow, settle, spawn } from "../sync/fixtures.ts"

const broken = (channel: string) => new MemoryChannel.ChannelBroken({ channel })

const recording = (capacity: number) =>
  Effect.gen(function* () {
    const undelivered: Array<number> = []
    const [sender, receiver] = yield* MemoryChannel.make<number>(capacity, {
      name: "c",
      onUndelivered: (item) => Effect.sync(() => void undelivered.push(item))
    })
    return { receiver, sender, undelivered }
  })

describe("conformance: channel", () => {
  it.effect("CH-002: after the senders closed the buffer drains in order, then the end, repeatedly", () =>
    Effect.gen(function* () {
      const [sender, receiver] = yield* MemoryChannel.make<number>(3)
      for (const n of [1, 2, 3]) yield* MemoryChannel.send(sender, n)
      yield* MemoryChannel.close(sender)
      for (const n of [1, 2, 3]) assert.strictEqual(yield* MemoryChannel.receive(receiver), n)
      for (let i = 0; i < 2; i++) {
        assert.isTrue(Cause.isDone(yield* Effect.flip(MemoryChannel.receive(receiver))))
        assert.isTrue(Cause.isDone(yield* Effect.flip(MemoryChannel.tryReceive(receiver))))
      }
    })
  )

  it.effect(
    "CH-004: with the receivers closed a send fails, also one that waits; a closed end of one's own dies",
    () =>
      Effect.gen(function* () {
        const [sender, receiver] = yield* MemoryChannel.make<number>(1, { name: "c" })
        yield* MemoryChannel.send(sender, 1)
        const waiting = yield* spawn(MemoryChannel.send(sender, 2))
        yield* MemoryChannel.close(receiver)
        assert.deepStrictEqual(yield* Effect.flip(Fiber.join(waiting)), broken("c"))
        assert.deepStrictEqual(yield* Effect.flip(MemoryChannel.send(sender, 3)), broken("c"))
        assert.deepStrictEqual(yield* Effect.flip(MemoryChannel.trySend(sender, 3)), broken("c"))
        yield* MemoryChannel.close(sender)
        const message = (operation: string, side: string) =>
          `MemoryChannel.${operation}: this ${side} of c is closed`
        assert.strictEqual(yield* defectOf(MemoryChannel.send(sender, 3)), message("send", "sender"))
        assert.strictEqual(yield* defectOf(MemoryChannel.trySend(sender, 3)), message("trySend", "sender"))
        assert.strictEqual(yield* defectOf(MemoryChannel.clone(sender)), message("clone", "sender"))
        assert.strictEqual(yield* defectOf(MemoryChannel.receive(receiver)), message("receive", "receiver"))
        assert.strictEqual(
          yield* defectOf(MemoryChannel.tryReceive(receiver)),
          message("tryReceive", "receiver")
        )
      })
  )

  it.effect(
    "CH-005: a closed clone fails those who send through it; the others go on; the last one ends",
    () =>
      Effect.gen(function* () {
        const [sender, receiver] = yield* MemoryChannel.make<number>(0, { name: "c" })
        const clone = yield* MemoryChannel.clone(sender)
        const mine = yield* spawn(MemoryChannel.send(sender, 1))
        const theirs = yield* spawn(MemoryChannel.send(clone, 2))
        yield* MemoryChannel.close(sender)
        assert.strictEqual(
          yield* defectOf(Fiber.join(mine)),
          "MemoryChannel.send: this sender of c is closed"
        )
        assert.strictEqual(yield* MemoryChannel.receive(receiver), 2)
        yield* Fiber.join(theirs)
        const last = yield* spawn(MemoryChannel.receive(receiver))
        assert.isUndefined(last.pollUnsafe())
        yield* MemoryChannel.close(clone)
        assert.isTrue(Cause.isDone(yield* Effect.flip(Fiber.join(last))))
      })
  )

  it.effect("CH-005: so it is when a place was handed over already", () =>
    Effect.gen(function* () {
      const [sender, receiver] = yield* MemoryChannel.make<number>(1, { name: "c" })
      const clone = yield* MemoryChannel.clone(sender)
      yield* MemoryChannel.send(sender, 0)
      const mine = yield* spawn(MemoryChannel.send(sender, 1))
      const theirs = yield* spawn(MemoryChannel.send(clone, 2))
      yield* MemoryChannel.receive(receiver)
      yield* MemoryChannel.close(sender)
      assert.include(yield* defectOf(Fiber.join(mine)), "closed")
      yield* Fiber.join(theirs)
      assert.strictEqual(yield* MemoryChannel.receive(receiver), 2)
    })
  )

  it.effect("CH-005: a closed receiver clone dies while it waits, the others go on", () =>
    Effect.gen(function* () {
      const [sender, receiver] = yield* MemoryChannel.make<number>(1, { name: "c" })
      const clone = yield* MemoryChannel.clone(receiver)
      const mine = yield* spawn(MemoryChannel.receive(receiver))
      const theirs = yield* spawn(MemoryChannel.receive(clone))
      yield* MemoryChannel.close(receiver)
      assert.include(yield* defectOf(Fiber.join(mine)), "this receiver of c is closed")
      yield* MemoryChannel.send(sender, 1)
      assert.strictEqual(yield* Fiber.join(theirs), 1)
    })
  )

  it.effect("CH-007: closing is idempotent, by hand and by scope", () =>
    Effect.gen(function* () {
      const { receiver, sender } = yield* recording(1)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const mine = yield* MemoryChannel.scoped(sender)
          assert.strictEqual(mine, sender)
          yield* MemoryChannel.send(mine, 1)
          yield* MemoryChannel.close(mine)
          yield* MemoryChannel.close(mine)
        })
      )
      assert.deepInclude(yield* MemoryChannel.statistics(receiver), { senders: 0, receivers: 1 })
      yield* Effect.scoped(MemoryChannel.scoped(receiver))
      yield* MemoryChannel.close(receiver)
      assert.deepInclude(yield* MemoryChannel.statistics(receiver), { senders: 0, receivers: 0 })
    })
  )

  it.effect("CH-008: null and undefined are ordinary items, also while closing", () =>
    Effect.gen(function* () {
      const [sender, receiver] = yield* MemoryChannel.make<null | undefined>(2)
      const taker = yield* spawn(MemoryChannel.receive(receiver))
      yield* MemoryChannel.send(sender, undefined)
      yield* MemoryChannel.send(sender, null)
      yield* MemoryChannel.send(sender, undefined)
      yield* MemoryChannel.close(sender)
      assert.strictEqual(yield* Fiber.join(taker), undefined)
      assert.strictEqual(yield* MemoryChannel.receive(receiver), null)
      assert.deepStrictEqual(yield* MemoryChannel.tryReceive(receiver), Option.some(undefined))
      assert.isTrue(Cause.isDone(yield* Effect.flip(MemoryChannel.receive(receiver))))
    })
  )

  it.effect("CH-009: an item in flight to a cancelled receiver goes to the next, or stays", () =>
    Effect.gen(function* () {
      const { receiver, sender, undelivered } = yield* recording(1)
      const first = yield* spawn(MemoryChannel.receive(receiver))
      const second = yield* spawn(MemoryChannel.receive(receiver))
      yield* MemoryChannel.send(sender, 1)
      yield* interruptNow(first)
      assert.strictEqual(yield* Fiber.join(second), 1)
      const third = yield* spawn(MemoryChannel.receive(receiver))
      yield* MemoryChannel.send(sender, 2)
      yield* interruptNow(third)
      assert.strictEqual(yield* MemoryChannel.receive(receiver), 2)
      assert.deepStrictEqual(undelivered, [])
    })
  )

  it.effect("CH-009: in flight to a cancelled receiver when all are closed, it is undelivered", () =>
    Effect.gen(function* () {
      const { receiver, sender, undelivered } = yield* recording(1)
      const taker = yield* spawn(MemoryChannel.receive(receiver))
      yield* MemoryChannel.send(sender, 1)
      yield* MemoryChannel.close(receiver)
      assert.deepStrictEqual(undelivered, [])
      yield* interruptNow(taker)
      yield* settle
      assert.deepStrictEqual(undelivered, [1])
    })
  )

  it.effect("CH-011: what nobody can receive goes to onUndelivered; what that dies of is logged", () =>
    Effect.gen(function* () {
      const logged: Array<string> = []
      const seen: Array<number> = []
      const [sender, receiver] = yield* MemoryChannel.make<number>(3, {
        onUndelivered: (item) => {
          seen.push(item)
          return item === 1 ? Effect.die(new Error("hook broke")) : Effect.void
        }
      })
      for (const n of [1, 2]) yield* MemoryChannel.send(sender, n)
      const waiting = yield* spawn(
        MemoryChannel.send(sender, 3).pipe(Effect.andThen(MemoryChannel.send(sender, 4)))
      )
      yield* MemoryChannel.close(receiver).pipe(
        Effect.provide(Logger.layer([Logger.make(({ cause }) => void logged.push(Cause.pretty(cause)))]))
      )
      assert.deepStrictEqual(seen, [1, 2, 3])
      assert.include(logged.join(), "hook broke")
      // A send that was refused leaves the item with the sender.
      assert.strictEqual((yield* Effect.flip(Fiber.join(waiting)))._tag, "ChannelBroken")
    })
  )

  it.effect("CH-012: a stream of it closes the receiver when it ends, fails, or is left early", () =>
    Effect.gen(function* () {
      const run = (use: (stream: Stream.Stream<number>) => Effect.Effect<unknown, unknown>) =>
        Effect.gen(function* () {
          const { receiver, sender } = yield* recording(5)
          for (const n of [1, 2, 3]) yield* MemoryChannel.send(sender, n)
          yield* MemoryChannel.close(sender)
          const exit = yield* Effect.exit(use(MemoryChannel.stream(receiver)))
          assert.strictEqual((yield* MemoryChannel.statistics(receiver)).receivers, 0)
          return exit
        })
      assert.deepStrictEqual(yield* run(Stream.runCollect), Exit.succeed([1, 2, 3]))
      assert.deepStrictEqual(
        yield* run((stream) => Stream.runCollect(Stream.take(stream, 1))),
        Exit.succeed([1])
      )
      assert.deepStrictEqual(
        yield* run((stream) => Stream.runForEach(stream, () => Effect.fail("no"))),
        Exit.fail("no")
      )
    })
  )
})
