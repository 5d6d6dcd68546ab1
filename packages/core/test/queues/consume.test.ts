import { assert, describe, it } from "@effect/vitest"
import { CancelScope, Gather, Task, TaskGroup, WorkQueue } from "@skein/core"
import { InterruptSweep } from "@skein/testing"
import { Cause, Effect, Exit, Fiber, Option, Ref, Scheduler } from "effect"

import { defectOf, settle, spawn } from "../sync/fixtures.ts"

const filled = <A>(items: ReadonlyArray<A>, capacity = 100) =>
  Effect.tap(WorkQueue.bounded<A>(capacity, { name: "q" }), (queue) => WorkQueue.offerAll(queue, items))

describe("WorkQueue.consume", () => {
  it.effect("handles every item and ends by itself when the queue was shut down and is empty", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(2, { name: "q" })
      const seen: Array<number> = []
      const consumer = yield* spawn(
        WorkQueue.consume(
          queue,
          (n) =>
            Effect.andThen(
              Effect.yieldNow,
              Effect.sync(() => seen.push(n))
            ),
          {
            workers: 3
          }
        )
      )
      yield* WorkQueue.offerAll(queue, [1, 2, 3, 4, 5, 6, 7])
      yield* WorkQueue.join(queue)
      assert.isUndefined(consumer.pollUnsafe())
      yield* WorkQueue.shutdown(queue)
      yield* Fiber.join(consumer)
      assert.deepStrictEqual(seen.toSorted(), [1, 2, 3, 4, 5, 6, 7])
      assert.deepInclude(yield* WorkQueue.statistics(queue), { unfinished: 0, taking: [] })
    })
  )

  it.effect("is a group of named workers", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(2, { name: "q" })
      yield* TaskGroup.run(
        Effect.gen(function* () {
          const consumer = yield* TaskGroup.fork(
            WorkQueue.consume(queue, () => Effect.void, { workers: 2 }),
            {
              name: "consumer"
            }
          )
          yield* settle
          assert.deepStrictEqual((yield* WorkQueue.statistics(queue)).taking, [
            "main/consumer/q/worker:1",
            "main/consumer/q/worker:2"
          ])
          yield* WorkQueue.shutdown(queue)
          yield* Task.join(consumer)
        }),
        { name: "main" }
      )
    })
  )

  it.effect("fails fast with the handler's error: others are cancelled, what is queued stays", () =>
    Effect.gen(function* () {
      const queue = yield* filled([1, 2, 3, 4])
      let cancelled = 0
      const exit = yield* Effect.exit(
        WorkQueue.consume(
          queue,
          (n) =>
            n === 2
              ? Effect.fail(`bad ${n}`)
              : Effect.onInterrupt(Effect.never, () => Effect.sync(() => cancelled++)),
          { workers: 2 }
        )
      )
      assert.deepStrictEqual(exit, Exit.fail("bad 2"))
      assert.strictEqual(cancelled, 1)
      assert.deepInclude(yield* WorkQueue.statistics(queue), { size: 2, unfinished: 2, taking: [] })
      assert.strictEqual(yield* WorkQueue.take(queue), 3)
    })
  )

  it.effect("a handler that throws or dies is a defect of the consumer", () =>
    Effect.gen(function* () {
      const queue = yield* filled([1])
      const handler = (): Effect.Effect<void> => {
        throw new Error("thrown")
      }
      assert.strictEqual(yield* defectOf(WorkQueue.consume(queue, handler, { workers: 1 })), "thrown")
      assert.strictEqual((yield* WorkQueue.statistics(queue)).unfinished, 0)
    })
  )

  it.effect("with onFailure a failing, dying or throwing item is reported, and the others go on", () =>
    Effect.gen(function* () {
      const queue = yield* filled([1, 2, 3, 4, 5])
      yield* WorkQueue.shutdown(queue)
      const reports: Array<string> = []
      const seen: Array<number> = []
      yield* WorkQueue.consume(
        queue,
        (n) => {
          if (n === 1) throw new Error("thrown")
          if (n === 2) return Effect.fail("failed")
          if (n === 3) return Effect.die(new Error("died"))
          return Effect.sync(() => seen.push(n))
        },
        {
          workers: 1,
          onFailure: (item, cause) =>
            Effect.sync(() => {
              const squashed = Cause.squash(cause)
              reports.push(`${item} ${squashed instanceof Error ? squashed.message : squashed}`)
            })
        }
      )
      assert.deepStrictEqual(reports, ["1 thrown", "2 failed", "3 died"])
      assert.deepStrictEqual(seen, [4, 5])
      yield* WorkQueue.join(queue)
    })
  )

  it.effect("onFailure may offer the item again: until idle waits for it", () =>
    Effect.gen(function* () {
      const queue = yield* filled(["a"], 1)
      const attempts = yield* Ref.make(0)
      yield* WorkQueue.consume(
        queue,
        () =>
          Effect.flatMap(
            Ref.updateAndGet(attempts, (n) => n + 1),
            (n) => (n < 3 ? Effect.fail("again") : Effect.void)
          ),
        { workers: 2, until: "idle", onFailure: (item) => Effect.orDie(WorkQueue.offer(queue, item)) }
      )
      assert.strictEqual(yield* Ref.get(attempts), 3)
    })
  )

  it.effect("until idle: ends when handlers that feed the queue have nothing left, and shuts it down", () =>
    Effect.gen(function* () {
      const queue = yield* filled([0])
      const seen: Array<number> = []
      yield* WorkQueue.consume(
        queue,
        (n) =>
          Effect.gen(function* () {
            seen.push(n)
            yield* Effect.yieldNow
            if (n < 5) yield* WorkQueue.offerAll(queue, [n + 1, n + 1])
          }),
        { workers: 4, until: "idle" }
      )
      assert.strictEqual(seen.length, 63)
      assert.strictEqual((yield* Effect.flip(WorkQueue.offer(queue, 1)))._tag, "QueueShutdown")
    })
  )

  it.effect("until idle: an empty queue ends at once", () =>
    Effect.gen(function* () {
      const queue = yield* filled<number>([])
      yield* WorkQueue.consume(queue, () => Effect.void, { workers: 4, until: "idle" })
    })
  )

  it.effect("until idle: waits for producers that run beside the handlers, and for offers that wait", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(1)
      const seen: Array<number> = []
      yield* TaskGroup.run(
        Effect.gen(function* () {
          const produce = Effect.forEach([1, 2, 3], (n) =>
            Effect.andThen(Effect.repeat(Effect.yieldNow, { times: 5 }), WorkQueue.offer(queue, n))
          )
          yield* TaskGroup.fork(produce.pipe(WorkQueue.producing(queue)))
          yield* WorkQueue.consume(queue, (n) => Effect.sync(() => seen.push(n)), {
            workers: 2,
            until: "idle"
          })
        })
      )
      assert.deepStrictEqual(seen, [1, 2, 3])
      const waiting = yield* filled([1], 1)
      const offerers = [yield* spawn(WorkQueue.offer(waiting, 2)), yield* spawn(WorkQueue.offer(waiting, 3))]
      const handled: Array<number> = []
      // Item 2 is dealt with while the offer of item 3 has its place but has not gone on.
      const handler = (n: number) =>
        Effect.andThen(
          n === 1 ? settle : Effect.void,
          Effect.sync(() => handled.push(n))
        )
      yield* WorkQueue.consume(waiting, handler, { workers: 1, until: "idle" })
      yield* Fiber.joinAll(offerers)
      assert.deepStrictEqual(handled, [1, 2, 3])
    })
  )

  it.effect("64 workers, capacity 10, each item offering 30 more, does not stall", () =>
    Effect.gen(function* () {
      const queue = yield* WorkQueue.bounded<number>(10)
      yield* WorkQueue.offer(queue, 3)
      let handled = 0
      yield* WorkQueue.consume(
        queue,
        (depth) =>
          Effect.gen(function* () {
            handled++
            yield* Effect.yieldNow
            if (depth === 0) return
            // One by one, in batches, from siblings in the handler and from a group of its own.
            for (let i = 0; i < 10; i++) yield* WorkQueue.offer(queue, depth - 1)
            yield* WorkQueue.offerAll(
              queue,
              Array.from({ length: 10 }, () => depth - 1)
            )
            const more = Array.from({ length: 5 }, () => WorkQueue.offer(queue, depth - 1))
            yield* Effect.all(more, { concurrency: "unbounded" })
            yield* Gather.all(more)
          }),
        { workers: 64, until: "idle" }
      )
      assert.strictEqual(handled, 1 + 30 + 900 + 27_000)
    })
  )

  it.effect("others wait for room as always", () =>
    Effect.gen(function* () {
      const queue = yield* filled([1], 1)
      const gate = yield* WorkQueue.unbounded<void>()
      const consumer = yield* spawn(WorkQueue.consume(queue, () => WorkQueue.take(gate), { workers: 1 }))
      yield* WorkQueue.offer(queue, 2)
      const outsider = yield* spawn(WorkQueue.offer(queue, 3))
      assert.isUndefined(outsider.pollUnsafe())
      yield* WorkQueue.offer(gate, undefined)
      yield* Fiber.join(outsider)
      yield* Fiber.interrupt(consumer)
    })
  )

  it.effect("a fork in a handler goes to the caller's group and outlives the consumer", () =>
    Effect.gen(function* () {
      const queue = yield* filled([1])
      yield* WorkQueue.shutdown(queue)
      const log: Array<string> = []
      yield* TaskGroup.run(
        Effect.gen(function* () {
          yield* WorkQueue.consume(
            queue,
            () =>
              TaskGroup.fork(
                Effect.andThen(
                  settle,
                  Effect.sync(() => log.push("task"))
                )
              ),
            { workers: 1 }
          )
          log.push("consumed")
        })
      )
      assert.deepStrictEqual(log, ["consumed", "task"])
    })
  )

  it.effect(
    "handles what is left of a queue that was failed, lets handlers finish, then fails with the error",
    () =>
      Effect.gen(function* () {
        const queue = yield* WorkQueue.bounded<number, string>(5)
        const seen: Array<number> = []
        const consumer = yield* spawn(
          WorkQueue.consume(
            queue,
            (n) =>
              Effect.andThen(
                Effect.repeat(Effect.yieldNow, { times: 40 }),
                Effect.sync(() => seen.push(n))
              ),
            { workers: 2 }
          )
        )
        yield* WorkQueue.offerAll(queue, [1, 2, 3])
        yield* WorkQueue.fail(queue, "source broke")
        assert.strictEqual(yield* Effect.flip(Fiber.join(consumer)), "source broke")
        assert.deepStrictEqual(seen, [1, 2, 3])
      })
  )

  it.effect("dies for no workers", () =>
    Effect.gen(function* () {
      const queue = yield* filled([1])
      for (const workers of [0, -1, 1.5, Number.NaN]) {
        assert.strictEqual(
          yield* defectOf(WorkQueue.consume(queue, () => Effect.void, { workers })),
          `WorkQueue.consume: workers must be an integer >= 1, got ${workers}`
        )
      }
      assert.strictEqual(
        yield* defectOf(
          WorkQueue.consume(queue, () => Effect.void, { workers: 1, until: "empty" as "idle" })
        ),
        'WorkQueue.consume: until must be "shutdown" or "idle", got empty'
      )
    })
  )

  it.effect("join inside a handler dies: it would wait for itself", () =>
    Effect.gen(function* () {
      const queue = yield* filled([1, 2])
      assert.strictEqual(
        yield* defectOf(WorkQueue.consume(queue, () => WorkQueue.join(queue), { workers: 1 })),
        "WorkQueue.join: q/worker:1 handles an item of q, it would wait for itself"
      )
      // Through a scope, too, which runs it on a fiber of its own.
      const inScope = CancelScope.run(() => Effect.andThen(Effect.yieldNow, WorkQueue.join(queue)))
      assert.strictEqual(
        yield* defectOf(WorkQueue.consume(queue, () => inScope, { workers: 1 })),
        "WorkQueue.join: q/worker:1 handles an item of q, it would wait for itself"
      )
      // Another queue may be joined.
      const [first, second] = [yield* filled([1]), yield* filled([2])]
      const both = Effect.all(
        [
          WorkQueue.consume(first, () => WorkQueue.join(second), { workers: 1, until: "idle" }),
          WorkQueue.consume(second, () => Effect.yieldNow, { workers: 1, until: "idle" })
        ],
        { concurrency: 2 }
      )
      yield* both
    })
  )

  it.effect("until idle dies inside a handler, or what is producing: the queue would never be idle", () =>
    Effect.gen(function* () {
      const queue = yield* filled([1, 2])
      const idle = WorkQueue.consume(queue, () => Effect.void, { workers: 1, until: "idle" })
      assert.strictEqual(
        yield* defectOf(WorkQueue.consume(queue, () => idle, { workers: 1 })),
        'WorkQueue.consume, until: "idle": q/worker:1 handles an item of q, it would wait for itself'
      )
      const producing = yield* defectOf(WorkQueue.producing(queue, idle))
      assert.match(
        producing,
        /^WorkQueue.consume, until: "idle": fiber:\d+ is producing for q, it would wait for itself$/
      )
      // It does not wait for that once the queue is shut down, and helps.
      yield* WorkQueue.shutdown(queue)
      yield* WorkQueue.consume(queue, () => idle, { workers: 1 })
    })
  )

  it.effect("a handler that interrupts itself cancels its item, not the worker", () =>
    Effect.gen(function* () {
      for (const until of ["shutdown", "idle"] as const) {
        const queue = yield* filled([1, 2, 3, 4])
        if (until === "shutdown") yield* WorkQueue.shutdown(queue)
        const seen: Array<number> = []
        const handler = (n: number) =>
          Effect.andThen(
            Effect.sync(() => seen.push(n)),
            n % 2 === 1 ? Effect.interrupt : Effect.yieldNow
          )
        yield* WorkQueue.consume(queue, handler, { workers: 2, until })
        assert.deepStrictEqual(seen.toSorted(), [1, 2, 3, 4])
        assert.strictEqual((yield* WorkQueue.statistics(queue)).unfinished, 0)
      }
    })
  )

  it.effect("does not end with items left when its workers are cancelled", () =>
    Effect.gen(function* () {
      const queue = yield* filled([1, 2, 3])
      yield* WorkQueue.shutdown(queue)
      const seen: Array<number> = []
      const handler = (n: number) =>
        Effect.gen(function* () {
          seen.push(n)
          yield* Effect.forkDetach(Task.cancel(Option.getOrThrow(yield* Task.current)))
          yield* Effect.never
        })
      yield* WorkQueue.consume(queue, handler, { workers: 1 })
      assert.deepStrictEqual(seen, [1, 2, 3])
      yield* WorkQueue.join(queue)
    })
  )

  it.effect("a handler that waited for a fiber that somebody interrupted is a defect of the consumer", () =>
    Effect.gen(function* () {
      const queue = yield* filled([1, 2])
      const gone = yield* Effect.forkDetach(Effect.never)
      yield* Fiber.interrupt(gone)
      assert.include(
        yield* defectOf(WorkQueue.consume(queue, () => Fiber.join(gone), { workers: 1 })),
        "ended interrupted though nobody cancelled it"
      )
      assert.strictEqual(yield* WorkQueue.size(queue), 1)
    })
  )

  it.effect("done by hand inside a handler dies: its items are the consumer's", () =>
    Effect.gen(function* () {
      const queue = yield* filled([1])
      assert.include(
        yield* defectOf(WorkQueue.consume(queue, () => WorkQueue.done(queue), { workers: 1 })),
        "WorkQueue.done"
      )
    })
  )

  for (const onFailure of [undefined, () => Effect.void]) {
    const policy = onFailure === undefined ? "" : ", with onFailure"
    it.effect(
      `cancelled anywhere, every item has been begun by a handler or is queued, in order${policy}`,
      () =>
        InterruptSweep.run({
          setup: Effect.gen(function* () {
            const queue = yield* WorkQueue.bounded<number>(1, { name: "q" })
            yield* Effect.forkDetach(WorkQueue.offerAll(queue, [1, 2, 3, 4]))
            return { queue, begun: [] as Array<number> }
          }),
          subject: ({ begun, queue }) => {
            const handler = (n: number) =>
              Effect.suspend(() => {
                begun.push(n)
                return Effect.yieldNow
              })
            return onFailure === undefined
              ? WorkQueue.consume(queue, handler, { workers: 2 })
              : WorkQueue.consume(queue, handler, { workers: 2, onFailure })
          },
          check: ({ begun, queue }) =>
            Effect.gen(function* () {
              const left: Array<number> = []
              while (begun.length + left.length < 4) left.push(yield* WorkQueue.take(queue))
              assert.deepStrictEqual(left, left.toSorted())
              assert.deepStrictEqual([...begun, ...left].toSorted(), [1, 2, 3, 4])
              for (const _ of left) yield* WorkQueue.done(queue)
              yield* WorkQueue.join(queue)
              assert.deepInclude(yield* WorkQueue.statistics(queue), {
                taking: [],
                offering: [],
                unfinished: 0
              })
            })
        })
    )
  }

  it.effect("a worker that gives way has begun its item: one interrupted there loses none", () =>
    Effect.gen(function* () {
      for (let budget = 2; budget < 40; budget++) {
        const queue = yield* filled([1, 2, 3])
        const begun: Array<number> = []
        const consumer = yield* WorkQueue.consume(queue, (n) => Effect.sync(() => begun.push(n)), {
          workers: 1,
          onFailure: () => Effect.void
        }).pipe(
          Effect.provideService(Scheduler.MaxOpsBeforeYield, budget),
          Effect.forkChild({ startImmediately: true })
        )
        yield* Fiber.interrupt(consumer)
        while ((yield* WorkQueue.size(queue)) > 0) begun.push(yield* WorkQueue.take(queue))
        assert.deepStrictEqual(begun, [1, 2, 3])
      }
    })
  )
})
