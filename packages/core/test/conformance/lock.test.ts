import { assert, describe, it } from "@effect/vitest"
import { CancelScope, Lock, Task, TaskGroup } from "@skein/core"
import { Effect, Exit, Fiber, Option, Scope } from "effect"

import { defectOf, interrupted, interruptNow, note, settle, spawn } from "../sync/fixtures.ts"

const gate = () => {
  let open = (): void => {}
  const wait = Effect.callback<void>((resume) => {
    open = () => resume(Effect.void)
  })
  return { wait, open: Effect.sync(() => open()) }
}

/** Holds the lock until the gate opens. */
const holder = (lock: Lock.Lock) => {
  const { open, wait } = gate()
  return Effect.map(spawn(Lock.withLock(lock, wait)), (fiber) => ({ fiber, release: open }))
}

describe("conformance: lock", () => {
  it.effect("LK-001: never more than one is inside, also of siblings in one task", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make()
      let inside = 0
      const once = Lock.withLock(
        lock,
        Effect.gen(function* () {
          assert.strictEqual(++inside, 1)
          yield* Effect.yieldNow
          inside--
        })
      )
      yield* Effect.forEach([1, 2, 3, 4, 5], () => Effect.repeat(once, { times: 10 }), {
        concurrency: "unbounded"
      })
      assert.isFalse(yield* Lock.isLocked(lock))
    })
  )

  it.effect(
    "LK-005: the holder releases and the first waiter is cancelled in one step: the second gets it",
    () =>
      Effect.gen(function* () {
        for (const cancelFirst of [true, false]) {
          const lock = yield* Lock.make()
          const a = yield* holder(lock)
          const b = yield* spawn(Lock.withLock(lock, Effect.never))
          const c = yield* spawn(Lock.withLock(lock, Effect.succeed("c")))
          if (cancelFirst) yield* interruptNow(b)
          yield* a.release
          if (!cancelFirst) yield* interruptNow(b)
          assert.strictEqual(yield* Fiber.join(c), "c")
          assert.isFalse(yield* Lock.isLocked(lock))
        }
      })
  )

  it.effect("LK-007: a waiter cancelled between hand-over and resumption passes the lock on", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make()
      const a = yield* holder(lock)
      let entered = false
      const b = yield* spawn(
        Lock.withLock(
          lock,
          Effect.sync(() => (entered = true))
        )
      )
      yield* a.release
      yield* interruptNow(b)
      assert.isTrue(interrupted(yield* Fiber.await(b)))
      assert.isFalse(entered)
      assert.isFalse(yield* Lock.isLocked(lock))
    })
  )

  it.effect("LK-008: a waiter of a cancelled group never enters, whoever is first", () =>
    Effect.gen(function* () {
      for (const releaseFirst of [true, false]) {
        const lock = yield* Lock.make()
        const shielded = yield* holder(lock)
        let entered = false
        const group = yield* spawn(
          TaskGroup.run(
            TaskGroup.fork(
              Lock.withLock(
                lock,
                Effect.sync(() => (entered = true))
              )
            )
          )
        )
        if (releaseFirst) yield* shielded.release
        yield* interruptNow(group)
        if (!releaseFirst) yield* shielded.release
        yield* settle
        assert.isFalse(entered)
        assert.isFalse(yield* Lock.isLocked(lock))
      }
    })
  )

  it.effect("LK-011: taking it again inside dies, blocking or not, on whichever fiber", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make({ name: "cache" })
      const again: ReadonlyArray<Effect.Effect<unknown>> = [
        Lock.withLock(lock, Effect.void),
        Lock.tryWithLock(lock, Effect.void),
        Effect.scoped(Lock.acquire(lock)),
        Effect.orDie(CancelScope.failAfter(Lock.withLock(lock, Effect.void), "1 second")),
        Effect.forEach([1], () => Lock.withLock(lock, Effect.void), { concurrency: 2 })
      ]
      for (const effect of again) {
        assert.match(
          yield* defectOf(Lock.withLock(lock, effect)),
          /^fiber:\d+ holds cache already: taking it again would wait for itself$/
        )
        assert.isFalse(yield* Lock.isLocked(lock))
      }
      const exit = yield* Effect.exit(Lock.withLock(lock, again[0]!))
      assert.isTrue(
        Exit.isFailure(exit) &&
          exit.cause.reasons.some(
            (reason) => reason._tag === "Die" && reason.defect instanceof Lock.LockReentered
          )
      )
    })
  )

  it.effect("LK-011: so does a fiber that acquired it for its scope; another fiber waits", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make()
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* Lock.acquire(lock)
          assert.include(yield* defectOf(Lock.withLock(lock, Effect.void)), "already")
          assert.include(yield* defectOf(Effect.scoped(Lock.acquire(lock))), "already")
          const timed = CancelScope.failAfter(Lock.withLock(lock, Effect.void), "1 second")
          assert.include(yield* defectOf(timed), "already")
          const other = yield* spawn(Lock.withLock(lock, Effect.void))
          assert.isUndefined(other.pollUnsafe())
          yield* Fiber.interrupt(other)
        })
      )
      assert.isFalse(yield* Lock.isLocked(lock))
    })
  )

  it.effect("LK-011: a task forked inside is not the owner: it waits, and has it after the owner", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make()
      const log: Array<string> = []
      yield* TaskGroup.run(
        Effect.gen(function* () {
          const task = yield* Lock.withLock(
            lock,
            Effect.gen(function* () {
              const task = yield* TaskGroup.fork(Lock.withLock(lock, note(log)("task")))
              yield* settle
              log.push("owner")
              return task
            })
          )
          yield* Task.join(task)
        })
      )
      assert.deepStrictEqual(log, ["owner", "task"])
    })
  )

  it.effect("LK-014: once handed over, the new owner is responsible", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make()
      yield* TaskGroup.run(
        Effect.gen(function* () {
          const { open, wait } = gate()
          yield* TaskGroup.fork(Lock.withLock(lock, wait), { name: "a" })
          const b = yield* TaskGroup.fork(Lock.withLock(lock, Effect.never), { name: "b" })
          yield* settle
          assert.deepStrictEqual((yield* Lock.statistics(lock)).owner, Option.some("main/a"))
          yield* open
          assert.deepStrictEqual((yield* Lock.statistics(lock)).owner, Option.some("main/b"))
          yield* Task.cancel(b)
        }),
        { name: "main" }
      )
      assert.isFalse(yield* Lock.isLocked(lock))
    })
  )

  it.effect("LK-015: the lock is given back when the effect fails, dies, is interrupted or returns", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make()
      const ends = [Effect.fail("no"), Effect.die("no"), Effect.interrupt, Effect.succeed("early")]
      for (const effect of ends) {
        yield* Effect.exit(Lock.withLock(lock, effect))
        assert.isFalse(yield* Lock.isLocked(lock))
      }
    })
  )

  it.effect("LK-016: ten thousand waiters proceed without overflowing the stack", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make()
      const first = yield* holder(lock)
      let done = 0
      const all = yield* spawn(
        Effect.forEach(
          Array.from({ length: 10_000 }),
          () =>
            Lock.withLock(
              lock,
              Effect.sync(() => done++)
            ),
          { concurrency: "unbounded", discard: true }
        )
      )
      assert.strictEqual((yield* Lock.statistics(lock)).waiting.length, 10_000)
      yield* first.release
      yield* Fiber.join(all)
      assert.strictEqual(done, 10_000)
      assert.isFalse(yield* Lock.isLocked(lock))
    })
  )

  it.effect("LK-017: statistics are exact at every step", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make()
      const look = Effect.map(Lock.statistics(lock), (s) => [s.owner, s.waiting, s.maxWaiting])
      assert.deepStrictEqual(yield* look, [Option.none(), [], 0])
      const a = yield* holder(lock)
      assert.deepStrictEqual(yield* look, [Option.some(`fiber:${a.fiber.id}`), [], 0])
      const b = yield* spawn(Lock.withLock(lock, Effect.never))
      const c = yield* spawn(Lock.withLock(lock, Effect.never))
      const [nameB, nameC] = [`fiber:${b.id}`, `fiber:${c.id}`]
      assert.deepStrictEqual(yield* look, [Option.some(`fiber:${a.fiber.id}`), [nameB, nameC], 2])
      yield* a.release
      assert.deepStrictEqual(yield* look, [Option.some(nameB), [nameC], 2])
      yield* interruptNow(b)
      assert.deepStrictEqual(yield* look, [Option.some(nameC), [], 2])
      yield* interruptNow(c)
      assert.deepStrictEqual(yield* look, [Option.none(), [], 2])
    })
  )

  it.effect(
    "LK-013: held by a scope whose acquiring task is gone, it names that task and ends with the scope",
    () =>
      Effect.gen(function* () {
        const lock = yield* Lock.make()
        const scope = yield* Scope.make()
        yield* TaskGroup.run(
          TaskGroup.fork(Effect.provideService(Lock.acquire(lock), Scope.Scope, scope), { name: "gone" }),
          { name: "main" }
        )
        assert.deepStrictEqual((yield* Lock.statistics(lock)).owner, Option.some("main/gone"))
        const waiter = yield* spawn(Lock.withLock(lock, Effect.succeed("mine")))
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual(yield* Fiber.join(waiter), "mine")
      })
  )
})
