import { assert, describe, it } from "@effect/vitest"
import { CapacityLimiter } from "@skein/core"
import { Effect, Exit, Fiber, Option, Scope } from "effect"

import { defectOf, note, settle, spawn } from "../sync/fixtures.ts"

const hold = (limiter: CapacityLimiter.CapacityLimiter) =>
  spawn(CapacityLimiter.withToken(limiter, Effect.never))

describe("conformance: limiter", () => {
  it.effect(
    "LI-001: totals that are no number of tokens die, and the old one stays; 0 and Infinity are legal",
    () =>
      Effect.gen(function* () {
        const limiter = yield* CapacityLimiter.make(3)
        for (const total of [-1, 1.5, Number.NaN]) {
          const message = `total must be an integer or Infinity >= 0, got ${total}`
          assert.strictEqual(yield* defectOf(CapacityLimiter.make(total)), `CapacityLimiter.make: ${message}`)
          assert.strictEqual(
            yield* defectOf(CapacityLimiter.resize(limiter, total)),
            `CapacityLimiter.resize: ${message}`
          )
        }
        assert.strictEqual((yield* CapacityLimiter.statistics(limiter)).total, 3)
        yield* CapacityLimiter.resize(limiter, 0)
        const waiter = yield* spawn(CapacityLimiter.withToken(limiter, Effect.succeed("ran")))
        assert.isUndefined(waiter.pollUnsafe())
        yield* limiter.pipe(CapacityLimiter.resize(Infinity))
        assert.strictEqual(yield* Fiber.join(waiter), "ran")
      })
  )

  it.effect(
    "LI-004: a named borrower's token is freed from another task; the borrowers are known exactly",
    () =>
      Effect.gen(function* () {
        const limiter = yield* CapacityLimiter.make(3)
        const borrowers = Effect.map(CapacityLimiter.statistics(limiter), (s) => s.borrowers)
        const scopes = [yield* Scope.make(), yield* Scope.make()]
        const borrow = (borrower: unknown, scope: Scope.Scope) =>
          Effect.provideService(CapacityLimiter.borrow(limiter, { borrower }), Scope.Scope, scope)
        yield* spawn(borrow("a", scopes[0]!))
        yield* spawn(borrow({ name: "b" }, scopes[1]!))
        yield* spawn(CapacityLimiter.withToken(limiter, Effect.never, { borrower: { id: 7 } }))
        assert.deepStrictEqual(yield* borrowers, ["a", "b", "7"])
        yield* Effect.flatMap(spawn(Scope.close(scopes[0]!, Exit.void)), Fiber.join)
        assert.deepStrictEqual(yield* borrowers, ["b", "7"])
        yield* Scope.close(scopes[1]!, Exit.void)
        assert.deepStrictEqual(yield* borrowers, ["7"])
      })
  )

  it.effect("LI-004: a borrower twice dies, whether it holds or waits", () =>
    Effect.gen(function* () {
      const limiter = yield* CapacityLimiter.make(1, { name: "l" })
      const borrower = "job"
      const again = (effect: Effect.Effect<unknown>) =>
        Effect.map(defectOf(effect), (message) =>
          assert.strictEqual(
            message,
            "CapacityLimiter.withToken: a borrower may have one token of l, job asked for a second"
          )
        )
      const twice = CapacityLimiter.withToken(limiter, Effect.void, { borrower })
      yield* CapacityLimiter.withToken(limiter, again(twice), { borrower })
      const held = yield* hold(limiter)
      const waiting = yield* spawn(twice)
      yield* again(twice)
      yield* Fiber.interrupt(waiting)
      yield* Fiber.interrupt(held)
      yield* twice
    })
  )

  it.effect(
    "LI-004: unnamed, the borrower is the call: inside its effect a second dies, siblings do not",
    () =>
      Effect.gen(function* () {
        const limiter = yield* CapacityLimiter.make(2, { name: "l" })
        const inside = [
          CapacityLimiter.withToken(limiter, Effect.void),
          CapacityLimiter.tryWithToken(limiter, Effect.void),
          Effect.scoped(CapacityLimiter.borrow(limiter)),
          Effect.forEach([1], () => CapacityLimiter.withToken(limiter, Effect.void), { concurrency: 2 })
        ]
        for (const effect of inside) {
          assert.include(yield* defectOf(CapacityLimiter.withToken(limiter, effect)), "one token of l")
        }
        assert.include(
          yield* defectOf(Effect.scoped(Effect.andThen(CapacityLimiter.borrow(limiter), inside[0]!))),
          "one token of l"
        )
        yield* Effect.forEach([1, 2], () => CapacityLimiter.withToken(limiter, Effect.yieldNow), {
          concurrency: 2
        })
        assert.deepInclude(yield* CapacityLimiter.statistics(limiter), { borrowed: 0, borrowers: [] })
      })
  )

  it.effect("LI-005: a returned token is the waiter's: the non-blocking attempt fails", () =>
    Effect.gen(function* () {
      const limiter = yield* CapacityLimiter.make(1)
      const held = yield* hold(limiter)
      const waiter = yield* spawn(CapacityLimiter.withToken(limiter, Effect.void))
      yield* Effect.sync(() => held.interruptUnsafe())
      assert.isTrue(Option.isNone(yield* CapacityLimiter.tryWithToken(limiter, Effect.void)))
      assert.strictEqual((yield* CapacityLimiter.statistics(limiter)).borrowed, 1)
      yield* Fiber.join(waiter)
      assert.isTrue(Option.isSome(yield* Effect.void.pipe(CapacityLimiter.tryWithToken(limiter))))
    })
  )

  it.effect("LI-006: raising the total lets in as many as there are new tokens, in order", () =>
    Effect.gen(function* () {
      const limiter = yield* CapacityLimiter.make(1)
      const log: Array<number> = []
      yield* hold(limiter)
      for (const n of [1, 2, 3]) {
        yield* spawn(CapacityLimiter.withToken(limiter, Effect.andThen(note(log)(n), Effect.never)))
      }
      yield* CapacityLimiter.resize(limiter, 3)
      yield* settle
      assert.deepStrictEqual(log, [1, 2])
      yield* CapacityLimiter.resize(limiter, 5)
      yield* CapacityLimiter.withToken(limiter, note(log)(4))
      yield* settle
      assert.deepStrictEqual(log.toSorted(), [1, 2, 3, 4])
    })
  )

  it.effect("LI-006: the total may sink below what is borrowed", () =>
    Effect.gen(function* () {
      const limiter = yield* CapacityLimiter.make(3)
      const fibers = [yield* hold(limiter), yield* hold(limiter), yield* hold(limiter)]
      yield* CapacityLimiter.resize(limiter, 1)
      assert.deepInclude(yield* CapacityLimiter.statistics(limiter), { total: 1, borrowed: 3 })
      const waiter = yield* spawn(CapacityLimiter.withToken(limiter, Effect.succeed("in")))
      yield* Fiber.interruptAll(fibers.slice(0, 2))
      yield* settle
      assert.isUndefined(waiter.pollUnsafe())
      yield* Fiber.interrupt(fibers[2]!)
      assert.strictEqual(yield* Fiber.join(waiter), "in")
    })
  )

  it.effect("LI-010: of a cancelled waiter no trace is left", () =>
    Effect.gen(function* () {
      const limiter = yield* CapacityLimiter.make(1)
      const held = yield* hold(limiter)
      const waiter = yield* spawn(CapacityLimiter.withToken(limiter, Effect.void, { borrower: "w" }))
      assert.deepStrictEqual((yield* CapacityLimiter.statistics(limiter)).waiting, ["w"])
      yield* Fiber.interrupt(waiter)
      assert.deepInclude(yield* CapacityLimiter.statistics(limiter), { waiting: [], maxWaiting: 1 })
      yield* Fiber.interrupt(held)
      yield* CapacityLimiter.withToken(limiter, Effect.void, { borrower: "w" })
    })
  )

  it.effect("LI-011: service order is queue order", () =>
    Effect.gen(function* () {
      const limiter = yield* CapacityLimiter.make(1)
      const log: Array<number> = []
      yield* Effect.forEach(
        [1, 2, 3, 4],
        (n) => CapacityLimiter.withToken(limiter, Effect.andThen(note(log)(n), Effect.yieldNow)),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(log, [1, 2, 3, 4])
    })
  )
})
