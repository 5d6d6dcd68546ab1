import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Fiber, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"

import * as Pool from "../../src/resources/Pool.ts"

interface Item {
  readonly id: number
}

const source = () => {
  const state = { opened: 0, closed: [] as Array<number> }
  const acquire = Effect.acquireRelease(
    Effect.sync((): Item => ({ id: ++state.opened })),
    (item) => Effect.sync(() => state.closed.push(item.id))
  )
  return { state, acquire }
}

const base = { min: 0, max: 2, acquireTimeout: "5 seconds", name: "db" } as const

const id = (pool: Pool.Pool<Item>) => Pool.use(pool, (item) => Effect.succeed(item.id))

const hold = (pool: Pool.Pool<Item>, duration: Duration.Input) =>
  Pool.use(pool, (item) => Effect.as(Effect.sleep(duration), item.id))

const tick = TestClock.adjust(0)

const defect = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isFailure(exit) ? String((Cause.squash(exit.cause) as Error).message) : "no failure"

/** Runs with a pool in a scope that the test closes itself. */
const opened = (options: Pool.Options<Item, never, Scope.Scope>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const pool = yield* Scope.provide(Pool.make(options), scope)
    return { pool, close: Effect.exit(Scope.close(scope, Exit.void)) }
  })

const captureLog = () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => {
    lines.push(String(Array.isArray(message) ? message[0] : message))
  })
  return { lines, layer: Logger.layer([logger]) }
}

describe("Pool: validate", () => {
  it.effect("is asked before an idle resource is leased again, not for a fresh one; false replaces it", () =>
    Effect.gen(function* () {
      const { state, acquire } = source()
      const asked: Array<number> = []
      const bad = new Set<number>()
      const validate = (item: Item) => Effect.sync(() => (asked.push(item.id), !bad.has(item.id)))
      const pool = yield* Pool.make({ ...base, acquire, validate })
      assert.deepStrictEqual([yield* id(pool), asked], [1, []])
      assert.deepStrictEqual([yield* id(pool), asked], [1, [1]])
      bad.add(1)
      assert.deepStrictEqual([yield* id(pool), asked], [2, [1, 1]])
      assert.deepStrictEqual(state.closed, [1])
    })
  )

  it.effect("is asked as well when a resource goes from one lease straight to the next", () =>
    Effect.gen(function* () {
      const { acquire } = source()
      const pool = yield* Pool.make({
        ...base,
        acquire,
        max: 1,
        validate: (item) => Effect.succeed(item.id > 1)
      })
      const ids = yield* Effect.all([hold(pool, 0), hold(pool, 0)], { concurrency: 2 }).pipe(Effect.forkChild)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(ids), [1, 2])
    })
  )

  it.effect("that dies counts as false", () =>
    Effect.gen(function* () {
      const { lines, layer } = captureLog()
      const { acquire } = source()
      const made = Pool.make({ ...base, acquire, validate: () => Effect.die("bug") })
      const pool = yield* Effect.provide(made, layer)
      assert.deepStrictEqual([yield* id(pool), yield* id(pool)], [1, 2])
      assert.deepStrictEqual(lines, [`Pool "db": validate failed, the resource is replaced`])
    })
  )

  it.effect(
    "that hangs is given acquireTimeout; whoever waits for it is told, the resource is replaced",
    () =>
      Effect.gen(function* () {
        const { state, acquire } = source()
        let hanging = true
        const validate = () => Effect.suspend(() => (hanging ? Effect.never : Effect.succeed(true)))
        const pool = yield* Pool.make({ ...base, acquire, max: 1, validate })
        yield* id(pool)
        const first = yield* Effect.forkChild(Effect.exit(id(pool)), { startImmediately: true })
        yield* tick
        yield* TestClock.adjust("5 seconds")
        assert.match(defect(yield* Fiber.join(first)), /no lease within 5s/)
        hanging = false
        assert.strictEqual(yield* id(pool), 2)
        assert.deepStrictEqual(state.closed, [1])
      })
  )

  it.effect("who waits for an opening that hangs gets what comes back meanwhile", () =>
    Effect.gen(function* () {
      let opened = 0
      const acquire = Effect.suspend(() => (++opened === 2 ? Effect.never : Effect.succeed({ id: opened })))
      const pool = yield* Pool.make({ ...base, acquire, validate: () => Effect.succeed(true) })
      const holder = yield* Effect.forkChild(hold(pool, "1 second"), { startImmediately: true })
      yield* tick
      const waiter = yield* Effect.forkChild(id(pool), { startImmediately: true })
      yield* tick
      assert.strictEqual((yield* Pool.statistics(pool)).opening, 1)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(holder)
      assert.strictEqual(yield* Fiber.join(waiter), 1)
      // nor does who asks later wait for an opening that was another's
      assert.strictEqual(yield* id(pool), 1)
      assert.strictEqual((yield* Pool.statistics(pool)).opening, 1)
    })
  )

  it.effect("goes on when the one who asked was cancelled: the next gets the resource", () =>
    Effect.gen(function* () {
      const { state, acquire } = source()
      const pool = yield* Pool.make({
        ...base,
        acquire,
        max: 1,
        validate: () => Effect.as(Effect.sleep("1 second"), true)
      })
      yield* id(pool)
      const asker = yield* Effect.forkChild(id(pool), { startImmediately: true })
      yield* tick
      yield* Fiber.interrupt(asker)
      const next = yield* Effect.forkChild(id(pool), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(next), 1)
      assert.strictEqual(state.opened, 1)
    })
  )
})

