// `asyncio.Condition` and `asyncio.Barrier`: coordination made by hand. A condition waits, with a lock, for something that
// somebody else changes under that lock; a barrier lets so many go on together, round after round.
import { Console, Effect, Fiber } from "effect"

import { Barrier, Condition, TaskGroup } from "@skein/core"

/** A bounded buffer on two conditions of one lock, as in the textbook. (`WorkQueue` is the ready-made one.) */
const makeBuffer = (capacity: number) =>
  Effect.gen(function* () {
    const items: Array<string> = []
    const notEmpty = yield* Condition.make({ name: "not empty" })
    const notFull = yield* Condition.make({ name: "not full", lock: notEmpty.lock })
    const put = (item: string) =>
      Effect.gen(function* () {
        yield* Condition.waitFor(notFull, () => items.length < capacity)
        items.push(item)
        yield* Condition.notify(notEmpty)
      }).pipe(Condition.withLock(notFull))
    const take = Effect.gen(function* () {
      yield* Condition.waitFor(notEmpty, () => items.length > 0)
      const item = items.shift()!
      yield* Condition.notify(notFull)
      return item
    }).pipe(Condition.withLock(notEmpty))
    return { put, take, notEmpty }
  })

const conditions = Effect.gen(function* () {
  const buffer = yield* makeBuffer(2)
  // Cancelled while it waits: it holds the lock again before it unwinds, and takes nothing from anybody.
  const cancelled = yield* Effect.forkChild(buffer.take, { startImmediately: true })
  yield* Fiber.interrupt(cancelled)
  yield* TaskGroup.run(
    Effect.gen(function* () {
      yield* TaskGroup.fork(Effect.forEach(["a", "b", "c", "d"], buffer.put), { name: "producer" })
      for (let i = 0; i < 4; i++) yield* Console.log(`got ${yield* buffer.take}`)
    })
  )
})

const rounds = Effect.gen(function* () {
  const barrier = yield* Barrier.make(3, { name: "generation" })
  const log: Array<string> = []
  const cell = (name: string) =>
    Effect.gen(function* () {
      for (let round = 1; round <= 2; round++) {
        log.push(`${round}${name}`)
        yield* Barrier.wait(barrier)
      }
    })
  yield* Effect.all([cell("x"), cell("y"), cell("z")], { concurrency: 3 })
  yield* Console.log(log.join(" "))

  // One of three cannot come: those who wait are told instead of waiting for ever.
  const party = Effect.catchTag(Barrier.wait(barrier), "BrokenBarrier", (error) => Console.log(error.message))
  yield* Effect.all([party, party, Effect.andThen(Effect.yieldNow, Barrier.abort(barrier))], {
    concurrency: 3
  })
})

Effect.runPromise(Effect.andThen(conditions, rounds))
