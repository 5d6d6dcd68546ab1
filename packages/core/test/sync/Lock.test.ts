import { assert, describe, it } from "@effect/vitest"
import { CancelScope, Lock } from "@skein/core"
import { InterruptSweep } from "@skein/testing"
import { Context, Effect, Fiber, Option } from "effect"

import { settle, spawn } from "./fixtures.ts"

const free = (lock: Lock.Lock) =>
  Effect.gen(function* () {
    yield* settle
    assert.deepInclude(yield* Lock.statistics(lock), { owner: Option.none(), waiting: [] })
    assert.deepStrictEqual(yield* Lock.tryWithLock(lock, Effect.succeed(1)), Option.some(1))
  })

/** A lock that others are using. */
const busy = Effect.gen(function* () {
  const lock = yield* Lock.make()
  for (let i = 0; i < 3; i++) yield* Effect.forkDetach(Lock.withLock(lock, Effect.yieldNow))
  return lock
})

describe("Lock", () => {
  describe("withLock", () => {
    it.effect("does not suspend when the lock is free", () =>
      Effect.sync(() => {
        const lock = Lock.makeUnsafe()
        let ran = false
        Effect.runFork(Effect.sync(() => (ran = true)).pipe(Lock.withLock(lock)))
        assert.isTrue(ran)
      })
    )

    it.effect("a timeout inside is under the lock's protection", () =>
      Effect.gen(function* () {
        const lock = yield* Lock.make()
        const inside = Lock.withLock(
          lock,
          CancelScope.failAfter(
            Effect.andThen(Effect.yieldNow, Effect.as(Lock.isLocked(lock), "done")),
            "1 second"
          )
        )
        assert.strictEqual(yield* inside, "done")
        yield* free(lock)
      })
    )

    it.effect("the same fiber may take it again after the effect, and other locks inside", () =>
      Effect.gen(function* () {
        const [a, b] = [yield* Lock.make(), yield* Lock.make()]
        const nested = Lock.withLock(a, Lock.withLock(b, Lock.isLocked(a)))
        assert.isTrue(yield* nested)
        assert.isTrue(yield* nested)
        yield* free(a)
        yield* free(b)
      })
    )

    it.effect("a fiber that outlives the effect is not taken for the owner", () =>
      Effect.gen(function* () {
        const lock = yield* Lock.make()
        let daemon: Fiber.Fiber<string> | undefined
        yield* Lock.withLock(
          lock,
          Effect.gen(function* () {
            daemon = yield* Effect.forkDetach(
              Effect.andThen(settle, Lock.withLock(lock, Effect.succeed("mine")))
            )
          })
        )
        const other = yield* spawn(Lock.withLock(lock, settle))
        assert.strictEqual(yield* Fiber.join(daemon!), "mine")
        yield* Fiber.join(other)
      })
    )

    it.effect("leaves the services of the fiber as they were", () =>
      Effect.gen(function* () {
        const Name = Context.Reference<string>("test/Name", { defaultValue: () => "none" })
        const lock = yield* Lock.make()
        const inside = yield* Effect.provideService(Lock.withLock(lock, Name), Name, "inside")
        const twice = yield* Effect.provideService(
          Effect.andThen(Lock.withLock(lock, Effect.provideService(Name, Name, "deeper")), Name),
          Name,
          "outside"
        )
        assert.deepStrictEqual([inside, twice, yield* Name], ["inside", "outside", "none"])
        const before = yield* Effect.context<never>()
        yield* Lock.withLock(lock, Effect.void)
        yield* Effect.exit(Lock.withLock(lock, Effect.fail("no")))
        assert.strictEqual(yield* Effect.context<never>(), before)
      })
    )

    it.effect("is cancel-safe, waiting behind others and holding", () =>
      InterruptSweep.run({
        setup: busy,
        subject: (lock) => Lock.withLock(lock, Effect.yieldNow),
        check: free
      })
    )

    it.effect("is cancel-safe, many at once", () =>
      InterruptSweep.run({
        setup: Lock.make(),
        subject: (lock) =>
          Effect.forEach([1, 2, 3, 4], () => Lock.withLock(lock, Effect.yieldNow), {
            concurrency: "unbounded"
          }),
        check: free
      })
    )
  })

  describe("tryWithLock", () => {
    it.effect("None when it is held, and is cancel-safe", () =>
      Effect.gen(function* () {
        const lock = yield* Lock.make()
        const held = yield* spawn(Lock.withLock(lock, Effect.never))
        assert.isTrue(Option.isNone(yield* Effect.void.pipe(Lock.tryWithLock(lock))))
        yield* Fiber.interrupt(held)
        yield* InterruptSweep.run({
          setup: Lock.make(),
          subject: (lock) => Lock.tryWithLock(lock, Effect.yieldNow),
          check: free
        })
      })
    )
  })

  describe("acquire", () => {
    it.effect("is cancel-safe", () =>
      InterruptSweep.run({
        setup: busy,
        subject: (lock) => Effect.scoped(Effect.andThen(Lock.acquire(lock), Effect.yieldNow)),
        check: free
      })
    )
  })
})
