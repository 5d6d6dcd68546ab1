import { assert, describe, it } from "@effect/vitest"
import { Bulkhead, CapacityLimiter, Condition, Lock, Pool, Semaphore, TaskGroup } from "@skein/core"
import { Cause, Effect, Exit, Latch, Scope } from "effect"
import { Explore, InterruptSweep, VirtualTime } from "@skein/testing"
import { it as skein } from "@skein/testing/vitest"

interface Kind {
  readonly name: string
  /** Takes something and does not give it back. */
  readonly leaked: () => Effect.Effect<unknown, unknown>
  readonly kept: () => Effect.Effect<unknown, unknown>
  readonly line: RegExp
}

/** In a scope that nobody closes. */
const inLostScope = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    return yield* Scope.provide(effect, scope)
  })

const inScope = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) => Effect.scoped(effect)

const pool = Pool.make({
  name: "db",
  min: 0,
  max: 1,
  acquire: Effect.succeed("connection"),
  acquireTimeout: "1 second"
})

const held = (
  name: string,
  line: RegExp,
  program: (where: typeof inLostScope) => Effect.Effect<unknown, unknown>
): Kind => ({ name, line, leaked: () => program(inLostScope), kept: () => program(inScope) })

const kinds: ReadonlyArray<Kind> = [
  {
    name: "bare permits",
    line: /^1 bare permit of Semaphore "db", taken by .* since .*leaks\.test\.ts:\d+:\d+ {2}yield\* Semaphore\.take/,
    leaked: () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(3, { name: "db" })
        yield* Semaphore.take(semaphore, 3)
        yield* Semaphore.release(semaphore, 2)
      }),
    kept: () =>
      Effect.flatMap(Semaphore.make(3), (semaphore) =>
        Effect.acquireUseRelease(
          Semaphore.take(semaphore, 3),
          () => Effect.yieldNow,
          () => Semaphore.release(semaphore, 3)
        )
      )
  },
  held("permits of a scope", /^2 permits of Semaphore "db", held by .* since .*leaks\.test\.ts/, (where) =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(3, { name: "db" })
      yield* where(Semaphore.takeScoped(semaphore, 2))
    })
  ),
  held("a lock of a scope", /^Lock "cache", held by .* since .*leaks\.test\.ts/, (where) =>
    Effect.gen(function* () {
      const lock = yield* Lock.make({ name: "cache" })
      yield* where(Lock.acquire(lock))
    })
  ),
  held("a token", /^1 token of CapacityLimiter "threads", held by .* since .*leaks\.test\.ts/, (where) =>
    Effect.gen(function* () {
      const limiter = yield* CapacityLimiter.make(2, { name: "threads" })
      yield* where(CapacityLimiter.borrow(limiter))
    })
  ),
  held("a lease of a pool", /^1 lease of Pool "db", held by .* since .*leaks\.test\.ts/, (where) =>
    where(Effect.flatMap(pool, Pool.lease))
  ),
  held(
    "an open scope",
    /^an open scope with 1 finalizer, first provided to .* since .*leaks\.test\.ts/,
    (where) =>
      Effect.gen(function* () {
        yield* where(Effect.addFinalizer(() => Effect.void))
      })
  ),
  held("a pool", /^an open scope with 1 finalizer, first provided to .*/, (where) => where(pool)),
  held("a group of a scope", /^an open scope with 1 finalizer, first provided to .*/, (where) =>
    where(TaskGroup.scoped({ onFailure: () => Effect.void }))
  )
]

const leakOf = <A, E, R>(effect: Effect.Effect<A, E, R>, options?: VirtualTime.Options) =>
  Effect.map(Effect.exit(VirtualTime.run(effect, options)), (exit) => {
    const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    return defect instanceof VirtualTime.LeakFound
      ? defect.what
      : defect === undefined
        ? []
        : [String(defect)]
  })

