import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import PQueue from "p-queue"

import { MemoryChannel, TaskGroup, WorkQueue } from "@skein/core"

import { both, define } from "../work.ts"
import type { Round } from "../work.ts"

const capacity = 100

const together = (effects: ReadonlyArray<Effect.Effect<void, unknown>>): Effect.Effect<unknown> =>
  Effect.orDie(Effect.all(effects, { concurrency: "unbounded", discard: true }))

const repeat = (n: number, effect: Effect.Effect<unknown, unknown>): Effect.Effect<void, unknown> =>
  Effect.gen(function* () {
    for (let i = 0; i < n; i++) yield* effect
  })

const round =
  (make: (n: number) => Effect.Effect<unknown>): Round =>
  async (n) => {
    await Effect.runPromise(make(n))
  }

const many = <A>(n: number, one: () => A): ReadonlyArray<A> => Array.from({ length: n }, one)

/** `sides` producers and as many consumers. */
const effectQueue = (sides: number) =>
  round((n) =>
    Effect.flatMap(Queue.bounded<number>(capacity), (queue) =>
      together([
        ...many(sides, () => repeat(n / sides, Queue.offer(queue, 1))),
        ...many(sides, () => repeat(n / sides, Queue.take(queue)))
      ])
    )
  )

const workQueue = (sides: number) =>
  round((n) =>
    Effect.flatMap(WorkQueue.bounded<number>(capacity), (queue) =>
      together([
        ...many(sides, () => repeat(n / sides, WorkQueue.offer(queue, 1))),
        ...many(sides, () => repeat(n / sides, WorkQueue.take(queue)))
      ])
    )
  )

const channel = (sides: number) =>
  round((n) =>
    Effect.flatMap(MemoryChannel.make<number>(capacity), ([sender, receiver]) =>
      together([
        ...many(sides, () => repeat(n / sides, MemoryChannel.send(sender, 1))),
        ...many(sides, () => repeat(n / sides, MemoryChannel.receive(receiver)))
      ])
    )
  )

const batchSize = 100

/** Takes what there is until it has had n items. */
const drain = <E>(n: number, take: Effect.Effect<ReadonlyArray<number>, E>): Effect.Effect<void, E> =>
  Effect.gen(function* () {
    for (let taken = 0; taken < n;) taken += (yield* take).length
  })

const batch = many(batchSize, () => 1)

export const oneToOne = define({
  id: "queue",
  title: "A queue, one to one",
  description: "One producer and one consumer on a queue of 100 places, item by item.",
  unit: "item",
  n: 100_000,
  essential: true,
  effect: "Effect Queue",
  goals: [{ system: "Skein WorkQueue", against: "Effect Queue", ratio: 1 }],
  remarks: "A WorkQueue also counts what is unfinished, as task_done and join of asyncio's do.",
  systems: {
    "Effect Queue": { round: effectQueue(1) },
    "Skein WorkQueue": { round: workQueue(1) },
    "Skein MemoryChannel": { round: channel(1) }
  },
  python: ["asyncio", "trio"]
})

/** Four producers and four consumers: each of them does a quarter. */
export const fourToFour = define({
  id: "queue-4-4",
  title: "A queue, four to four",
  description: "Four producers and four consumers on a queue of 100 places, item by item.",
  remarks:
    "In a WorkQueue an offer that waits puts its item in when its fiber goes on, so that an interrupted offer has not happened, and nobody passes it meanwhile: of four producers each offers one item a round. Effect's Queue takes the item of a waiting offer at once.",
  unit: "item",
  n: 100_000,
  essential: false,
  effect: "Effect Queue",
  systems: {
    "Effect Queue": { round: effectQueue(4) },
    "Skein WorkQueue": { round: workQueue(4) },
    "Skein MemoryChannel": { round: channel(4) }
  },
  python: ["asyncio", "trio"]
})

