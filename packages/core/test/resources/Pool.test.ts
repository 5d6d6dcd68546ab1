import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Duration, Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import { it as testing } from "@skein/testing/vitest"

import * as Pool from "../../src/resources/Pool.ts"

class OpenError extends Data.TaggedError("OpenError")<{ readonly n: number }> {}

interface Item {
  readonly id: number
}

/** Counts what is open; the n-th opening can be made slow, failing and so on. */
const source = (opening: (n: number) => Effect.Effect<unknown, OpenError> = () => Effect.void) => {
  const state = { opened: 0, closed: [] as Array<number>, open: 0, maxOpen: 0 }
  const acquire = Effect.acquireRelease(
    Effect.suspend(() => {
      const id = ++state.opened
      return Effect.map(opening(id), (): Item => {
        state.maxOpen = Math.max(state.maxOpen, ++state.open)
        return { id }
      })
    }),
    (item) =>
      Effect.sync(() => {
        state.open--
        state.closed.push(item.id)
      }),
    { interruptible: true }
  )
  return { state, acquire }
}

const base = { min: 0, max: 2, acquireTimeout: "5 seconds", name: "db" } as const

const hold = <E>(pool: Pool.Pool<Item, E>, duration: Duration.Input) =>
  Pool.use(pool, (item) => Effect.as(Effect.sleep(duration), item.id))

const tick = TestClock.adjust(0)

const defect = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isFailure(exit) ? String((Cause.squash(exit.cause) as Error).message) : "no failure"

describe("Pool.make", () => {
  it.effect("opens the first `min` at once, beside one another, and not more", () =>
    Effect.gen(function* () {
      const { state, acquire } = source(() => Effect.sleep("1 second"))
      const pool = yield* Pool.make({ ...base, acquire, min: 2, max: 5 })
      yield* tick
      assert.strictEqual((yield* Pool.statistics(pool)).opening, 2)
      yield* TestClock.adjust("1 second")
      const statistics = yield* Pool.statistics(pool)
      assert.deepStrictEqual([statistics.idle, statistics.opening, state.open], [2, 0, 2])
    })
  )

  it.effect("what can never work dies", () =>
    Effect.gen(function* () {
      const { acquire } = source()
      const attempt = (options: Partial<Pool.Options<Item, OpenError, Scope.Scope>>) =>
        Effect.map(Effect.exit(Effect.scoped(Pool.make({ ...base, acquire, ...options }))), defect)
      assert.deepStrictEqual(
        [
          yield* attempt({ max: 0 }),
          yield* attempt({ min: -1 }),
          yield* attempt({ min: 1.5 }),
          yield* attempt({ min: 3 }),
          yield* attempt({ acquireTimeout: Number.NaN }),
          yield* attempt({ acquireTimeout: -1 }),
          yield* attempt({ idleTimeToLive: "-1 second" }),
          yield* attempt({ closeTimeout: -1 }),
          yield* attempt({ leakAfter: Duration.millis(-5) }),
          yield* attempt({ maxLifetime: 0, min: 1 }),
          yield* attempt({ acquireTimeout: 0 }),
          yield* attempt({ acquireTimeout: 0, min: 1, validate: () => Effect.succeed(true) })
        ],
        [
          "Pool.make: max must be an integer >= 1, got 0",
          "Pool.make: min must be an integer >= 0, got -1",
          "Pool.make: min must be an integer >= 0, got 1.5",
          "Pool.make: min must be at most max (2), got 3",
          "Pool.make: acquireTimeout must be a duration, got NaN",
          "Pool.make: acquireTimeout must be a duration > 0, got -1",
          'Pool.make: idleTimeToLive must be a duration >= 0, got "-1 second"',
          "Pool.make: closeTimeout must be a duration >= 0, got -1",
          "Pool.make: leakAfter must be a duration >= 0, got -5 ms",
          "Pool.make: maxLifetime must be a duration > 0, got 0",
          "Pool.make: acquireTimeout must be a duration > 0, got 0",
          "Pool.make: acquireTimeout must be a duration > 0, got 0"
        ]
      )
    })
  )
})

