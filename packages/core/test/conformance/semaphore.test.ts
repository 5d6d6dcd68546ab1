import { assert, describe, it } from "@effect/vitest"
import { Semaphore, TaskGroup } from "@skein/core"
import { Effect, Exit, Fiber, Option } from "effect"

import { defectOf, interruptNow, note, settle, spawn } from "../sync/fixtures.ts"

const hold = (semaphore: Semaphore.Semaphore, permits = 1) =>
  spawn(Semaphore.withPermits(semaphore, permits, Effect.never))

describe("conformance: semaphore", () => {
  it.effect("SE-002: releasing more than was taken dies and changes nothing", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(1, { name: "s" })
      assert.strictEqual(
        yield* defectOf(Semaphore.release(semaphore, 1)),
        "Semaphore.release: permits must be at most 0, what was taken of s, got 1"
      )
      assert.strictEqual((yield* Semaphore.statistics(semaphore)).free, 1)
      yield* Semaphore.take(semaphore, 1)
      yield* Semaphore.release(semaphore, 1)
      assert.strictEqual((yield* Semaphore.statistics(semaphore)).free, 1)
    })
  )

  it.effect("SE-005: two cancelled waiters lose nothing: the third proceeds, the fourth waits", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(1)
      yield* Semaphore.take(semaphore, 1)
      const log: Array<number> = []
      const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
      for (let i = 1; i <= 4; i++) {
        fibers.push(yield* spawn(Semaphore.withPermit(semaphore, Effect.andThen(note(log)(i), Effect.never))))
      }
      yield* interruptNow(fibers[0]!)
      yield* interruptNow(fibers[1]!)
      yield* Semaphore.release(semaphore, 1)
      yield* settle
      assert.deepStrictEqual(log, [3])
      assert.strictEqual((yield* Semaphore.statistics(semaphore)).waiting.length, 1)
      yield* Fiber.interruptAll(fibers)
    })
  )

  it.effect("SE-006: a waiter cancelled right after the release gives the permit back", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(1)
      yield* Semaphore.take(semaphore, 1)
      const waiter = yield* spawn(Semaphore.withPermit(semaphore, Effect.never))
      yield* Semaphore.release(semaphore, 1)
      assert.strictEqual((yield* Semaphore.statistics(semaphore)).free, 0)
      yield* interruptNow(waiter)
      assert.strictEqual((yield* Semaphore.statistics(semaphore)).free, 1)
      assert.deepStrictEqual(
        yield* Semaphore.tryWithPermits(semaphore, 1, Effect.succeed("third")),
        Option.some("third")
      )
    })
  )

  it.effect("SE-008: a newcomer is served after those woken but not yet running", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(1)
      const log: Array<string> = []
      yield* Semaphore.take(semaphore, 1)
      const early = yield* spawn(Semaphore.withPermit(semaphore, note(log)("early")))
      yield* Semaphore.release(semaphore, 1)
      yield* Semaphore.withPermit(semaphore, note(log)("newcomer"))
      yield* Fiber.join(early)
      assert.deepStrictEqual(log, ["early", "newcomer"])
    })
  )

  it.effect("SE-009: while somebody waits a released permit is his: the non-blocking attempt fails", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(1)
      yield* Semaphore.take(semaphore, 1)
      const waiter = yield* spawn(Semaphore.withPermit(semaphore, Effect.void))
      yield* Semaphore.release(semaphore, 1)
      assert.strictEqual((yield* Semaphore.statistics(semaphore)).free, 0)
      assert.isTrue(Option.isNone(yield* Semaphore.tryWithPermits(semaphore, 1, Effect.void)))
      yield* Fiber.join(waiter)
    })
  )

  it.effect("SE-010: strict order: a small request does not pass a large one that is before it", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(3)
      const log: Array<string> = []
      yield* Semaphore.take(semaphore, 3)
      const large = yield* spawn(Semaphore.withPermits(semaphore, 3, note(log)("large")))
      const small = yield* spawn(Semaphore.withPermits(semaphore, 1, note(log)("small")))
      yield* Semaphore.release(semaphore, 1)
      yield* settle
      assert.deepStrictEqual(log, [])
      yield* Semaphore.release(semaphore, 2)
      yield* Fiber.joinAll([large, small])
      assert.deepStrictEqual(log, ["large", "small"])
    })
  )

  it.effect("SE-010: a cancelled large request makes way for the small one behind it", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(3)
      yield* Semaphore.take(semaphore, 1)
      const large = yield* spawn(Semaphore.withPermits(semaphore, 3, Effect.void))
      const small = yield* spawn(Semaphore.withPermits(semaphore, 1, Effect.succeed("small")))
      yield* Fiber.interrupt(large)
      assert.strictEqual(yield* Fiber.join(small), "small")
    })
  )

  it.effect("SE-011: a waiter of a cancelled group never acquires, and the value is restored", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(1)
      for (const releaseFirst of [true, false]) {
        let entered = false
        yield* Semaphore.take(semaphore, 1)
        const group = yield* spawn(
          TaskGroup.run(
            TaskGroup.fork(
              Semaphore.withPermit(
                semaphore,
                Effect.sync(() => (entered = true))
              )
            )
          )
        )
        if (releaseFirst) yield* Semaphore.release(semaphore, 1)
        yield* interruptNow(group)
        if (!releaseFirst) yield* Semaphore.release(semaphore, 1)
        yield* settle
        assert.isFalse(entered)
        assert.strictEqual((yield* Semaphore.statistics(semaphore)).free, 1)
      }
    })
  )

  it.effect("SE-013: a permit is given back however the effect ends", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(1)
      const free = Effect.map(Semaphore.statistics(semaphore), (statistics) => statistics.free)
      assert.deepStrictEqual(
        yield* Effect.exit(Semaphore.withPermit(semaphore, Effect.fail("no"))),
        Exit.fail("no")
      )
      assert.strictEqual(yield* free, 1)
      assert.strictEqual(yield* defectOf(Semaphore.withPermit(semaphore, Effect.die(new Error("x")))), "x")
      assert.strictEqual(yield* free, 1)
      assert.strictEqual(yield* Semaphore.withPermit(semaphore, Effect.succeed(1)), 1)
      assert.strictEqual(yield* free, 1)
      const held = yield* hold(semaphore)
      assert.strictEqual(yield* free, 0)
      yield* Fiber.interrupt(held)
      assert.strictEqual(yield* free, 1)
    })
  )
})
