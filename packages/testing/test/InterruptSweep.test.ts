import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Latch, Queue, Ref, Semaphore } from "effect"
import { TestClock } from "effect/testing"
import { InterruptSweep } from "@skein/testing"
import { it as skein } from "@skein/testing/vitest"
import { give, makeShelf, take } from "./fixtures/handOver.ts"

const failureOf = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<E, A> => Effect.flip(effect)

/** Takes the permit and hands it back in steps that an interruption can come between. */
const naive = (permits: Ref.Ref<number>) =>
  Effect.gen(function* () {
    yield* Ref.update(permits, (n) => n - 1)
    yield* Effect.yieldNow
    yield* Ref.update(permits, (n) => n + 1)
  })

const allPermits = (permits: Ref.Ref<number>) =>
  Effect.flatMap(Ref.get(permits), (n) => (n === 1 ? Effect.void : Effect.fail(`permits: ${n}`)))

describe("InterruptSweep", () => {
  describe("run", () => {
    it.effect("finds the permit that a naive semaphore loses, at the first operation that holds it", () =>
      Effect.gen(function* () {
        const failure = yield* failureOf(
          InterruptSweep.run({ setup: Ref.make(1), subject: naive, check: allPermits })
        )
        assert.strictEqual(failure._tag, "InterruptSweepFailure")
        assert.isTrue(Exit.hasInterrupts(failure.exit))
        assert.match(failure.where ?? "", /InterruptSweep\.test\.ts:\d+:\d+ {2}yield\* Effect\.yieldNow/)
        assert.deepStrictEqual(
          failure.cause.reasons.map((reason) => (Cause.isFailReason(reason) ? reason.error : reason)),
          ["permits: 0"]
        )
      })
    )

    it.effect("passes the same steps under acquireUseRelease, and counts the points", () =>
      Effect.gen(function* () {
        const report = yield* InterruptSweep.run({
          setup: Ref.make(1),
          subject: (permits) =>
            Effect.acquireUseRelease(
              Ref.update(permits, (n) => n - 1),
              () => Effect.yieldNow,
              () => Ref.update(permits, (n) => n + 1)
            ),
          check: allPermits
        })
        assert.isAbove(report.operations, 5)
      })
    )

    it.effect("interrupts a subject that never ends by itself where it waits, and stops there", () =>
      Effect.gen(function* () {
        const exits: Array<boolean> = []
        yield* InterruptSweep.run({
          setup: Latch.make(),
          subject: (latch) => latch.await,
          check: (_, exit) => Effect.sync(() => void exits.push(Exit.hasInterrupts(exit)))
        })
        assert.isAbove(exits.length, 1)
        assert.isTrue(exits.every((interrupted) => interrupted))
      })
    )

    it.effect("interrupts while suspended, before whoever wakes the subject", () =>
      Effect.gen(function* () {
        let cleaned = 0
        yield* InterruptSweep.run({
          setup: Effect.sync(() => void (cleaned = 0)),
          subject: () => Effect.callback<void>(() => Effect.sync(() => void cleaned++)),
          check: () => Effect.void
        })
        assert.strictEqual(cleaned, 1)
      })
    )

    it.effect(
      "lets sleeps pass by themselves, also those of the check, and answers to TestClock.adjust",
      () =>
        Effect.gen(function* () {
          let completed = 0
          yield* InterruptSweep.run({
            setup: Effect.gen(function* () {
              const done = yield* Deferred.make<void>()
              yield* Effect.forkDetach(Effect.delay(Deferred.succeed(done, undefined), "1 hour"))
              return done
            }),
            subject: (done) =>
              Effect.gen(function* () {
                const waiter = yield* Effect.forkChild(Deferred.await(done))
                yield* TestClock.adjust("1 minute")
                yield* Fiber.join(waiter)
                yield* Effect.sleep("1 day")
              }),
            check: (done, exit) =>
              Effect.gen(function* () {
                if (Exit.isSuccess(exit)) completed++
                yield* Deferred.await(done).pipe(Effect.timeout("2 hours"))
              })
          })
          assert.isAbove(completed, 0)
        })
    )

    it.effect("does not lose what a resumed fiber was handed: Queue.take is passed", () =>
      Effect.gen(function* () {
        const report = yield* InterruptSweep.run({
          setup: Effect.gen(function* () {
            const queue = yield* Queue.unbounded<number>()
            const taken = yield* Ref.make<ReadonlyArray<number>>([])
            yield* Effect.forkDetach(Effect.andThen(Effect.yieldNow, Queue.offerAll(queue, [1, 2])))
            return { queue, taken }
          }),
          subject: ({ queue, taken }) =>
            Effect.uninterruptibleMask((restore) =>
              Effect.flatMap(restore(Queue.take(queue)), (n) => Ref.update(taken, (all) => [...all, n]))
            ),
          check: ({ queue, taken }) =>
            Effect.gen(function* () {
              yield* Effect.sleep("1 second")
              const left = yield* Queue.size(queue)
              const got = yield* Ref.get(taken)
              assert.strictEqual(left + got.length, 2)
            })
        })
        assert.isAbove(report.operations, 3)
      })
    )

    it.effect("does not come between a resumption and what is handed over by it", () =>
      Effect.gen(function* () {
        const exits: Array<boolean> = []
        yield* InterruptSweep.run({
          setup: Effect.gen(function* () {
            const shelf = makeShelf()
            yield* Effect.forkDetach(Effect.andThen(Effect.yieldNow, give(shelf)))
            return shelf
          }),
          subject: take,
          check: (shelf, exit) =>
            Effect.gen(function* () {
              yield* Effect.sleep("1 second")
              exits.push(Exit.isSuccess(exit))
              assert.strictEqual(shelf.items, Exit.isSuccess(exit) ? 0 : 1)
            })
        })
        assert.isTrue(exits.includes(true) && exits.includes(false))
      })
    )

    it.effect("reaches the operations of fibers below the subject", () =>
      Effect.gen(function* () {
        const failure = yield* failureOf(
          InterruptSweep.run({
            setup: Ref.make(1),
            subject: (permits) => Effect.forkChild(naive(permits)).pipe(Effect.flatMap(Fiber.join)),
            check: allPermits
          })
        )
        assert.isAbove(failure.at, 3)
      })
    )

    it.effect("reports a subject that does not end although interrupted", () =>
      Effect.gen(function* () {
        const failure = yield* failureOf(
          InterruptSweep.run({
            setup: Effect.void,
            subject: () => Effect.uninterruptible(Effect.never),
            check: () => Effect.void
          })
        )
        assert.include(failure.message, "does not end")
      })
    )

    it.effect("reports a check that waits for ever instead of waiting with it", () =>
      Effect.gen(function* () {
        const failure = yield* failureOf(
          InterruptSweep.run({
            setup: Semaphore.make(1),
            subject: (semaphore) => Effect.andThen(semaphore.take(1), semaphore.release(1)),
            check: (semaphore) => Effect.asVoid(semaphore.take(1))
          })
        )
        assert.include(failure.message, "check does not end")
      })
    )

    it.effect("refuses a subject that never stops running", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          InterruptSweep.run({
            setup: Effect.void,
            subject: () => Effect.forever(Effect.yieldNow),
            check: () => Effect.void,
            maxOperations: 50
          })
        )
        assert.isTrue(Exit.hasDies(exit))
      })
    )

    it.effect("refuses it soon, not after as many runs as it may take operations", () =>
      Effect.gen(function* () {
        let runs = 0
        yield* Effect.exit(
          InterruptSweep.run({
            setup: Effect.sync(() => void runs++),
            subject: () => Effect.forever(Effect.yieldNow),
            check: () => Effect.void
          })
        )
        assert.isBelow(runs, 150)
      })
    )

    it.effect("points at the subject where no generator shows a line", () =>
      Effect.gen(function* () {
        const failure = yield* failureOf(
          InterruptSweep.run({
            setup: Ref.make(1),
            subject: (permits) =>
              Ref.update(permits, (n) => n - 1).pipe(
                Effect.andThen(Effect.yieldNow),
                Effect.andThen(Ref.update(permits, (n) => n + 1))
              ),
            check: allPermits
          })
        )
        assert.match(failure.message, /^interrupted at operation \d+, at .*InterruptSweep\.test\.ts:\d+/)
        assert.match(failure.message, /subject ended with:\n {2}interruption$/)
      })
    )

    it.effect("says so when what fails is the run that nobody interrupts", () =>
      Effect.gen(function* () {
        const failure = yield* failureOf(
          InterruptSweep.run({
            setup: Effect.void,
            subject: () => Effect.fail("refused"),
            check: (_, exit) => (Exit.hasFails(exit) ? Effect.fail("failed") : Effect.void)
          })
        )
        assert.match(failure.message, /^without an interruption\nthe check failed:[^]*refused/)
      })
    )

    it.effect("dies of what is no setup, subject, check or number, and names it", () =>
      Effect.gen(function* () {
        const fine = { setup: Effect.void, subject: () => Effect.void, check: () => Effect.void }
        const wrong = {
          "setup must be an Effect, got a function": { setup: () => Effect.void },
          "subject must be a function, got an Effect": { subject: Effect.void },
          "what subject returns must be an Effect, got undefined": { subject: () => {} },
          "check must be a function, got undefined": { check: undefined },
          "maxOperations must be an integer >= 1, got NaN": { maxOperations: Number.NaN }
        }
        for (const [message, options] of Object.entries(wrong)) {
          const sweep = InterruptSweep.run({ ...fine, ...options } as never) as Effect.Effect<
            unknown,
            unknown
          >
          const exit = yield* Effect.exit(sweep)
          const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
          assert.strictEqual((defect as Error).message, `InterruptSweep.run: ${message}`)
        }
      })
    )

    it.effect("waits for a promise from outside", () =>
      Effect.gen(function* () {
        const exits: Array<boolean> = []
        yield* InterruptSweep.run({
          setup: Effect.void,
          subject: () => Effect.promise(() => Promise.resolve(1)),
          check: (_, exit) => Effect.sync(() => void exits.push(Exit.isSuccess(exit)))
        })
        assert.isTrue(exits.at(-1))
      })
    )

    it.effect("tears down after each run, also after a failing check", () =>
      Effect.gen(function* () {
        let open = 0
        yield* failureOf(
          InterruptSweep.run({
            setup: Effect.sync(() => void open++),
            subject: () => Effect.yieldNow,
            check: () => Effect.fail("always"),
            teardown: () => Effect.sync(() => void open--)
          })
        )
        assert.strictEqual(open, 0)
      })
    )
  })

  skein.sweep("it.sweep registers a test", {
    setup: Semaphore.make(2),
    subject: (semaphore) => semaphore.withPermits(2)(Effect.sleep("1 second")),
    check: (semaphore) => semaphore.withPermits(2)(Effect.void)
  })

  skein.sweep.runIf(true)("it.sweep.runIf registers a test where it holds", {
    setup: Ref.make(1),
    subject: () => Effect.yieldNow,
    check: allPermits
  })
})
