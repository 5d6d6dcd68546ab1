import { assert, describe } from "@effect/vitest"
import { Barrier, CapacityLimiter, Condition, Event, Lock, Semaphore } from "@skein/core"
import { Explore } from "@skein/testing"
import { it } from "@skein/testing/vitest"
import { Effect, Option } from "effect"

const modes = [
  { mode: "resumes", interrupts: false, schedules: 300 },
  { mode: "resumes", interrupts: true, schedules: 500 },
  { mode: "ops", interrupts: true, schedules: 300 }
] as const

/** Each task under a name, so that it may be interrupted; ends when all have. */
const together = <A, E>(tasks: ReadonlyArray<Effect.Effect<A, E>>) =>
  Effect.forEach(tasks, (task, i) => Effect.exit(Explore.named(Effect.exit(task), `task ${i}`)), {
    concurrency: "unbounded",
    discard: true
  })

/** Counts who is inside. */
const room = (capacity: number) => {
  let inside = 0
  const enter = (weight: number) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        inside += weight
        if (inside > capacity) throw new Error(`${inside} inside, ${capacity} allowed`)
      }),
      () => Effect.yieldNow,
      () => Effect.sync(() => (inside -= weight))
    )
  return enter
}

describe("explored", () => {
  for (const options of modes) {
    const how = `${options.mode}${options.interrupts ? ", interrupted" : ""}`

    it.explore(
      `Semaphore: never more inside than permits, none lost (${how})`,
      () =>
        Effect.gen(function* () {
          const semaphore = yield* Semaphore.make(2)
          const enter = room(2)
          yield* together(
            [1, 2, 1, 2].map((permits, i) =>
              i === 3
                ? Effect.scoped(Effect.andThen(Semaphore.takeScoped(semaphore, permits), enter(permits)))
                : Semaphore.withPermits(semaphore, permits, enter(permits))
            )
          )
          assert.deepInclude(yield* Semaphore.statistics(semaphore), { free: 2, holders: [], waiting: [] })
        }),
      options
    )

    it.explore(
      `Semaphore.resize: the total is kept to (${how})`,
      () =>
        Effect.gen(function* () {
          const semaphore = yield* Semaphore.make(1)
          const enter = room(2)
          yield* together([
            Semaphore.withPermit(semaphore, enter(1)),
            Semaphore.withPermit(semaphore, enter(1)),
            Semaphore.withPermit(semaphore, enter(1)),
            Effect.andThen(Semaphore.resize(semaphore, 2), Semaphore.resize(semaphore, 1))
          ])
          assert.strictEqual((yield* Semaphore.statistics(semaphore)).waiting.length, 0)
        }),
      options
    )

    it.explore(
      `Lock: one at a time, free at the end (${how})`,
      () =>
        Effect.gen(function* () {
          const lock = yield* Lock.make()
          const enter = room(1)
          yield* together([
            Lock.withLock(lock, enter(1)),
            Lock.withLock(lock, enter(1)),
            Effect.asVoid(Lock.tryWithLock(lock, enter(1))),
            Effect.scoped(Effect.andThen(Lock.acquire(lock), enter(1)))
          ])
          assert.deepInclude(yield* Lock.statistics(lock), { owner: Option.none(), waiting: [] })
        }),
      options
    )

    it.explore(
      `CapacityLimiter: never more borrowed than tokens, none lost (${how})`,
      () =>
        Effect.gen(function* () {
          const limiter = yield* CapacityLimiter.make(2)
          const enter = room(2)
          yield* together([
            CapacityLimiter.withToken(limiter, enter(1)),
            CapacityLimiter.withToken(limiter, enter(1), { borrower: "b" }),
            CapacityLimiter.withToken(limiter, enter(1)),
            Effect.scoped(Effect.andThen(CapacityLimiter.borrow(limiter), enter(1)))
          ])
          const statistics = yield* CapacityLimiter.statistics(limiter)
          assert.deepInclude(statistics, { borrowed: 0, borrowers: [], waiting: [] })
        }),
      options
    )

    it.explore(
      `Condition: a notification is not lost, and every waiter unwinds with the lock (${how})`,
      () =>
        Effect.gen(function* () {
          const condition = yield* Condition.make()
          let tokens = 0
          const taken: Array<number> = []
          const take = (n: number) =>
            Condition.withLock(
              condition,
              Effect.ensuring(
                Effect.andThen(
                  Condition.waitFor(condition, () => tokens > 0),
                  Effect.sync(() => {
                    tokens--
                    taken.push(n)
                  })
                ),
                // Dies unless the lock is held.
                Condition.notify(condition, 0)
              )
            )
          const put = Condition.withLock(
            condition,
            Effect.andThen(
              Effect.sync(() => tokens++),
              Condition.notify(condition)
            )
          )
          // What is put is put whoever is interrupted; so nobody may wait in vain.
          yield* together([take(1), take(2), Effect.uninterruptible(Effect.andThen(put, put))])
          assert.isFalse(yield* Lock.isLocked(condition.lock))
          assert.strictEqual(tokens, 2 - taken.length)
        }),
      options
    )

    it.explore(
      `Event: whoever waits is woken (${how})`,
      () =>
        Effect.gen(function* () {
          const event = yield* Event.make()
          const set = Effect.uninterruptible(Effect.andThen(Event.set(event), Event.clear(event)))
          yield* together([
            Event.wait(event),
            Event.wait(event),
            Effect.uninterruptible(Effect.andThen(Effect.andThen(set, Effect.yieldNow), Event.set(event)))
          ])
          assert.deepStrictEqual((yield* Event.statistics(event)).waiting, [])
        }),
      options
    )
  }

  it.explore(
    "Barrier: rounds do not mix",
    () =>
      Effect.gen(function* () {
        const barrier = yield* Barrier.make(2)
        const arrived = [0, 0]
        const party = Effect.gen(function* () {
          for (let round = 0; round < 2; round++) {
            arrived[round]!++
            yield* Barrier.wait(barrier)
            assert.strictEqual(arrived[round], 2)
          }
        })
        yield* Effect.all([party, party], { concurrency: 2 })
      }),
    { mode: "ops", schedules: 500 }
  )
})