describe("Pool: limits of time", () => {
  it.effect("idle ones above `min` are closed after idleTimeToLive", () =>
    Effect.gen(function* () {
      const { state, acquire } = source()
      const pool = yield* Pool.make({ ...base, acquire, min: 1, max: 3, idleTimeToLive: "10 seconds" })
      yield* tick
      const fibers = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(hold(pool, "1 second")))
      yield* tick
      yield* TestClock.adjust("1 second")
      yield* Effect.forEach(fibers, Fiber.join)
      yield* TestClock.adjust("9999 millis")
      assert.strictEqual((yield* Pool.statistics(pool)).idle, 3)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* Pool.statistics(pool)).idle, 1)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* Pool.statistics(pool)).idle, 1)
      assert.strictEqual(state.closed.length, 2)
    })
  )

  it.effect("one that is used again and again stays", () =>
    Effect.gen(function* () {
      const { state, acquire } = source()
      const pool = yield* Pool.make({ ...base, acquire, idleTimeToLive: "10 seconds" })
      for (let i = 0; i < 5; i++) {
        yield* id(pool)
        yield* TestClock.adjust("9 seconds")
      }
      assert.deepStrictEqual([state.opened, state.closed], [1, []])
    })
  )

  it.effect(
    "maxLifetime: idle ones are closed and `min` is kept, leased ones are closed when they come back",
    () =>
      Effect.gen(function* () {
        const { state, acquire } = source()
        const pool = yield* Pool.make({ ...base, acquire, min: 1, max: 2, maxLifetime: "10 seconds" })
        yield* tick
        const holder = yield* Effect.forkChild(hold(pool, "15 seconds"), { startImmediately: true })
        yield* tick
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual([state.opened, state.closed], [1, []])
        yield* TestClock.adjust("5 seconds")
        yield* Fiber.join(holder)
        yield* tick
        assert.deepStrictEqual([state.opened, state.closed], [2, [1]])
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual([state.opened, state.closed], [3, [1, 2]])
      })
  )
})

describe("Pool.invalidate", () => {
  it.effect(
    "a leased one is replaced when its lease ends; an idle one at once; an unknown one is ignored",
    () =>
      Effect.gen(function* () {
        const { state, acquire } = source()
        const pool = yield* Pool.make({ ...base, acquire, min: 1, max: 1 })
        yield* tick
        yield* Pool.use(pool, (item) =>
          Effect.gen(function* () {
            yield* Pool.invalidate(pool, item)
            yield* tick
            assert.deepStrictEqual(state.closed, [])
          })
        )
        yield* tick
        assert.deepStrictEqual([state.opened, state.closed], [2, [1]])
        const item = yield* Pool.use(pool, Effect.succeed)
        yield* pool.pipe(Pool.invalidate(item))
        yield* tick
        assert.deepStrictEqual([state.opened, state.closed], [3, [1, 2]])
        yield* Pool.invalidate(pool, { id: 99 })
        assert.strictEqual((yield* Pool.statistics(pool)).idle, 1)
      })
  )

  it.effect("hands the place of a broken one to who waits", () =>
    Effect.gen(function* () {
      const { acquire } = source()
      const pool = yield* Pool.make({ ...base, acquire, max: 1 })
      const next = yield* Pool.use(pool, (item) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(id(pool), { startImmediately: true })
          yield* Pool.invalidate(pool, item)
          return fiber
        })
      )
      assert.strictEqual(yield* Fiber.join(next), 2)
    })
  )

  it.effect("values that are equal: the caller's own lease is meant", () =>
    Effect.gen(function* () {
      const closed: Array<string> = []
      const acquire = Effect.acquireRelease(Effect.succeed("same"), (item) =>
        Effect.sync(() => closed.push(item))
      )
      const pool = yield* Pool.make({ ...base, acquire })
      const other = yield* Effect.forkChild(
        Pool.use(pool, () => Effect.sleep("1 hour")),
        { startImmediately: true }
      )
      yield* tick
      yield* Pool.use(pool, (item) => Pool.invalidate(pool, item))
      yield* tick
      const statistics = yield* Pool.statistics(pool)
      assert.deepStrictEqual([closed.length, statistics.leased, statistics.idle], [1, 1, 0])
      yield* Fiber.interrupt(other)
    })
  )
})

