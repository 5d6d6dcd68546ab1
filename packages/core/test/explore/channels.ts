import { strict as assert } from "node:assert"

import { MemoryChannel } from "@skein/core"
import { Explore } from "@skein/testing"
import { Effect, Exit, Stream } from "effect"
import type { Fiber } from "effect"

import { later, of } from "./program.ts"
import type { Explored } from "./program.ts"
import { hasEnded, inTurn, sorted, spawn, throwDefects, wasInterrupted } from "./spawned.ts"

/** A channel that writes down what nobody received. */
const make = <A>(capacity: number) =>
  Effect.gen(function* () {
    const undelivered: Array<A> = []
    const [sender, receiver] = yield* MemoryChannel.make<A>(capacity, {
      name: "channel",
      onUndelivered: (item) => later(Effect.sync(() => void undelivered.push(item)))
    })
    return { sender, receiver, undelivered }
  })

const noted = <A, E>(effect: Effect.Effect<A, E>, items: Array<A>) =>
  Effect.map(effect, (item) => {
    items.push(item)
  })

const sending = <A, E>(effect: Effect.Effect<unknown, E>, item: A, items: Array<A>) =>
  Effect.map(effect, () => {
    items.push(item)
  })

/** One who was interrupted before its first step has not closed its end: until all have ended. */
const closeFor = (
  fibers: ReadonlyArray<Fiber.Fiber<unknown, unknown>>,
  ends: ReadonlyArray<MemoryChannel.Sender<never> | MemoryChannel.Receiver<unknown>>
) =>
  Effect.gen(function* () {
    yield* Explore.waitAllBlocked
    for (let round = 0; round <= ends.length; round++) {
      for (const [i, end] of ends.entries()) if (hasEnded(fibers[i]!)) yield* MemoryChannel.close(end)
      yield* Explore.waitAllBlocked
    }
    assert.ok(fibers.every(hasEnded))
  })

