import { assert, describe, it } from "@effect/vitest"
import { Barrier, TaskGroup } from "@skein/core"
import { Effect, Fiber } from "effect"

import { defectOf, interruptNow, settle, spawn } from "../sync/fixtures.ts"

const broken = (barrier: string, by: "abort" | "reset") => new Barrier.BrokenBarrier({ barrier, by })

describe("conformance: barrier", () => {
  it.effect("BA-001: zero or negative parties die", () =>
    Effect.gen(function* () {
      for (const parties of [0, -1, 1.5, Number.NaN]) {
        assert.strictEqual(
          yield* defectOf(Barrier.make(parties)),
          `Barrier.make: parties must be an integer >= 1, got ${parties}`
        )
      }
      assert.strictEqual(yield* Effect.flatMap(Barrier.make(1), Barrier.wait), 0)
    })
  )

  it.effect("BA-004: each round releases exactly so many, with an index each", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(3)
      for (let round = 0; round < 2; round++) {
        const fibers = [yield* spawn(Barrier.wait(barrier)), yield* spawn(Barrier.wait(barrier))]
        assert.strictEqual((yield* Barrier.statistics(barrier)).waiting.length, 2)
        assert.strictEqual(yield* Barrier.wait(barrier), 2)
        assert.deepStrictEqual([yield* Fiber.join(fibers[0]!), yield* Fiber.join(fibers[1]!)], [0, 1])
        assert.strictEqual((yield* Barrier.statistics(barrier)).waiting.length, 0)
      }
    })
  )

  it.effect("BA-006: a cancelled party is one fewer; the barrier is not broken", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(3)
      const first = yield* spawn(Barrier.wait(barrier))
      const second = yield* spawn(Barrier.wait(barrier))
      yield* Fiber.interrupt(first)
      assert.isFalse(yield* Barrier.isBroken(barrier))
      const third = yield* spawn(Barrier.wait(barrier))
      assert.isUndefined(third.pollUnsafe())
      assert.strictEqual(yield* Barrier.wait(barrier), 2)
      assert.deepStrictEqual([yield* Fiber.join(second), yield* Fiber.join(third)], [0, 1])
    })
  )

  it.effect("BA-007: reset fails those who wait; the barrier is usable", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(2, { name: "b" })
      const waiter = yield* spawn(Barrier.wait(barrier))
      yield* Barrier.reset(barrier)
      assert.deepStrictEqual(yield* Effect.flip(Fiber.join(waiter)), broken("b", "reset"))
      assert.isFalse(yield* Barrier.isBroken(barrier))
      const next = yield* spawn(Barrier.wait(barrier))
      assert.strictEqual(yield* Barrier.wait(barrier), 1)
      assert.strictEqual(yield* Fiber.join(next), 0)
    })
  )

  it.effect(
    "BA-008: reset does not concern those whose round is complete, though they have not gone on",
    () =>
      Effect.gen(function* () {
        const barrier = yield* Barrier.make(2)
        const waiter = yield* spawn(Barrier.wait(barrier))
        yield* Barrier.wait(barrier)
        assert.isUndefined(waiter.pollUnsafe())
        yield* Barrier.reset(barrier)
        assert.strictEqual(yield* Fiber.join(waiter), 0)
      })
  )

  it.effect("BA-009: those who wait again after a complete round are in the next one", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(2)
      const twice = yield* spawn(Effect.all([Barrier.wait(barrier), Barrier.wait(barrier)]))
      yield* Barrier.wait(barrier)
      // The round is complete and nobody waits: nothing to fail. Then it waits again, in a fresh round.
      yield* Barrier.reset(barrier)
      yield* settle
      assert.strictEqual((yield* Barrier.statistics(barrier)).waiting.length, 1)
      yield* Barrier.wait(barrier)
      assert.deepStrictEqual(yield* Fiber.join(twice), [0, 0])
    })
  )

  it.effect("BA-010: who catches the error and waits again at once joins the fresh round", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(2)
      const stubborn = yield* spawn(
        Effect.catchTag(Barrier.wait(barrier), "BrokenBarrier", () => Barrier.wait(barrier))
      )
      yield* Barrier.reset(barrier)
      yield* settle
      assert.strictEqual(yield* Barrier.wait(barrier), 1)
      assert.strictEqual(yield* Fiber.join(stubborn), 0)
    })
  )

  it.effect("BA-011: abort fails those who wait and those who come, until a reset", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(2, { name: "b" })
      const waiter = yield* spawn(Barrier.wait(barrier))
      yield* Barrier.abort(barrier)
      assert.deepStrictEqual(yield* Effect.flip(Fiber.join(waiter)), broken("b", "abort"))
      assert.isTrue(yield* Barrier.isBroken(barrier))
      assert.deepStrictEqual(yield* Effect.flip(Barrier.wait(barrier)), broken("b", "abort"))
      yield* Barrier.reset(barrier)
      const next = yield* spawn(Barrier.wait(barrier))
      yield* Barrier.wait(barrier)
      yield* Fiber.join(next)
    })
  )

  it.effect(
    "BA-012: a party that fails between two rounds and aborts: the others fail instead of hanging",
    () =>
      Effect.gen(function* () {
        const barrier = yield* Barrier.make(3)
        const party = Effect.andThen(Barrier.wait(barrier), Barrier.wait(barrier))
        const failing = Effect.andThen(
          Barrier.wait(barrier),
          Effect.tapError(Effect.fail("broke"), () => Barrier.abort(barrier))
        )
        const exits = yield* Effect.all(
          [party, party, failing].map((effect) => Effect.flip<unknown, unknown, never>(effect)),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(
          exits.map((error) => (error instanceof Barrier.BrokenBarrier ? error.by : error)),
          ["abort", "abort", "broke"]
        )
      })
  )

  it.effect("one who met and is cancelled before going on breaks nothing", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(2)
      const waiter = yield* spawn(Barrier.wait(barrier))
      yield* Barrier.wait(barrier)
      yield* interruptNow(waiter)
      yield* TaskGroup.run(
        Effect.andThen(TaskGroup.fork(Barrier.wait(barrier)), Effect.andThen(settle, Barrier.wait(barrier)))
      )
    })
  )
})
