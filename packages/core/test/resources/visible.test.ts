import { assert, describe, it } from "@effect/vitest"
import { CancelScope, ContextManager, Generator, Lock, Pool, Task, TaskGroup, TaskTree } from "@skein/core"
import { Cause, Effect, Exit, Fiber, Logger, Option, Stream } from "effect"
import { TestClock } from "effect/testing"

const tick = TestClock.adjust(0)

const poolOf = (options: Partial<Pool.Options<object, never, never>> = {}) =>
  Pool.make({
    acquire: Effect.succeed({}),
    min: 0,
    max: 1,
    acquireTimeout: "1 minute",
    name: "db",
    ...options
  })

describe("Pool among tasks", () => {
  it.effect("the task tree shows who waits for a lease, and who holds it", () =>
    Effect.gen(function* () {
      const pool = yield* poolOf()
      yield* TaskGroup.run(
        Effect.gen(function* () {
          const holder = yield* TaskGroup.fork(
            Pool.use(pool, () => Effect.never),
            { name: "holder" }
          )
          yield* tick
          const waiter = yield* TaskGroup.fork(
            Pool.use(pool, () => Effect.void),
            { name: "waiter" }
          )
          yield* tick
          const { nodes } = yield* TaskTree.snapshot
          const wait = Option.getOrThrow(nodes.find((node) => node.id === waiter.id)!.waitingOn)
          assert.deepStrictEqual(
            [wait.operation, wait.resource, wait.holders],
            ["Pool.lease", "db", [{ id: Option.some(holder.id), name: "app/holder" }]]
          )
          const statistics = yield* Pool.statistics(pool)
          assert.deepStrictEqual(
            [statistics.holders.map((one) => one.task), statistics.waiting],
            [["app/holder"], ["app/waiter"]]
          )
          yield* Task.cancel(holder)
          yield* Task.join(waiter)
        }),
        { name: "app" }
      )
    })
  )

  it.effect("a deadline that passes says that it was a lease that was waited for", () =>
    Effect.gen(function* () {
      const pool = yield* poolOf()
      yield* TaskGroup.run(
        Effect.gen(function* () {
          yield* TaskGroup.fork(
            Pool.use(pool, () => Effect.never),
            { name: "holder", background: true }
          )
          yield* tick
          const late = yield* TaskGroup.fork(
            Effect.flip(Pool.use(pool, () => Effect.void).pipe(CancelScope.failAfter("1 second")))
          )
          yield* tick
          yield* TestClock.adjust("1 second")
          const error = yield* Task.join(late)
          assert.strictEqual(
            error._tag === "DeadlineExceeded" ? error.waitingOn : error._tag,
            "Pool.lease db, held by app/holder"
          )
          assert.deepStrictEqual((yield* Pool.statistics(pool)).waiting, [])
        }),
        { name: "app" }
      )
    })
  )

  it.effect("leases and locks that wait for each other are found as a deadlock", () =>
    Effect.gen(function* () {
      const pool = yield* poolOf({ acquireTimeout: "1 hour" })
      const lock = yield* Lock.make({ name: "lock" })
      yield* TaskGroup.run(
        Effect.gen(function* () {
          const a = yield* TaskGroup.fork(
            Pool.use(pool, () => Effect.andThen(tick, Lock.withLock(lock, Effect.void))),
            { name: "a" }
          )
          const b = yield* TaskGroup.fork(
            Lock.withLock(
              lock,
              Effect.andThen(
                tick,
                Pool.use(pool, () => Effect.void)
              )
            ),
            { name: "b" }
          )
          yield* tick
          yield* tick
          const cycles = TaskTree.deadlocks(yield* TaskTree.snapshot)
          assert.deepStrictEqual(
            cycles.map((cycle) => cycle.map((node) => node.name).toSorted()),
            [["a", "b"]]
          )
          yield* Task.cancel(a)
          yield* Task.join(b)
        })
      )
    })
  )

  it.effect("the report of a leak tells where the task was forked, when that is recorded", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => void lines.push(String(message)))
      yield* TaskTree.captureForkSites
      const pool = yield* Effect.provide(poolOf({ leakAfter: "10 seconds" }), Logger.layer([logger]))
      yield* TaskGroup.run(
        Effect.gen(function* () {
          yield* TaskGroup.fork(
            Effect.suspend(() => Pool.use(pool, () => Effect.never)),
            { name: "leaky", background: true }
          )
          yield* tick
          yield* TestClock.adjust("10 seconds")
        }),
        { name: "app" }
      )
      assert.strictEqual(lines.length, 1)
      assert.match(
        lines[0]!,
        /^Pool "db": app\/leaky has held a lease for 10s; taken at .*visible\.test\.ts:\d+:\d+; /
      )
      assert.match(lines[0]!, /; its task was forked at .*visible\.test\.ts:\d+:\d+$/)
    })
  )
})

