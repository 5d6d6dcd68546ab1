import { describe, expect, it } from "@effect/vitest"
import { Bulkhead } from "@skein/core"
import { InterruptSweep } from "@skein/testing"
import { Cause, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"

const work = Effect.sleep("1 second")

describe("Bulkhead", () => {
  describe("make", () => {
    it.effect("dies on numbers that cannot be meant", () =>
      Effect.gen(function* () {
        const message = (options: { readonly concurrency: number; readonly queue: number }) =>
          Effect.map(Effect.exit(Bulkhead.make(options)), (exit) =>
            Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "made"
          )
        expect(yield* message({ concurrency: 0, queue: 1 })).toBe(
          "InvalidArgument: Bulkhead.make: concurrency must be an integer or Infinity >= 1, got 0"
        )
        expect(yield* message({ concurrency: 1, queue: -1 })).toBe(
          "InvalidArgument: Bulkhead.make: queue must be an integer or Infinity >= 0, got -1"
        )
        expect(yield* message({ concurrency: 1, queue: NaN })).toBe(
          "InvalidArgument: Bulkhead.make: queue must be an integer or Infinity >= 0, got NaN"
        )
        expect(yield* message({ concurrency: 1, queue: Infinity })).toBe("made")
      })
    )
  })

  describe("run", () => {
    it.effect("hands back value, typed failure and defect of the effect", () =>
      Effect.gen(function* () {
        const bulkhead = yield* Bulkhead.make({ concurrency: 1, queue: 0 })
        expect(yield* Effect.exit(Bulkhead.run(Effect.succeed(1), bulkhead))).toEqual(Exit.succeed(1))
        expect(yield* Effect.exit(Effect.fail("e").pipe(Bulkhead.run(bulkhead)))).toEqual(Exit.fail("e"))
        expect(yield* Effect.exit(Effect.die("d").pipe(Bulkhead.run(bulkhead)))).toEqual(Exit.die("d"))
        expect((yield* Bulkhead.statistics(bulkhead)).holders).toEqual([])
      })
    )

    it.effect("runs so many at once, lets so many wait in order, turns the rest away at once", () =>
      Effect.gen(function* () {
        const bulkhead = yield* Bulkhead.make({ concurrency: 2, queue: 3, name: "payments" })
        const finished: Array<number> = []
        const call = (n: number) =>
          Bulkhead.run(
            Effect.andThen(
              work,
              Effect.sync(() => finished.push(n))
            ),
            bulkhead
          )
        const fibers = yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7], (n) => Effect.forkChild(call(n)))
        yield* TestClock.adjust(0)
        expect(yield* Bulkhead.statistics(bulkhead)).toMatchObject({
          concurrency: 2,
          queue: 3,
          maxWaiting: 3,
          rejected: 2
        })
        const full = new Bulkhead.BulkheadFull({ bulkhead: "payments", concurrency: 2, queue: 3 })
        expect(fibers[5]!.pollUnsafe()).toEqual(Exit.fail(full))
        expect(full.message).toBe("payments is full: 2 running, 3 waiting")
        yield* TestClock.adjust("3 seconds")
        expect(finished).toEqual([1, 2, 3, 4, 5])
        expect(yield* Bulkhead.statistics(bulkhead)).toMatchObject({ holders: [], waiting: [] })
      })
    )

    it.effect("a newcomer does not overtake those who wait", () =>
      Effect.gen(function* () {
        const bulkhead = yield* Bulkhead.make({ concurrency: 1, queue: 1 })
        const order: Array<string> = []
        const call = (name: string) =>
          Bulkhead.run(
            Effect.andThen(
              Effect.sync(() => order.push(name)),
              work
            ),
            bulkhead
          )
        const first = yield* Effect.forkChild(call("first"))
        yield* Effect.forkChild(call("second"))
        yield* TestClock.adjust(0)
        yield* Fiber.interrupt(first)
        // The place is the second one's already, though its fiber may not have run yet.
        yield* Effect.forkChild(call("third"))
        yield* TestClock.adjust("5 seconds")
        expect(order).toEqual(["first", "second", "third"])
      })
    )

    it.effect("interrupted while waiting, it leaves its place to the next caller", () =>
      Effect.gen(function* () {
        const bulkhead = yield* Bulkhead.make({ concurrency: 1, queue: 1 })
        yield* Effect.forkChild(Bulkhead.run(work, bulkhead))
        const waiting = yield* Effect.forkChild(Bulkhead.run(work, bulkhead))
        yield* TestClock.adjust(0)
        yield* Fiber.interrupt(waiting)
        const next = yield* Effect.forkChild(Bulkhead.run(Effect.succeed("in"), bulkhead))
        yield* TestClock.adjust("1 second")
        expect(next.pollUnsafe()).toEqual(Exit.succeed("in"))
      })
    )

    it.effect("sweep: interrupted anywhere, running or waiting, nothing is held", () =>
      Effect.gen(function* () {
        const report = yield* InterruptSweep.run({
          setup: Effect.gen(function* () {
            const bulkhead = yield* Bulkhead.make({ concurrency: 1, queue: 1 })
            const other = yield* Effect.forkDetach(Bulkhead.run(work, bulkhead))
            yield* Effect.yieldNow
            return { bulkhead, other }
          }),
          subject: ({ bulkhead }) =>
            Bulkhead.run(Effect.andThen(Effect.yieldNow, Effect.sleep("1 millis")), bulkhead),
          check: ({ bulkhead, other }) =>
            Effect.gen(function* () {
              yield* Fiber.await(other)
              const { holders, waiting } = yield* Bulkhead.statistics(bulkhead)
              expect({ holders, waiting }).toEqual({ holders: [], waiting: [] })
              expect(yield* Bulkhead.run(Effect.succeed(1), bulkhead)).toBe(1)
            })
        })
        expect(report.operations).toBeGreaterThan(5)
      })
    )
  })
})