export const batches = define({
  id: "queue-batches",
  title: "A queue, taken in batches",
  description:
    "One producer offers item by item (or a hundred at a time), one consumer takes all there is, on a queue of 100 places.",
  remarks:
    "In Python one waits for the first item and takes the rest one by one without waiting, as far as there are any.",
  unit: "item",
  n: 200_000,
  essential: true,
  effect: "Effect Queue",
  collected: true,
  goals: [{ system: "Skein WorkQueue", against: "Effect Queue", ratio: 1.11 }],
  systems: {
    "Effect Queue": {
      note: "offer, takeAll",
      round: round((n) =>
        Effect.flatMap(Queue.bounded<number>(capacity), (queue) =>
          together([repeat(n, Queue.offer(queue, 1)), drain(n, Queue.takeAll(queue))])
        )
      )
    },
    "Effect Queue, offerAll": {
      note: "offerAll, takeAll",
      round: round((n) =>
        Effect.flatMap(Queue.bounded<number>(capacity), (queue) =>
          together([repeat(n / batchSize, Queue.offerAll(queue, batch)), drain(n, Queue.takeAll(queue))])
        )
      )
    },
    "Skein WorkQueue": {
      note: "offer, takeUpTo",
      round: round((n) =>
        Effect.flatMap(WorkQueue.bounded<number>(capacity), (queue) =>
          together([repeat(n, WorkQueue.offer(queue, 1)), drain(n, WorkQueue.takeUpTo(queue, batchSize))])
        )
      )
    },
    "Skein WorkQueue, offerAll": {
      note: "offerAll, takeUpTo",
      round: round((n) =>
        Effect.flatMap(WorkQueue.bounded<number>(capacity), (queue) =>
          together([
            repeat(n / batchSize, WorkQueue.offerAll(queue, batch)),
            drain(n, WorkQueue.takeUpTo(queue, batchSize))
          ])
        )
      )
    }
  },
  python: ["asyncio", "trio"]
})

export const consume = define({
  id: "consume",
  title: "Workers on a queue",
  description:
    "Ten workers handle the items of a queue of 100 places and yield once for each; it ends by itself when all are done.",
  unit: "item",
  n: 50_000,
  essential: false,
  effect: "Effect Queue",
  remarks:
    "Skein acknowledges each item and cancels the other workers when a handler fails; by hand with Effect's Queue nothing is acknowledged. p-queue has no workers but starts a task for each item, and its producer, when a hundred of them are waiting, waits until half of them are under way (to wait for one at a time would be much dearer).",
  systems: {
    "Effect Queue": {
      note: "ten fibers that take until the queue ends",
      round: round((n) =>
        Effect.gen(function* () {
          const queue = yield* Queue.bounded<number, import("effect/Cause").Done>(capacity)
          const worker = Effect.ignore(Effect.forever(Effect.andThen(Queue.take(queue), Effect.yieldNow)))
          const producer = Effect.andThen(repeat(n, Queue.offer(queue, 1)), Queue.end(queue))
          yield* together([...many(10, () => worker), Effect.asVoid(producer)])
        })
      )
    },
    "Skein WorkQueue": {
      note: "consume",
      round: round((n) =>
        Effect.gen(function* () {
          const queue = yield* WorkQueue.bounded<number>(capacity)
          yield* TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(
                Effect.andThen(repeat(n, WorkQueue.offer(queue, 1)), WorkQueue.shutdown(queue))
              )
              yield* WorkQueue.consume(queue, () => Effect.yieldNow, { workers: 10 })
            })
          )
        }).pipe(Effect.orDie)
      )
    },
    ...both("p-queue", (work) => async (n) => {
      const queue = new PQueue({ concurrency: 10 })
      for (let i = 0; i < n; i++) {
        if (queue.size >= capacity) await queue.onSizeLessThan(capacity / 2)
        void queue.add(work)
      }
      await queue.onIdle()
    })
  },
  python: ["asyncio", "trio"]
})
