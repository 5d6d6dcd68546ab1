import { assert, describe } from "@effect/vitest"
import { MemoryChannel, WorkQueue } from "@skein/core"
import { Explore } from "@skein/testing"
import { it } from "@skein/testing/vitest"
import { Effect } from "effect"

const modes = [
  { mode: "resumes", interrupts: false, schedules: 300 },
  { mode: "resumes", interrupts: true, schedules: 500 },
  { mode: "ops", interrupts: true, schedules: 300 }
] as const

const named = <A, E>(effect: Effect.Effect<A, E>, name: string) =>
  Effect.exit(Explore.named(Effect.exit(effect), name))

describe("explored", () => {
  for (const options of modes) {
    const how = `${options.mode}${options.interrupts ? ", interrupted" : ""}`

    for (const capacity of [0, 1, 2]) {
      it.explore(
        `WorkQueue: what was offered is taken once or left, each producer's in order (${capacity}; ${how})`,
        () =>
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
              Effect.all([named(consume(first), "consumer 1"), named(consume(second), "consumer 2")], {
                concurrency: 2
              })
            )
            const producers = yield* Effect.forkChild(
              Effect.all([named(produce("a"), "producer a"), named(produce("b"), "producer b")], {
                concurrency: 2
              })
            )
            yield* Explore.waitAllBlocked
            yield* WorkQueue.shutdown(queue)
            yield* Explore.waitAllBlocked
            assert.isDefined(consumers.pollUnsafe())
            assert.isDefined(producers.pollUnsafe())
            const left: Array<string> = []
            while ((yield* WorkQueue.size(queue)) > 0) left.push(yield* WorkQueue.take(queue))
            assert.deepStrictEqual([...first, ...second, ...left].toSorted(), offered.toSorted())
            for (const seen of [first, second, left]) {
              const own = (name: string) => seen.filter((item) => item.startsWith(name))
              for (const items of [own("a"), own("b")]) assert.deepStrictEqual(items, items.toSorted())
            }
          }),
        options
      )
    }

    it.explore(
      `WorkQueue.consume: until idle, with handlers that feed it, ends and handles everything (${how})`,
      () =>
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
          const exit = yield* named(
            WorkQueue.consume(queue, handler, { workers: 2, until: "idle" }),
            "consume"
          )
          const inner = exit._tag === "Success" ? exit.value : exit
          if (inner._tag === "Success") assert.strictEqual(handled.length, 7)
          assert.deepInclude(yield* WorkQueue.statistics(queue), { taking: [], offering: [] })
        }),
      options
    )

    it.explore(
      `MemoryChannel: nothing is lost between clones, all are told of the end (${how})`,
      () =>
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
              named(send(sender, "a"), "sender a"),
              named(send(other, "b"), "sender b"),
              named(receive(receiver), "receiver 1"),
              named(receive(second), "receiver 2")
            ],
            { concurrency: "unbounded" }
          )
          yield* Explore.waitAllBlocked
          assert.deepStrictEqual([...received, ...undelivered].toSorted(), sent.toSorted())
          const statistics = yield* MemoryChannel.statistics(receiver)
          assert.deepInclude(statistics, { senders: 0, receivers: 0, sending: [], receiving: [] })
        }),
      options
    )
  }
})