describe("Pool.use", () => {
  it.effect("gives what f gives, and leases the same resource again", () =>
    Effect.gen(function* () {
      const { state, acquire } = source()
      const pool = yield* Pool.make({ ...base, acquire })
      assert.strictEqual(yield* Pool.use(pool, (item) => Effect.succeed(item.id)), 1)
      assert.strictEqual(yield* pool.pipe(Pool.use((item) => Effect.succeed(item.id))), 1)
      assert.strictEqual(state.opened, 1)
    })
  )

  it.effect("gives the resource back when f fails, dies, throws or is interrupted", () =>
    Effect.gen(function* () {
      const { acquire } = source()
      const pool = yield* Pool.make({ ...base, acquire, max: 1 })
      yield* Effect.exit(Pool.use(pool, () => Effect.fail("no")))
      yield* Effect.exit(Pool.use(pool, () => Effect.die("no")))
      const thrown = yield* Effect.exit(
        Pool.use(pool, (): Effect.Effect<void> => {
          throw new Error("no effect")
        })
      )
      assert.strictEqual(defect(thrown), "no effect")
      const fiber = yield* Effect.forkChild(hold(pool, "1 hour"), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      const statistics = yield* Pool.statistics(pool)
      assert.deepStrictEqual([statistics.idle, statistics.leased, statistics.holders], [1, 0, []])
    })
  )

  it.effect("never opens more than `max`, and serves the rest first come, first served", () =>
    Effect.gen(function* () {
      const { state, acquire } = source(() => Effect.sleep("100 millis"))
      const pool = yield* Pool.make({ ...base, acquire, max: 3, acquireTimeout: "1 minute" })
      const order: Array<number> = []
      const fibers = yield* Effect.forEach(
        Array.from({ length: 12 }, (_, i) => i),
        (i) =>
          Effect.forkChild(
            Pool.use(pool, () =>
              Effect.andThen(
                Effect.sync(() => order.push(i)),
                Effect.sleep("1 second")
              )
            )
          )
      )
      yield* TestClock.adjust("10 seconds")
      yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
      assert.strictEqual(state.maxOpen, 3)
      const statistics = yield* Pool.statistics(pool)
      assert.deepStrictEqual([statistics.idle, statistics.leased, statistics.maxWaiting], [3, 0, 12])
    })
  )

  it.effect("opens in parallel, for as many as ask", () =>
    Effect.gen(function* () {
      const { acquire } = source(() => Effect.sleep("1 second"))
      const pool = yield* Pool.make({ ...base, acquire, max: 3 })
      const fibers = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(hold(pool, "1 second")))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Pool.statistics(pool)).leased, 3)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual((yield* Effect.forEach(fibers, Fiber.join)).toSorted(), [1, 2, 3])
    })
  )

  it.effect("who asks while others wait goes behind them, though a resource is idle in between", () =>
    Effect.gen(function* () {
      const { acquire } = source()
      const pool = yield* Pool.make({ ...base, acquire, max: 1 })
      const order: Array<string> = []
      const ask = (name: string) => Pool.use(pool, () => Effect.sync(() => order.push(name)))
      yield* Pool.use(pool, () => Effect.forkChild(ask("waits"), { startImmediately: true }))
      // the lease has ended, the waiter was handed the resource but has not run yet
      yield* ask("barges")
      assert.deepStrictEqual(order, ["waits", "barges"])
    })
  )

  it.effect("times out with a message that lists who holds what for how long", () =>
    Effect.gen(function* () {
      const { acquire } = source()
      const pool = yield* Pool.make({ ...base, acquire })
      const first = yield* Effect.forkChild(hold(pool, "1 hour"), { startImmediately: true })
      yield* tick
      yield* TestClock.adjust("2 seconds")
      const second = yield* Effect.forkChild(hold(pool, "1 hour"), { startImmediately: true })
      yield* tick
      const third = yield* Effect.forkChild(Effect.exit(hold(pool, "1 second")), { startImmediately: true })
      yield* TestClock.adjust("4999 millis")
      assert.strictEqual((yield* Pool.statistics(pool)).waiting.length, 1)
      yield* TestClock.adjust("1 millis")
      const exit = yield* Fiber.join(third)
      const holders = [
        { task: `fiber:${first.id}`, since: Duration.seconds(7) },
        { task: `fiber:${second.id}`, since: Duration.seconds(5) }
      ]
      assert.deepStrictEqual(
        exit,
        Exit.fail(new Pool.PoolTimeout({ pool: "db", waited: Duration.seconds(5), holders, opening: 0 }))
      )
      assert.strictEqual(
        defect(exit),
        `Pool "db": no lease within 5s; held by fiber:${first.id} for 7s, fiber:${second.id} for 5s`
      )
      assert.deepStrictEqual((yield* Pool.statistics(pool)).waiting, [])
      yield* Fiber.interruptAll([first, second])
    })
  )

  it.effect("a time of zero never waits", () =>
    Effect.gen(function* () {
      const { acquire } = source()
      const pool = yield* Pool.make({ ...base, acquire, min: 1, max: 1, acquireTimeout: 0 })
      yield* tick
      yield* Pool.use(pool, () =>
        Effect.map(Effect.exit(hold(pool, "1 second")), (exit) =>
          assert.match(defect(exit), /no lease within 0/)
        )
      )
    })
  )

  it.effect("where nobody waits, openings take their time, and one that failed is tried again", () =>
    Effect.gen(function* () {
      const { acquire } = source((n) =>
        n === 1 ? Effect.fail(new OpenError({ n })) : Effect.sleep("1 second")
      )
      const pool = yield* Pool.make({ ...base, acquire, min: 1, max: 1, acquireTimeout: 0 })
      yield* tick
      assert.match(defect(yield* Effect.exit(hold(pool, 0))), /no lease within 0/)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Pool.use(pool, (item) => Effect.succeed(item.id)), 2)
    })
  )

  it.effect("waiting is bounded though acquire cannot be interrupted; what comes late serves the next", () =>
    Effect.gen(function* () {
      const { acquire } = source(() => Effect.sleep("8 seconds"))
      const pool = yield* Pool.make({ ...base, acquire: Effect.uninterruptible(acquire) })
      const exit = yield* Effect.forkChild(Effect.exit(hold(pool, 0)), { startImmediately: true })
      yield* tick
      yield* TestClock.adjust("5 seconds")
      assert.match(defect(yield* Fiber.join(exit)), /held by nobody; 1 still opening/)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* Pool.use(pool, (item) => Effect.succeed(item.id)), 1)
    })
  )
})