export const programs: ReadonlyArray<Explored> = [
  {
    name: "MemoryChannel: nothing is lost between clones, all are told of the end",
    operations: of("MemoryChannel", "make", "clone", "send", "receive", "close", "statistics"),
    program: () =>
      Effect.gen(function* () {
        const [sent, received]: [Array<string>, Array<string>] = [[], []]
        const { receiver, sender, undelivered } = yield* make<string>(yield* Explore.choose([1, 0, 2]))
        const other = yield* MemoryChannel.clone(sender)
        const second = yield* MemoryChannel.clone(receiver)
        const send = (end: MemoryChannel.Sender<string>, name: string) =>
          Effect.forEach([1, 2], (n) =>
            sending(MemoryChannel.send(end, `${name}${n}`), `${name}${n}`, sent)
          ).pipe(Effect.ensuring(MemoryChannel.close(end)))
        const receive = (end: MemoryChannel.Receiver<string>) =>
          Effect.ensuring(
            Effect.forever(noted(MemoryChannel.receive(end), received)),
            MemoryChannel.close(end)
          )
        const fibers = yield* spawn<unknown, unknown>("party", [
          send(sender, "a"),
          send(other, "b"),
          receive(receiver),
          receive(second)
        ])
        yield* closeFor(fibers, [sender, other, receiver, second])
        throwDefects(fibers)
        assert.deepEqual(sorted([...received, ...undelivered]), sorted(sent))
        const { receivers, receiving, senders, sending: waiting } = yield* MemoryChannel.statistics(receiver)
        assert.deepEqual([senders, receivers, waiting, receiving], [0, 0, [], []])
      })
  },
  {
    name: "MemoryChannel: from hand to hand, by scopes and a stream: each item is received, undelivered or the sender's",
    operations: of("MemoryChannel", "scoped", "stream", "trySend", "tryReceive"),
    program: () =>
      Effect.gen(function* () {
        const [sent, received]: [Array<number>, Array<number>] = [[], []]
        const { receiver, sender, undelivered } = yield* make<number>(0)
        const other = yield* MemoryChannel.clone(receiver)
        const producer = Effect.scoped(
          Effect.gen(function* () {
            const end = yield* MemoryChannel.scoped(sender)
            yield* Effect.map(MemoryChannel.trySend(end, 1), (open) => {
              if (open) sent.push(1)
            })
            for (const n of [2, 3]) yield* sending(MemoryChannel.send(end, n), n, sent)
          })
        )
        const streaming = Stream.runForEach(MemoryChannel.stream(receiver), (n) =>
          Effect.sync(() => void received.push(n))
        )
        const polling = Effect.scoped(
          Effect.gen(function* () {
            const end = yield* MemoryChannel.scoped(other)
            for (let i = 0; i < 2; i++) {
              yield* Effect.map(MemoryChannel.tryReceive(end), (item) => {
                if (item._tag === "Some") received.push(item.value)
              })
              yield* Effect.yieldNow
            }
          })
        )
        const fibers = yield* spawn<unknown, unknown>("party", [producer, streaming, polling])
        yield* closeFor(fibers, [sender, receiver, other])
        throwDefects(fibers)
        const all = [...received, ...undelivered]
        assert.equal(new Set(all).size, all.length)
        // What an interrupted stream held between two of its steps is gone with it.
        const gone = sent.filter((n) => !all.includes(n))
        assert.ok(gone.length <= (wasInterrupted(fibers[1]!) ? 1 : 0), `${gone.join()} lost`)
        // The sender was interrupted, but tryReceive had taken the item before.
        const unaware = all.filter((n) => !sent.includes(n))
        assert.ok(unaware.length <= (wasInterrupted(fibers[0]!) ? 1 : 0), `${unaware.join()} not sent`)
      })
  },
  {
    name: "MemoryChannel: the place of a send that is interrupted, or whose end is closed, goes to the next",
    operations: of("MemoryChannel", "send", "receive", "tryReceive", "close"),
    program: () =>
      Effect.gen(function* () {
        const sent: Array<number> = []
        const received: Array<number> = []
        const { receiver, sender } = yield* make<number>(yield* Explore.choose([1, 0]))
        const ends = [sender, yield* MemoryChannel.clone(sender), yield* MemoryChannel.clone(sender)]
        const sends = yield* inTurn(
          "send",
          [0, 1, 2, 3].map((n) => sending(MemoryChannel.send(ends[n % 3]!, n), n, sent))
        )
        const { capacity } = yield* MemoryChannel.statistics(receiver)
        yield* spawn<unknown, unknown>("party", [
          Effect.andThen(
            noted(MemoryChannel.receive(receiver), received),
            later(noted(MemoryChannel.receive(receiver), received))
          ),
          MemoryChannel.close(ends[1]!)
        ])
        yield* Explore.waitAllBlocked
        const { buffered, receiving, sending: waiting } = yield* MemoryChannel.statistics(receiver)
        assert.ok(waiting.length === 0 || (buffered >= capacity && receiving.length === 0))
        assert.deepEqual(sent, sorted(sent))
        while (true) {
          const item = yield* Effect.exit(MemoryChannel.tryReceive(receiver))
          if (!Exit.isSuccess(item) || item.value._tag === "None") break
          received.push(item.value.value)
          yield* Explore.waitAllBlocked
        }
        assert.ok(sends.every(hasEnded))
        assert.deepEqual(received, sorted(received))
        // An interrupted send is done, too, when tryReceive had its item before.
        assert.deepEqual(
          received.filter((n) => !wasInterrupted(sends[n]!)),
          [0, 1, 2, 3].filter((n) => Exit.isSuccess(sends[n]!.pollUnsafe()!))
        )
      })
  },
  {
    name: "MemoryChannel: who is told of the end is told last, and what waits through a closed end dies",
    operations: of("MemoryChannel", "receive", "close", "clone", "send"),
    program: () =>
      Effect.gen(function* () {
        const [sent, received]: [Array<number>, Array<number>] = [[], []]
        let told = 0
        const { receiver, sender, undelivered } = yield* make<number>(1)
        const other = yield* MemoryChannel.clone(receiver)
        const receive = (end: MemoryChannel.Receiver<number>) =>
          Effect.forever(
            Effect.map(MemoryChannel.receive(end), (n) => {
              assert.equal(told, 0, "an item after the end")
              received.push(n)
            })
          ).pipe(
            Effect.catch(() => Effect.sync(() => void told++)),
            Effect.exit
          )
        const receivers = yield* spawn("receiver", [receive(receiver), receive(receiver), receive(other)])
        const send = (n: number) => Effect.exit(sending(MemoryChannel.send(sender, n), n, sent))
        yield* spawn("sender", [Effect.forEach([1, 2, 3], send)])
        yield* later(later(Effect.void))
        // Closed while others wait through them.
        yield* MemoryChannel.close(other)
        yield* MemoryChannel.close(sender)
        yield* Explore.waitAllBlocked
        assert.ok(receivers.every(hasEnded))
        assert.ok(told === 0 || undelivered.length === 0)
        const { buffered } = yield* MemoryChannel.statistics(receiver)
        assert.ok(told === 0 || buffered === 0, "told of the end before it")
        yield* MemoryChannel.close(receiver)
        assert.deepEqual(sorted([...received, ...undelivered]), sorted(sent))
      })
  },
  {
    name: "MemoryChannel: the last receiver that closes breaks the senders and hands on what is left",
    operations: of("MemoryChannel", "receive", "close", "send", "trySend", "stream"),
    program: () =>
      Effect.gen(function* () {
        const [sent, received]: [Array<number>, Array<number>] = [[], []]
        const { receiver, sender, undelivered } = yield* make<number>(1)
        const other = yield* MemoryChannel.clone(receiver)
        const receiveOne = (end: MemoryChannel.Receiver<number>) =>
          noted(MemoryChannel.receive(end), received)
        const fibers = yield* spawn<unknown, unknown>("party", [
          Effect.forEach([1, 2], (n) => sending(MemoryChannel.send(sender, n), n, sent)),
          Effect.map(MemoryChannel.trySend(sender, 3), (open) => {
            if (open) sent.push(3)
          }),
          receiveOne(receiver),
          receiveOne(other)
        ])
        yield* later(Effect.void)
        yield* MemoryChannel.close(receiver)
        yield* later(MemoryChannel.close(other))
        yield* Explore.waitAllBlocked
        assert.ok(fibers.every(hasEnded))
        throwDefects(fibers.slice(0, 2))
        assert.deepEqual(sorted([...received, ...undelivered]), sorted(sent))
        assert.equal((yield* Effect.flip(MemoryChannel.send(sender, 4)))._tag, "ChannelBroken")
      })
  }
]
