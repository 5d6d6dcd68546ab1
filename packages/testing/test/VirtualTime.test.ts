import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Deferred, Effect, Exit, Fiber, Latch, Schedule, Semaphore } from "effect"
import { TestClock } from "effect/testing"
import { VirtualTime } from "@skein/testing"
import { it as skein } from "@skein/testing/vitest"

const defectOf = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.map(Effect.exit(effect), (exit) => (Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined))

describe("VirtualTime", () => {
  describe("run", () => {
    // real time: the virtual clock replaces the TestClock, and must not wait for the real one.
    it.live("lets a week of sleeps, timeouts and retries pass at once", () =>
      Effect.gen(function* () {
        const start = performance.now()
        const elapsed = yield* Effect.gen(function* () {
          const result = yield* Effect.timeoutOption(Effect.never, "1 day")
          assert.strictEqual(result._tag, "None")
          yield* Effect.flip(
            Effect.retry(Effect.fail("no"), { schedule: Schedule.spaced("1 day"), times: 3 })
          )
          yield* Effect.sleep("3 days")
          return yield* Clock.currentTimeMillis
        }).pipe(VirtualTime.run())
        assert.strictEqual(elapsed, 7 * 24 * 3_600_000)
        assert.isBelow(performance.now() - start, 5_000)
      })
    )

    it.live("wakes sleepers in order of their time, and answers to TestClock.adjust", () =>
      Effect.gen(function* () {
        const order: Array<string> = []
        const sleeper = (name: string, millis: number) =>
          Effect.delay(
            Effect.sync(() => order.push(name)),
            millis
          )
        yield* VirtualTime.run(
          Effect.gen(function* () {
            const late = yield* Effect.forkChild(sleeper("late", 2_000))
            yield* Effect.forkChild(sleeper("early", 1_000))
            yield* TestClock.adjust("1500 millis")
            assert.deepStrictEqual(order, ["early"])
            yield* Fiber.join(late)
          })
        )
        assert.deepStrictEqual(order, ["early", "late"])
      })
    )

    it.live("a settled promise wins against a timeout", () =>
      VirtualTime.run(
        Effect.gen(function* () {
          const value = yield* Effect.promise(() => Promise.resolve(1)).pipe(Effect.timeout("1 hour"))
          assert.strictEqual(value, 1)
        })
      )
    )

    it.live("passes on success, failure and defect unchanged", () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* VirtualTime.run(Effect.succeed(1)), 1)
        assert.strictEqual(yield* Effect.flip(VirtualTime.run(Effect.fail("e"))), "e")
        assert.strictEqual(yield* defectOf(VirtualTime.run(Effect.die("d"))), "d")
      })
    )

    it.live("interrupted from outside, interrupts the effect and waits for its cleanup", () =>
      Effect.gen(function* () {
        let cleaned = false
        const cleanup = Effect.andThen(
          Effect.sleep("1 hour"),
          Effect.sync(() => void (cleaned = true))
        )
        const fiber = yield* Effect.forkChild(
          VirtualTime.run(Effect.onInterrupt(Effect.never, () => cleanup))
        )
        yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        assert.isTrue(cleaned)
      })
    )

    it.live("ends a deadlock, and says who waits where", () =>
      Effect.gen(function* () {
        const stuck = yield* defectOf(
          VirtualTime.run(
            Effect.gen(function* () {
              const latch = yield* Latch.make()
              yield* latch.await
            }),
            { grace: "10 millis" }
          )
        )
        assert.instanceOf(stuck, VirtualTime.Stuck)
        assert.match((stuck as VirtualTime.Stuck).waiting[0]!, /^root waits/)
        assert.match(stuck.message, /waits at .*VirtualTime\.test\.ts:\d+:\d+ {2}yield\* latch\.await/)
      })
    )

    it.live("tells of a fiber that is left behind, not of one that only had to finish", () =>
      Effect.gen(function* () {
        yield* VirtualTime.run(Effect.forkDetach(Effect.yieldNow))
        const left = Effect.gen(function* () {
          yield* Effect.forkDetach(Effect.sleep("1 hour"))
        })
        assert.instanceOf(yield* defectOf(VirtualTime.run(left)), VirtualTime.LeakFound)
        yield* VirtualTime.run(left, { leaks: false })
      })
    )

    it.live("tells of a real timer that is left behind", () =>
      Effect.gen(function* () {
        let timer: NodeJS.Timeout | undefined
        const leak = yield* defectOf(
          VirtualTime.run(Effect.sync(() => void (timer = setTimeout(() => {}, 60_000))))
        )
        clearTimeout(timer)
        assert.include((leak as Error).message, "1 real timer")
      })
    )
  })

  describe("watch", () => {
    it.live("tells of a permit that was not given back", () =>
      Effect.gen(function* () {
        const leak = yield* defectOf(
          VirtualTime.run(
            Effect.gen(function* () {
              const semaphore = yield* Semaphore.make(2)
              let held = 0
              yield* VirtualTime.watch("held permits", () => held)
              yield* semaphore.take(1)
              held++
            })
          )
        )
        assert.include((leak as Error).message, "held permits: 1, was 0")
      })
    )

    it.live("dies of options that make no sense, and of what is no effect, and names them", () =>
      Effect.gen(function* () {
        const wrong = [
          VirtualTime.run((() => Effect.void) as never, {}),
          VirtualTime.run(Effect.void, { leaks: ["fiber"] as never }),
          VirtualTime.run(Effect.void, { grace: "soon" as never })
        ]
        const messages = yield* Effect.forEach(wrong, (effect) =>
          Effect.map(defectOf(effect as Effect.Effect<unknown>), (defect) => (defect as Error).message)
        )
        assert.deepStrictEqual(messages, [
          "VirtualTime.run: effect must be an Effect, got a function",
          'VirtualTime.run: each of leaks must be one of "fibers", "timers", "held", "scopes", "watched", got "fiber"',
          'VirtualTime.run: grace must be a duration, got "soon"'
        ])
      })
    )

    it.live("does nothing outside run", () => VirtualTime.watch("nothing", () => Math.PI))
  })

  skein.sweep("run is cancel-safe: the effect is interrupted and its cleanup has run", {
    setup: Effect.sync(() => ({ open: 0 })),
    subject: (file) =>
      VirtualTime.run(
        Effect.acquireUseRelease(
          Effect.sync(() => void file.open++),
          () => Effect.sleep("1 hour"),
          () => Effect.sync(() => void file.open--)
        )
      ),
    check: (file) => Effect.sync(() => assert.strictEqual(file.open, 0))
  })

  skein.virtual("it.virtual registers a test, with a scope that is closed before leaks are looked for", () =>
    Effect.gen(function* () {
      const done = yield* Deferred.make<void>()
      yield* Effect.forkScoped(Effect.never)
      yield* Effect.forkScoped(Effect.delay(Deferred.succeed(done, undefined), "1 hour"))
      yield* Deferred.await(done)
    })
  )

  skein.virtual.runIf(true)("it.virtual.runIf registers a test where it holds", () => Effect.sleep("1 hour"))
})