describe("Pool: openings that fail", () => {
  it.effect("fail the one who asked, and nobody else", () =>
    Effect.gen(function* () {
      const { acquire } = source((n) => (n === 2 ? Effect.fail(new OpenError({ n })) : Effect.void))
      const pool = yield* Pool.make({ ...base, acquire, max: 3 })
      const fibers = yield* Effect.forEach([1, 2, 3], () =>
        Effect.forkChild(Effect.exit(hold(pool, "1 second")))
      )
      yield* tick
      yield* TestClock.adjust("1 second")
      const exits = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(exits, [Exit.succeed(1), Exit.fail(new OpenError({ n: 2 })), Exit.succeed(3)])
    })
  )

  it.effect("strand nobody: those behind get an opening of their own", () =>
    Effect.gen(function* () {
      const { acquire } = source((n) =>
        Effect.andThen(Effect.sleep("1 second"), n <= 3 ? Effect.fail(new OpenError({ n })) : Effect.void)
      )
      const pool = yield* Pool.make({ ...base, acquire, max: 1 })
      const fibers = yield* Effect.forEach([1, 2, 3, 4, 5], () =>
        Effect.forkChild(Effect.exit(hold(pool, 0)))
      )
      yield* TestClock.adjust("4 seconds")
      const exits = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [false, false, false, true, true])
    })
  )

  it.effect(
    "an opening whose asker was served by another one: its failure is nobody's, who waits gets a new one",
    () =>
      Effect.gen(function* () {
        // the first fails late, the second comes soon and goes to the first in line, the third fails
        const { acquire } = source((n) =>
          n === 1
            ? Effect.andThen(Effect.sleep("2 seconds"), Effect.fail(new OpenError({ n })))
            : n === 2
              ? Effect.sleep("1 second")
              : Effect.fail(new OpenError({ n }))
        )
        const pool = yield* Pool.make({ ...base, acquire })
        const first = yield* Effect.forkChild(hold(pool, "10 seconds"), { startImmediately: true })
        const second = yield* Effect.forkChild(Effect.flip(hold(pool, 0)), { startImmediately: true })
        yield* tick
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(yield* Fiber.join(second), new OpenError({ n: 3 }))
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(yield* Fiber.join(first), 2)
      })
  )

  it.effect("1,000 waiters of a source that always fails: each is told, in order, without overflow", () =>
    Effect.gen(function* () {
      const { acquire } = source((n) => Effect.fail(new OpenError({ n })))
      const pool = yield* Pool.make({ ...base, acquire, max: 1 })
      const fibers = yield* Effect.forEach(Array.from({ length: 1000 }), () =>
        Effect.forkChild(Effect.flip(hold(pool, 0)))
      )
      const errors = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(
        errors.map((error) => (error as OpenError).n),
        errors.map((_, i) => i + 1)
      )
    })
  )

  it.effect("a defect or an interruption inside acquire is a defect of the one who asked", () =>
    Effect.gen(function* () {
      const dying = yield* Pool.make({ ...base, acquire: Effect.die(new Error("driver bug")) })
      assert.strictEqual(defect(yield* Effect.exit(Pool.use(dying, () => Effect.void))), "driver bug")
      const gone = yield* Pool.make({ ...base, acquire: Effect.interrupt })
      const exit = yield* Effect.exit(Pool.use(gone, () => Effect.void))
      assert.strictEqual(defect(exit), `Pool "db": acquire was interrupted`)
    })
  )

  it.effect("what a failed opening took is closed", () =>
    Effect.gen(function* () {
      const { state, acquire } = source()
      const half = Effect.andThen(acquire, Effect.fail("second step"))
      const pool = yield* Pool.make({ ...base, acquire: half, max: 1 })
      assert.strictEqual(yield* Effect.flip(Pool.use(pool, () => Effect.void)), "second step")
      yield* tick
      assert.deepStrictEqual([state.opened, state.closed], [1, [1]])
      assert.strictEqual((yield* Pool.statistics(pool)).opening, 0)
    })
  )

  it.effect("of the first `min`: nobody is failed, the next who asks tries again, then `min` is kept", () =>
    Effect.gen(function* () {
      const { state, acquire } = source((n) => (n <= 1 ? Effect.fail(new OpenError({ n })) : Effect.void))
      const pool = yield* Pool.make({ ...base, acquire, min: 2 })
      yield* tick
      yield* hold(pool, 0)
      yield* tick
      assert.strictEqual(state.open, 2)
    })
  )
})

