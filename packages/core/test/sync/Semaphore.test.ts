import { assert, describe, it } from "@effect/vitest"
import { Event, Semaphore, TaskGroup, TaskTree } from "@skein/core"
import { InterruptSweep } from "@skein/testing"
import { Effect, Exit, Fiber, Option } from "effect"

import { defectOf, note, settle, spawn } from "./fixtures.ts"

const intact = (semaphore: Semaphore.Semaphore, permits: number) =>
  Effect.gen(function* () {
    yield* settle
    const statistics = yield* Semaphore.statistics(semaphore)
    assert.deepInclude(statistics, { permits, free: permits, holders: [], waiting: [] })
    assert.deepStrictEqual(
      yield* Semaphore.tryWithPermits(semaphore, permits, Effect.succeed("all")),
      Option.some("all")
    )
  })

describe("Semaphore", () => {
  describe("make", () => {
    it.effect("dies for what is no number of permits", () =>
      Effect.gen(function* () {
        for (const permits of [-1, 1.5, Number.NaN, -Infinity]) {
          assert.strictEqual(
            yield* defectOf(Semaphore.make(permits)),
            `Semaphore.make: permits must be an integer or Infinity >= 0, got ${permits}`
          )
        }
        assert.throws(() => Semaphore.makeUnsafe(-1))
        yield* Semaphore.make(0)
        yield* Semaphore.make(Infinity)
      })
    )
  })

  describe("withPermits", () => {
    it.effect("dies at once when asked for more than there are", () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(2, { name: "db" })
        const message = (operation: string, bound: string, got: number) =>
          `Semaphore.${operation}: permits must be ${bound}, got ${got}`
        const most = "at most 2, all that db has"
        assert.strictEqual(
          yield* defectOf(Semaphore.withPermits(semaphore, 3, Effect.void)),
          message("withPermits", most, 3)
        )
        assert.strictEqual(
          yield* defectOf(Semaphore.tryWithPermits(semaphore, 3, Effect.void)),
          message("tryWithPermits", most, 3)
        )
        assert.strictEqual(yield* defectOf(Semaphore.take(semaphore, 3)), message("take", most, 3))
        assert.strictEqual(
          yield* defectOf(Effect.scoped(Semaphore.takeScoped(semaphore, 3))),
          message("takeScoped", most, 3)
        )
        assert.strictEqual(
          yield* defectOf(Semaphore.withPermits(semaphore, 0.5, Effect.void)),
          message("withPermits", "an integer >= 0", 0.5)
        )
        yield* intact(semaphore, 2)
      })
    )

    it.effect("does not suspend when the permits are free", () =>
      Effect.sync(() => {
        const semaphore = Semaphore.makeUnsafe(1)
        let ran = false
        Effect.runFork(
          Semaphore.withPermit(
            semaphore,
            Effect.sync(() => (ran = true))
          )
        )
        assert.isTrue(ran)
      })
    )

    it.effect("serves in order of asking, never more than there are", () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(3)
        const log: Array<number> = []
        let running = 0
        yield* Effect.forEach(
          Array.from({ length: 50 }, (_, i) => i),
          (i) =>
            Semaphore.withPermit(
              semaphore,
              Effect.gen(function* () {
                log.push(i)
                assert.isAtMost(++running, 3)
                yield* Effect.yieldNow
                running--
              })
            ),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(
          log,
          Array.from({ length: 50 }, (_, i) => i)
        )
        yield* intact(semaphore, 3)
        assert.strictEqual((yield* Semaphore.statistics(semaphore)).maxWaiting, 47)
      })
    )

    it.effect("data-last, in a pipe", () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(2)
        assert.strictEqual(yield* Effect.succeed(1).pipe(Semaphore.withPermits(semaphore, 2)), 1)
        assert.strictEqual(yield* Effect.succeed(2).pipe(Semaphore.withPermit(semaphore)), 2)
        assert.deepStrictEqual(
          yield* Effect.succeed(3).pipe(Semaphore.tryWithPermits(semaphore, 1)),
          Option.some(3)
        )
      })
    )

    it.effect("10,000 waiters go through without nesting, others get their turn meanwhile", () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(1)
        yield* Semaphore.take(semaphore, 1)
        let done = 0
        const all = yield* spawn(
          Effect.forEach(
            Array.from({ length: 10_000 }),
            () =>
              Semaphore.withPermit(
                semaphore,
                Effect.sync(() => done++)
              ),
            { concurrency: "unbounded", discard: true }
          )
        )
        assert.strictEqual((yield* Semaphore.statistics(semaphore)).waiting.length, 10_000)
        yield* Semaphore.release(semaphore, 1)
        yield* Effect.yieldNow
        yield* Effect.yieldNow
        assert.isBelow(done, 10_000)
        yield* Fiber.join(all)
        assert.strictEqual(done, 10_000)
        yield* intact(semaphore, 1)
      })
    )

    it.effect("is cancel-safe, waiting behind others and holding", () =>
      Effect.gen(function* () {
        const report = yield* InterruptSweep.run({
          setup: Effect.gen(function* () {
            const semaphore = yield* Semaphore.make(2)
            for (let i = 0; i < 4; i++) {
              yield* Effect.forkDetach(Semaphore.withPermits(semaphore, 1 + (i % 2), Effect.yieldNow))
            }
            return semaphore
          }),
          subject: (semaphore) => Semaphore.withPermits(semaphore, 2, Effect.yieldNow),
          check: (semaphore) => intact(semaphore, 2)
        })
        assert.isAbove(report.operations, 4)
      })
    )

    it.effect("is cancel-safe, many at once", () =>
      InterruptSweep.run({
        setup: Semaphore.make(2),
        subject: (semaphore) =>
          Effect.forEach([1, 2, 1, 2, 1], (n) => Semaphore.withPermits(semaphore, n, Effect.yieldNow), {
            concurrency: "unbounded"
          }),
        check: (semaphore) => intact(semaphore, 2)
      })
    )
  })

  describe("tryWithPermits", () => {
    it.effect("None when they are taken, and is cancel-safe", () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(1)
        yield* Semaphore.take(semaphore, 1)
        assert.isTrue(Option.isNone(yield* Semaphore.tryWithPermits(semaphore, 1, Effect.void)))
        yield* InterruptSweep.run({
          setup: Semaphore.make(1),
          subject: (semaphore) => Semaphore.tryWithPermits(semaphore, 1, Effect.yieldNow),
          check: (semaphore) => intact(semaphore, 1)
        })
      })
    )
  })

  describe("take", () => {
    it.effect("is cancel-safe: interrupted, nothing is taken", () =>
      InterruptSweep.run({
        setup: Effect.gen(function* () {
          const semaphore = yield* Semaphore.make(1)
          yield* Effect.forkDetach(Semaphore.withPermit(semaphore, Effect.yieldNow))
          return { semaphore, taken: { count: 0 } }
        }),
        subject: ({ semaphore, taken }) =>
          Effect.andThen(
            Effect.andThen(
              Effect.yieldNow,
              Effect.map(Semaphore.take(semaphore, 1), () => taken.count++)
            ),
            Effect.yieldNow
          ),
        check: ({ semaphore, taken }) =>
          Effect.gen(function* () {
            yield* settle
            assert.strictEqual((yield* Semaphore.statistics(semaphore)).free, 1 - taken.count)
          }),
        // Counted by the check: what was taken, nobody gives back.
        leaks: false
      })
    )

    it.effect("permits taken in one fiber are released in another", () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(1)
        yield* Semaphore.take(semaphore, 1)
        assert.deepInclude(yield* Semaphore.statistics(semaphore), { free: 0, holders: [] })
        const waiter = yield* spawn(Semaphore.take(semaphore, 1))
        yield* spawn(Semaphore.release(semaphore, 1))
        yield* Fiber.join(waiter)
        yield* Semaphore.release(1)(semaphore)
        yield* intact(semaphore, 1)
      })
    )

    it.effect("who took them holds nothing, not in the moment of the hand-over either", () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(1, { name: "s" })
        yield* Semaphore.take(semaphore, 1)
        yield* spawn(Semaphore.take(semaphore, 1))
        yield* Semaphore.release(semaphore, 1)
        assert.deepInclude(yield* Semaphore.statistics(semaphore), { free: 0, holders: [], waiting: [] })
        yield* settle
        assert.deepInclude(yield* Semaphore.statistics(semaphore), { free: 0, holders: [], waiting: [] })
      })
    )

    it.effect("a holder's permits cannot be released by somebody else", () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(1, { name: "s" })
        const message = yield* Semaphore.withPermit(semaphore, defectOf(Semaphore.release(semaphore, 1)))
        assert.strictEqual(
          message,
          "Semaphore.release: permits must be at most 0, what was taken of s, got 1"
        )
        yield* intact(semaphore, 1)
      })
    )
  })

  describe("takeScoped", () => {
    it.effect("holds until the scope closes, by name", () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(2)
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* Semaphore.takeScoped(semaphore, 2)
            const statistics = yield* Semaphore.statistics(semaphore)
            assert.strictEqual(statistics.free, 0)
            assert.strictEqual(statistics.holders.length, 1)
          })
        )
        yield* intact(semaphore, 2)
      })
    )

    it.effect("is cancel-safe", () =>
      InterruptSweep.run({
        setup: Effect.gen(function* () {
          const semaphore = yield* Semaphore.make(1)
          yield* Effect.forkDetach(Semaphore.withPermit(semaphore, Effect.yieldNow))
          return semaphore
        }),
        subject: (semaphore) =>
          Effect.scoped(Effect.andThen(Semaphore.takeScoped(semaphore, 1), Effect.yieldNow)),
        check: (semaphore) => intact(semaphore, 1)
      })
    )
  })

  describe("resize", () => {
    it.effect("more: as many proceed as there is room for; fewer: who waits for more dies", () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(3, { name: "s" })
        const log: Array<string> = []
        yield* Semaphore.take(semaphore, 3)
        const one = yield* spawn(Semaphore.withPermits(semaphore, 1, note(log)("one")))
        const three = yield* spawn(Semaphore.withPermits(semaphore, 3, note(log)("three")))
        const two = yield* spawn(Semaphore.withPermits(semaphore, 2, note(log)("two")))
        yield* Semaphore.resize(semaphore, 2)
        assert.match(
          yield* defectOf(Fiber.join(three)),
          /^Semaphore.resize: fiber:\d+ waits for 3 permits of s, which now has 2$/
        )
        assert.strictEqual((yield* Semaphore.statistics(semaphore)).free, -1)
        yield* Semaphore.release(semaphore, 1)
        yield* settle
        assert.deepStrictEqual(log, [])
        yield* Semaphore.resize(semaphore, 5)
        yield* Fiber.joinAll([one, two])
        assert.deepStrictEqual(log, ["one", "two"])
        yield* Semaphore.release(semaphore, 2)
        yield* intact(semaphore, 5)
      })
    )

    it.effect("keeps the old total when the new one is none", () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(3)
        assert.strictEqual(
          yield* defectOf(Semaphore.resize(semaphore, -2)),
          "Semaphore.resize: permits must be an integer or Infinity >= 0, got -2"
        )
        yield* intact(semaphore, 3)
      })
    )
  })

  describe("statistics", () => {
    it.effect("names tasks by path, the waiting in order of service, right after the hand-off too", () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(1, { name: "s" })
        const gate = yield* Semaphore.make(1)
        yield* Semaphore.take(gate, 1)
        yield* TaskGroup.run(
          Effect.gen(function* () {
            const use = Semaphore.withPermit(semaphore, Semaphore.withPermit(gate, Effect.void))
            for (const name of ["a", "b", "c"]) yield* TaskGroup.fork(use, { name })
            yield* settle
            assert.deepInclude(yield* Semaphore.statistics(semaphore), {
              holders: ["main/a"],
              waiting: ["main/b", "main/c"]
            })
            const nodes = (yield* TaskTree.snapshot).nodes
            const b = nodes.find((node) => node.path === "main/b")!
            const wait = Option.getOrThrow(b.waitingOn)
            assert.deepInclude(wait, { operation: "Semaphore", resource: "s" })
            assert.deepStrictEqual(
              wait.holders.map((holder) => holder.name),
              ["main/a"]
            )
            yield* Semaphore.release(gate, 1)
          }),
          { name: "main" }
        )
        yield* intact(semaphore, 1)
      })
    )
  })

  it.effect("a fiber that gave the permit back is not resumed by the hand-over, wherever it is then", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(1)
      const event = yield* Event.make()
      const log: Array<string> = []
      yield* Semaphore.take(semaphore, 1)
      const cleanup = Effect.andThen(Event.wait(event), note(log)("cleaned up"))
      const waiter = yield* spawn(Effect.onInterrupt(Semaphore.take(semaphore, 1), () => cleanup))
      yield* Semaphore.release(semaphore, 1)
      yield* Effect.sync(() => waiter.interruptUnsafe())
      yield* settle
      assert.deepStrictEqual(log, [])
      yield* Event.set(event)
      assert.isTrue(Exit.isFailure(yield* Fiber.await(waiter)))
      assert.deepStrictEqual(log, ["cleaned up"])
      yield* intact(semaphore, 1)
    })
  )
})