describe("Pool.lease", () => {
  it.effect("holds until the scope closes", () =>
    Effect.gen(function* () {
      const { acquire } = source()
      const pool = yield* Pool.make({ ...base, acquire, max: 1 })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const item = yield* Pool.lease(pool)
          assert.strictEqual(item.id, 1)
          assert.strictEqual((yield* Pool.statistics(pool)).leased, 1)
        })
      )
      const statistics = yield* Pool.statistics(pool)
      assert.deepStrictEqual([statistics.leased, statistics.idle], [0, 1])
    })
  )

  it.effect("into a closed scope: given back at once, and dies", () =>
    Effect.gen(function* () {
      const { acquire } = source()
      const pool = yield* Pool.make({ ...base, acquire, max: 1 })
      const scope = yield* Scope.make()
      yield* Scope.close(scope, Exit.void)
      const exit = yield* Effect.exit(Scope.provide(Pool.lease(pool), scope))
      assert.match(defect(exit), /the scope is closed already/)
      assert.strictEqual((yield* Pool.statistics(pool)).idle, 1)
    })
  )
})

describe("Pool: leakAfter", () => {
  it.effect("a lease that is older is reported once, with its holder and where it was taken", () =>
    Effect.gen(function* () {
      const { lines, layer } = captureLog()
      const { acquire } = source()
      const pool = yield* Effect.provide(Pool.make({ ...base, acquire, leakAfter: "30 seconds" }), layer)
      const fiber = yield* Effect.forkChild(
        Effect.suspend(() => hold(pool, "1 hour")),
        { startImmediately: true }
      )
      yield* tick
      yield* TestClock.adjust("29999 millis")
      assert.deepStrictEqual(lines, [])
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(lines.length, 1)
      assert.match(
        lines[0]!,
        /^Pool "db": fiber:\d+ has held a lease for 30s; taken at .*Pool\.life\.test\.ts:\d+:\d+$/
      )
      assert.strictEqual((yield* Pool.statistics(pool)).holders[0]!.task, `fiber:${fiber.id}`)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual((yield* Pool.statistics(pool)).leased, 0)
    })
  )
})

describe("Pool: closing", () => {
  it.effect("closes what is idle, and waits for what is leased", () =>
    Effect.gen(function* () {
      const { state, acquire } = source()
      const { pool, close } = yield* opened({ ...base, acquire, min: 2 })
      yield* tick
      const holder = yield* Effect.forkChild(hold(pool, "10 seconds"), { startImmediately: true })
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      yield* tick
      assert.strictEqual(state.closed.length, 1)
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(holder)
      assert.deepStrictEqual(yield* Fiber.join(closing), Exit.void)
      assert.strictEqual(state.closed.length, 2)
    })
  )

  it.effect("names the holders after closeTimeout; what they hold is closed when they give it back", () =>
    Effect.gen(function* () {
      const { state, acquire } = source()
      const { pool, close } = yield* opened({ ...base, acquire, closeTimeout: "3 seconds" })
      const holder = yield* Effect.forkChild(hold(pool, "10 seconds"), { startImmediately: true })
      yield* tick
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(
        defect(yield* Fiber.join(closing)),
        `Pool "db": not closed within 3s; still held by fiber:${holder.id} for 3s`
      )
      assert.deepStrictEqual(state.closed, [])
      yield* TestClock.adjust("7 seconds")
      assert.strictEqual(yield* Fiber.join(holder), 1)
      yield* tick
      assert.deepStrictEqual(state.closed, [1])
    })
  )

  it.effect("those who wait die, and so does who asks later", () =>
    Effect.gen(function* () {
      const { acquire } = source()
      const { pool, close } = yield* opened({ ...base, acquire, max: 1 })
      const holder = yield* Effect.forkChild(hold(pool, "1 second"), { startImmediately: true })
      yield* tick
      const waiter = yield* Effect.forkChild(Effect.exit(id(pool)), { startImmediately: true })
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      yield* tick
      assert.strictEqual(defect(yield* Fiber.join(waiter)), `Pool "db" is closed`)
      assert.strictEqual(defect(yield* Effect.exit(id(pool))), `Pool "db" is closed`)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(holder)
      assert.isTrue(Exit.isSuccess(yield* Fiber.join(closing)))
    })
  )

  it.effect("interrupts what is being opened, and waits for its cleanup", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const acquire = Effect.acquireRelease(Effect.succeed({ id: 1 }), () =>
        Effect.andThen(
          Effect.sleep("1 second"),
          Effect.sync(() => log.push("cleaned up"))
        )
      ).pipe(Effect.andThen(Effect.never))
      const { close } = yield* opened({ ...base, acquire, min: 1 })
      yield* tick
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      yield* tick
      yield* TestClock.adjust("1 second")
      assert.isTrue(Exit.isSuccess(yield* Fiber.join(closing)))
      assert.deepStrictEqual(log, ["cleaned up"])
    })
  )

  it.effect("a closing that fails is logged and harms nobody", () =>
    Effect.gen(function* () {
      const { lines, layer } = captureLog()
      const acquire = Effect.acquireRelease(Effect.succeed({ id: 1 }), () => Effect.die("gone"))
      const { pool, close } = yield* Effect.provide(opened({ ...base, acquire }), layer)
      yield* id(pool)
      assert.isTrue(Exit.isSuccess(yield* close))
      assert.deepStrictEqual(lines, [`Pool "db": closing a resource failed`])
    })
  )
})