const someMatch = (lines: ReadonlyArray<string>, pattern: RegExp) =>
  assert.isTrue(
    lines.some((line) => pattern.test(line)),
    lines.join("\n")
  )

describe("leaks", () => {
  for (const { kept, leaked, line, name } of kinds) {
    it.effect(`VirtualTime finds ${name} left behind, and passes its correct twin`, () =>
      Effect.gen(function* () {
        someMatch(yield* leakOf(leaked()), line)
        assert.deepStrictEqual(yield* leakOf(leaked(), { leaks: false }), [])
        assert.deepStrictEqual(yield* leakOf(kept()), [])
      })
    )

    it.effect(`Explore finds ${name} left behind, and passes its correct twin`, () =>
      Effect.gen(function* () {
        const { problem } = yield* Effect.flip(Explore.run(leaked, { schedules: 20 }))
        assert.strictEqual(problem._tag, "Leak")
        someMatch(problem._tag === "Leak" ? problem.what : [], line)
        yield* Explore.run(leaked, { schedules: 5, leaks: false })
        yield* Explore.run(kept, { schedules: 50 })
        yield* Explore.run(kept, { schedules: 50, mode: "ops", interrupts: true })
      })
    )
  }

  skein.virtual(
    "it.virtual takes the option",
    () => Effect.flatMap(Semaphore.make(1), (semaphore) => Semaphore.take(semaphore, 1)),
    { leaks: ["fibers", "timers", "scopes"] }
  )

  skein.virtual("what the test's own scope holds is given back before leaks are looked for", () =>
    Effect.gen(function* () {
      const leased = yield* pool
      assert.strictEqual(yield* Pool.lease(leased), "connection")
      yield* Semaphore.takeScoped(yield* Semaphore.make(1), 1)
      const child = yield* Scope.fork(yield* Effect.scope)
      yield* Scope.provide(
        Effect.addFinalizer(() => Effect.void),
        child
      )
    })
  )

  it.effect("what was taken before the test, or is held by a scope around it, does not count", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(2, { name: "older" })
      yield* Semaphore.take(semaphore, 1)
      const child = yield* Scope.fork(yield* Effect.scope)
      yield* VirtualTime.run(
        Effect.gen(function* () {
          yield* Semaphore.take(semaphore, 1)
          yield* Semaphore.release(semaphore, 2)
          yield* Effect.addFinalizer(() => Effect.void)
          yield* Scope.provide(
            Effect.addFinalizer(() => Effect.void),
            child
          )
        })
      )
    })
  )

  it.effect("an empty scope around the test, and one that had finalizers before, do not count", () =>
    Effect.gen(function* () {
      const addFinalizer = Effect.addFinalizer(() => Effect.void)
      assert.deepStrictEqual(yield* Effect.scoped(leakOf(addFinalizer)), [])
      const older = yield* Scope.make()
      yield* Scope.provide(addFinalizer, older)
      assert.deepStrictEqual(yield* leakOf(Scope.provide(addFinalizer, older)), [])
    })
  )

  it.effect("two tests at a time do not answer for one another", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(3, { name: "shared" })
      const ready = yield* Latch.make()
      const taken = yield* Latch.make()
      const leaking = leakOf(
        Effect.gen(function* () {
          yield* ready.await
          yield* Semaphore.take(semaphore, 1)
          yield* inLostScope(Semaphore.takeScoped(semaphore, 1))
          yield* taken.open
        }),
        { leaks: ["held"] }
      )
      const tidy = leakOf(
        Effect.gen(function* () {
          yield* ready.open
          yield* taken.await
          yield* Semaphore.withPermit(semaphore, Effect.void)
        })
      )
      const [leaked, nothing] = yield* Effect.all([leaking, tidy], { concurrency: 2 })
      assert.strictEqual(leaked.length, 2)
      assert.deepStrictEqual(nothing, [])
    })
  )

  it.effect("a fiber left behind is told with what it holds, by the path of its task", () =>
    Effect.gen(function* () {
      const bulkhead = yield* Bulkhead.make({ name: "api", concurrency: 1, queue: 0 })
      const lock = yield* Lock.make({ name: "cache" })
      const left = TaskGroup.run(
        TaskGroup.fork(Lock.withLock(lock, Bulkhead.run(Effect.sleep("1 hour"), bulkhead)), {
          name: "fetch"
        }),
        { name: "main" }
      )
      const lines = yield* leakOf(Effect.andThen(Effect.forkDetach(left), Effect.yieldNow))
      someMatch(lines, /^main\/fetch waits/)
      someMatch(lines, /^Lock "cache", held by main\/fetch/)
      someMatch(lines, /^1 place of Bulkhead "api", held by main\/fetch/)
    })
  )

  it.effect("bare permits may be given back by another fiber, and in parts", () =>
    Effect.gen(function* () {
      const lines = yield* leakOf(
        Effect.gen(function* () {
          const semaphore = yield* Semaphore.make(3)
          yield* Semaphore.take(semaphore, 3)
          yield* Effect.forkChild(Semaphore.release(semaphore, 2))
          yield* Semaphore.take(semaphore, 2)
          yield* Semaphore.release(semaphore, 3)
        })
      )
      assert.deepStrictEqual(lines, [])
    })
  )

  it.effect("a lock that a condition's waiter took again is given back", () =>
    Effect.gen(function* () {
      const lines = yield* leakOf(
        Effect.gen(function* () {
          const lock = yield* Lock.make()
          const condition = yield* Condition.make({ lock })
          yield* Effect.forkChild(
            Effect.delay(Condition.withLock(condition, Condition.notify(condition)), "1 second")
          )
          yield* Condition.withLock(condition, Condition.wait(condition))
        })
      )
      assert.deepStrictEqual(lines, [])
    })
  )

  it.effect("what is held is not forgotten among thousands that were given back", () =>
    Effect.gen(function* () {
      const lines = yield* leakOf(
        Effect.gen(function* () {
          const semaphore = yield* Semaphore.make(2, { name: "db" })
          yield* inLostScope(Semaphore.takeScoped(semaphore, 1))
          const once = Semaphore.withPermit(semaphore, Effect.void)
          for (let i = 0; i < 2_000; i++) yield* Effect.scoped(once)
        })
      )
      assert.strictEqual(lines.length, 2)
      someMatch(lines, /^1 permit of Semaphore "db"/)
      someMatch(lines, /^an open scope/)
    })
  )

  describe("in a sweep", () => {
    const take = (options: { readonly leaks?: boolean }) =>
      InterruptSweep.run({
        setup: Semaphore.make(1, { name: "db" }),
        subject: (semaphore) =>
          Effect.gen(function* () {
            yield* Semaphore.take(semaphore, 1)
            yield* Effect.yieldNow
            yield* Semaphore.release(semaphore, 1)
          }),
        check: () => Effect.void,
        ...options
      })

    it.effect("an interrupted subject that still holds something fails, whatever the check says", () =>
      Effect.gen(function* () {
        const failure = yield* Effect.flip(take({}))
        assert.match(failure.message, /still holds:\n +1 bare permit of Semaphore "db", taken by fiber \d+/)
        yield* take({ leaks: false })
      })
    )

    skein.sweep("passes the correct twin, and what a scope of the state holds until teardown", {
      setup: Effect.all({ semaphore: Semaphore.make(2), scope: Scope.make() }),
      subject: ({ scope, semaphore }) =>
        Effect.andThen(
          Scope.provide(Semaphore.takeScoped(semaphore, 1), scope),
          Semaphore.withPermit(semaphore, Effect.yieldNow)
        ),
      check: () => Effect.void,
      teardown: ({ scope }) => Scope.close(scope, Exit.void)
    })
  })
})