describe("Pool and a scoped group in one scope", () => {
  it.effect("the tasks that hold leases end first, though the group was made before the pool", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const acquire = Effect.acquireRelease(Effect.succeed({}), () => Effect.sync(() => log.push("closed")))
      const fiber = yield* Effect.forkChild(
        Effect.scoped(
          Effect.gen(function* () {
            const group = yield* TaskGroup.scoped<Pool.PoolTimeout>({ onFailure: () => Effect.void })
            const pool = yield* Pool.make({ acquire, min: 0, max: 1, acquireTimeout: "1 minute", name: "db" })
            yield* TaskGroup.forkIn(
              group,
              Pool.use(pool, () =>
                Effect.onInterrupt(Effect.never, () => Effect.sync(() => log.push("task ended")))
              )
            )
            yield* tick
            assert.strictEqual((yield* Pool.statistics(pool)).leased, 1)
          })
        )
      )
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.await(fiber), Exit.void)
      assert.deepStrictEqual(log, ["task ended", "closed"])
    })
  )
})

describe("ContextManager and CancelScope", () => {
  it.effect("a deadline that the generator puts around provide holds in the block, and is what is told", () =>
    Effect.gen(function* () {
      const bounded = ContextManager.make(function* (provide) {
        yield* provide("x").pipe(CancelScope.failAfter("3 seconds", { name: "transaction" }))
      })
      const fiber = yield* Effect.forkChild(
        Effect.exit(
          bounded.use(() =>
            Effect.andThen(
              Effect.map(CancelScope.remaining, (left) => assert.strictEqual(String(left), "3000 millis")),
              Effect.never
            )
          )
        )
      )
      yield* TestClock.adjust("3 seconds")
      const exit = yield* Fiber.join(fiber)
      const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.instanceOf(error, CancelScope.DeadlineExceeded)
    })
  )

  it.effect("the caller's deadline cancels the block, the code after provide runs without one", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const manager = ContextManager.make(
        function* (provide) {
          const { exit } = yield* provide("x")
          const deadline = yield* CancelScope.deadline
          yield* Effect.sleep("1 second")
          log.push(`closed after ${exit._tag}, deadline: ${deadline._tag}`)
        },
        { closeTimeout: "5 seconds" }
      )
      const fiber = yield* Effect.forkChild(
        manager.use(() => Effect.never).pipe(CancelScope.moveOnAfter("2 seconds"))
      )
      yield* tick
      yield* TestClock.adjust("4 seconds")
      assert.deepStrictEqual(yield* Fiber.join(fiber), Option.none())
      assert.deepStrictEqual(log, ["closed after Failure, deadline: None"])
    })
  )

  it.effect("forks in the block go to the caller's group, though the generator has one of its own", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const manager = ContextManager.make(function* (provide) {
        yield* TaskGroup.run(Effect.asVoid(provide("x")), { name: "inner" })
      })
      yield* TaskGroup.run(
        manager.use(() =>
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(Effect.void, { name: "child" })
            log.push(task.path)
          })
        ),
        { name: "outer" }
      )
      assert.deepStrictEqual(log, ["outer/child"])
    })
  )
})

describe("Generator among tasks", () => {
  it.effect("what the generator waits on is what the consuming task waits on", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make({ name: "cache" })
      const stream = Generator.make(function* (emit) {
        yield* Lock.withLock(lock, emit(1))
      })
      yield* Lock.withLock(
        lock,
        TaskGroup.run(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(Stream.runDrain(stream), { name: "consumer" })
            yield* tick
            const { nodes } = yield* TaskTree.snapshot
            const wait = Option.getOrThrow(nodes.find((node) => node.id === task.id)!.waitingOn)
            assert.deepStrictEqual([wait.operation, wait.resource], ["Lock", "cache"])
            yield* Task.cancel(task)
          })
        )
      )
    })
  )
})