describe("Pool interrupted at every operation", () => {
  /** A pool of one or two in a scope of its own; `check` closes it and sees that nothing is left. */
  const fresh = (options: Partial<Pool.Options<Item, OpenError, Scope.Scope>> = {}) =>
    Effect.gen(function* () {
      const { state, acquire } = source(() => Effect.yieldNow)
      const scope = yield* Scope.make()
      const made = Pool.make({ ...base, acquire, max: 1, ...options })
      const pool = yield* Scope.provide(made, scope)
      return { state, scope, pool, used: 0 }
    })
  type State = Effect.Success<ReturnType<typeof fresh>>

  const check = ({ state, scope, pool }: State) =>
    Effect.gen(function* () {
      // whatever was interrupted, the next one is served
      yield* Pool.use(pool, () => Effect.void)
      yield* Effect.sleep("1 second")
      const statistics = yield* Pool.statistics(pool)
      assert.deepStrictEqual(
        [
          statistics.leased,
          statistics.opening,
          statistics.validating,
          statistics.closing,
          statistics.waiting
        ],
        [0, 0, 0, 0, []]
      )
      assert.strictEqual(statistics.idle, state.open)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(state.open, 0)
    })

  testing.sweep("use: with an opening", {
    setup: fresh(),
    subject: ({ pool }) => Pool.use(pool, () => Effect.yieldNow),
    check
  })

  testing.sweep("use: with a check that fails", {
    setup: Effect.tap(fresh({ validate: (item) => Effect.as(Effect.yieldNow, item.id !== 1) }), ({ pool }) =>
      Effect.orDie(Pool.use(pool, () => Effect.void))
    ),
    subject: ({ pool }) => Pool.use(pool, () => Effect.yieldNow),
    check
  })

  testing.sweep("use: waiting, with others before and behind", {
    setup: fresh(),
    subject: (state) =>
      Effect.gen(function* () {
        const other = Pool.use(state.pool, () =>
          Effect.andThen(
            Effect.yieldNow,
            Effect.sync(() => state.used++)
          )
        )
        yield* Effect.forkDetach(other, { startImmediately: true })
        yield* Effect.forkDetach(Effect.andThen(Effect.yieldNow, other), { startImmediately: true })
        yield* Pool.use(state.pool, () => Effect.yieldNow)
      }),
    check
  })

  testing.sweep("lease: in a scope", {
    setup: fresh(),
    subject: ({ pool }) => Effect.scoped(Effect.andThen(Pool.lease(pool), Effect.yieldNow)),
    check
  })

  testing.sweep("invalidate", {
    setup: fresh(),
    subject: ({ pool }) =>
      Pool.use(pool, (item) => Effect.andThen(Pool.invalidate(pool, item), Effect.yieldNow)),
    check
  })

  testing.sweep("make: whatever was opened is closed with the scope", {
    setup: Effect.sync(() => source(() => Effect.yieldNow)),
    subject: ({ acquire }) =>
      Effect.scoped(
        Effect.flatMap(Pool.make({ ...base, acquire, min: 2 }), (pool) =>
          Pool.use(pool, () => Effect.yieldNow)
        )
      ),
    check: ({ state }) => Effect.sync(() => assert.strictEqual(state.open, 0))
  })
})
