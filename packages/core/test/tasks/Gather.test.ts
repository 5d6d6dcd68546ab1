import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Logger, Option, Ref, Stream } from "effect"
import { TestClock } from "effect/testing"

import { Gather, Task, TaskGroup } from "../../src/index.ts"
import { interrupted } from "./fixtures.ts"

const after =
  (millis: number) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.andThen(Effect.sleep(millis), effect)

/** Runs beside the clock, which goes on until it is done. */
const ticking = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    for (let i = 0; i < 100 && fiber.pollUnsafe() === undefined; i++) yield* TestClock.adjust(10)
    return yield* Fiber.await(fiber)
  })

const dies = (exit: Exit.Exit<unknown, unknown>): unknown =>
  exit._tag === "Failure" ? exit.cause.reasons.find((reason) => reason._tag === "Die")?.defect : undefined
const failsOf = (exit: Exit.Exit<unknown, unknown>) =>
  exit._tag === "Failure" ? exit.cause.reasons.flatMap((r) => (r._tag === "Fail" ? [r.error] : [])) : []

describe("Gather", () => {
  describe("all", () => {
    it.effect("keeps the shape and the order of tuples, records and iterables", () =>
      Effect.gen(function* () {
        const slow = after(20)(Effect.succeed("slow"))
        const fast = Effect.succeed("fast")
        assert.deepStrictEqual(yield* ticking(Gather.all([slow, fast])), Exit.succeed(["slow", "fast"]))
        assert.deepStrictEqual(
          yield* ticking(Gather.all({ a: slow, b: fast })),
          Exit.succeed({ a: "slow", b: "fast" })
        )
        assert.deepStrictEqual(
          yield* ticking(Gather.all(new Set([slow, fast]))),
          Exit.succeed(["slow", "fast"])
        )
        assert.deepStrictEqual(yield* Gather.all([]), [])
        assert.deepStrictEqual(yield* Gather.all({}), {})
      })
    )

    it.effect("cancels and awaits the others at the first failure", () =>
      Effect.gen(function* () {
        const gone = yield* Ref.make<ReadonlyArray<string>>([])
        const sibling = Effect.onInterrupt(Effect.never, () =>
          after(5)(Ref.update(gone, (all) => [...all, "sibling"]))
        )
        const exit = yield* ticking(
          Effect.onExit(Gather.all([after(5)(Effect.fail("first")), sibling]), () =>
            Ref.update(gone, (all) => [...all, "seen"])
          )
        )
        assert.deepStrictEqual(failsOf(exit), ["first"])
        assert.deepStrictEqual(yield* Ref.get(gone), ["sibling", "seen"])
      })
    )

    it.effect("never starts what the limit held back when one fails", () =>
      Effect.gen(function* () {
        let started = 0
        const one = Effect.sync(() => void started++)
        const exit = yield* Effect.exit(Gather.all([one, Effect.fail("no"), one, one], { concurrency: 1 }))
        assert.deepStrictEqual([failsOf(exit), started], [["no"], 1])
      })
    )

    it.effect("dies with TaskCancelled when somebody else interrupted an effect", () =>
      Effect.gen(function* () {
        const foreign = yield* Effect.forkDetach(Effect.never)
        const exit = yield* Effect.exit(
          Gather.all([Fiber.join(foreign), Effect.andThen(Effect.yieldNow, Fiber.interrupt(foreign))], {
            name: "mine"
          })
        )
        const defect = dies(exit)
        assert.instanceOf(defect, Task.TaskCancelled)
        assert.strictEqual((defect as Task.TaskCancelled).task, "mine/0")
      })
    )

    it.effect("interrupted from outside, cancels and awaits all and keeps a failing cleanup", () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(
          Gather.all([Effect.ensuring(Effect.never, Effect.die("cleanup")), Effect.never])
        )
        yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        const exit = yield* Fiber.await(fiber)
        assert.strictEqual(dies(exit), "cleanup")
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause))
      })
    )

    it.effect("dies at once on a concurrency of zero and on what is no effect", () =>
      Effect.gen(function* () {
        const zero = yield* Effect.exit(Gather.all([Effect.void], { concurrency: 0 }))
        assert.match(
          String(dies(zero)),
          /Gather\.all: concurrency must be an integer or Infinity >= 1, got 0/
        )
        const wrong = yield* Effect.exit(Gather.all([1 as never]))
        assert.match(String(dies(wrong)), /Gather\.all: element 0 must be an effect, got 1/)
      })
    )

    it.effect("a fork inside goes to the caller's group", () =>
      Effect.gen(function* () {
        const [size, inner] = yield* TaskGroup.run(
          Effect.gen(function* () {
            const [task] = yield* Gather.all([TaskGroup.fork(Effect.never, { name: "left" })])
            const answer = [yield* TaskGroup.size(), task!.path] as const
            yield* TaskGroup.cancel()
            return answer
          }),
          { name: "owner" }
        )
        assert.deepStrictEqual([size, inner], [1, "owner/left"])
      })
    )
  })

  describe("settled", () => {
    it.effect("gives an exit of each: success, failure, defect, interruption", () =>
      Effect.gen(function* () {
        const exits = yield* Gather.settled([
          Effect.succeed(1),
          Effect.fail("e"),
          Effect.die("d"),
          Effect.interrupt
        ])
        assert.deepStrictEqual(exits.slice(0, 3), [Exit.succeed(1), Exit.fail("e"), Exit.die("d")] as never)
        assert.isTrue(Exit.isFailure(exits[3]!) && Cause.hasInterruptsOnly(exits[3].cause))
        assert.deepStrictEqual(yield* Gather.settled({ a: Effect.fail("e") }), { a: Exit.fail("e") })
      })
    )

    it.effect("does not absorb its owner's interruption", () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(Gather.settled([Effect.never]))
        yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        const exit = yield* Fiber.await(fiber)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      })
    )
  })

  describe("race", () => {
    it.effect("is decided by the first exit, well or badly", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(
          yield* ticking(Gather.race([after(20)(Effect.succeed("b")), after(10)(Effect.succeed("a"))])),
          Exit.succeed("a")
        )
        const bad = yield* ticking(Gather.race([after(20)(Effect.succeed("b")), after(10)(Effect.fail("a"))]))
        assert.deepStrictEqual(failsOf(bad), ["a"])
      })
    )

    it.effect("a failing cleanup of a loser is not hidden by the winner's value", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          Gather.race([Effect.ensuring(Effect.never, Effect.die("cleanup")), Effect.succeed("won")])
        )
        assert.strictEqual(dies(exit), "cleanup")
      })
    )
  })

  describe("firstSuccess", () => {
    it.effect("lets a later success win over earlier failures, whatever the value", () =>
      Effect.gen(function* () {
        const exit = yield* ticking(
          Gather.firstSuccess([Effect.fail("a"), after(10)(Effect.succeed(undefined)), Effect.never])
        )
        assert.deepStrictEqual(exit, Exit.succeed(undefined))
      })
    )

    it.effect("fails with all failures in order of time when there is none", () =>
      Effect.gen(function* () {
        const exit = yield* ticking(
          Gather.firstSuccess([after(20)(Effect.fail("late")), Effect.fail("early")])
        )
        assert.deepStrictEqual(failsOf(exit), ["early", "late"])
      })
    )

    it.effect("ends at once on a defect", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(Gather.firstSuccess([Effect.never, Effect.die("broken")]))
        assert.strictEqual(dies(exit), "broken")
      })
    )
  })

  describe("quorum", () => {
    it.effect("gives the first n in order of completion", () =>
      Effect.gen(function* () {
        const exit = yield* ticking(
          Gather.quorum(
            [after(30)(Effect.succeed(3)), after(10)(Effect.succeed(1)), after(20)(Effect.succeed(2))],
            2
          )
        )
        assert.deepStrictEqual(exit, Exit.succeed([1, 2]))
      })
    )

    it.effect("fails as soon as n cannot be reached", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(Gather.quorum([Effect.fail("a"), Effect.fail("b"), Effect.never], 2))
        assert.deepStrictEqual(failsOf(exit), ["a", "b"])
      })
    )

    it.effect("dies when n is out of range", () =>
      Effect.gen(function* () {
        assert.match(
          String(dies(yield* Effect.exit(Gather.quorum([Effect.void], 2)))),
          /n must be at most 1, .* got 2/
        )
        assert.match(
          String(dies(yield* Effect.exit(Gather.quorum([Effect.void], 0)))),
          /n must be an integer >= 1, got 0/
        )
      })
    )
  })

  describe("firstMatching", () => {
    it.effect("gives the first success that satisfies, None when none does", () =>
      Effect.gen(function* () {
        const effects = [Effect.succeed(1), after(10)(Effect.succeed(4)), Effect.never]
        assert.deepStrictEqual(
          yield* ticking(Gather.firstMatching(effects, (n) => n > 3)),
          Exit.succeed(Option.some(4))
        )
        assert.deepStrictEqual(yield* Gather.firstMatching([Effect.succeed(1)], (n) => n > 3), Option.none())
      })
    )

    it.effect("fails at the first failure, dies where the predicate throws", () =>
      Effect.gen(function* () {
        const failed = yield* Effect.exit(Gather.firstMatching([Effect.never, Effect.fail("no")], () => true))
        assert.deepStrictEqual(failsOf(failed), ["no"])
        const thrown = yield* Effect.exit(
          Gather.firstMatching([Effect.succeed(1)], () => {
            throw "predicate"
          })
        )
        assert.strictEqual(dies(thrown), "predicate")
      })
    )
  })

  describe("empty input", () => {
    it.effect("dies where there is no empty answer", () =>
      Effect.gen(function* () {
        const none: ReadonlyArray<Effect.Effect<number>> = []
        const operations: ReadonlyArray<Effect.Effect<unknown>> = [
          Gather.race(none),
          Gather.firstSuccess(none),
          Gather.quorum(none, 1),
          Gather.firstMatching(none, () => true),
          Stream.runCollect(Gather.asCompleted(none))
        ]
        for (const operation of operations) {
          assert.match(
            String(dies(yield* Effect.exit(operation))),
            /effects must hold at least one effect, got none/
          )
        }
      })
    )
  })

  describe("asCompleted", () => {
    it.effect("gives the values in order of completion", () =>
      Effect.gen(function* () {
        const stream = Gather.asCompleted([after(20)(Effect.succeed("b")), after(10)(Effect.succeed("a"))])
        assert.deepStrictEqual(yield* ticking(Stream.runCollect(stream)), Exit.succeed(["a", "b"]))
      })
    )

    it.effect("cancels and awaits the rest when the consumer stops", () =>
      Effect.gen(function* () {
        const released = yield* Deferred.make<void>()
        const rest = Effect.onInterrupt(Effect.never, () => Deferred.succeed(released, undefined))
        const first = yield* Stream.runHead(Gather.asCompleted([Effect.succeed(1), rest]))
        assert.deepStrictEqual(first, Option.some(1))
        assert.isTrue(yield* Deferred.isDone(released))
      })
    )

    it.effect("fails at the first failure, after what came before it", () =>
      Effect.gen(function* () {
        const seen: Array<number> = []
        const stream = Gather.asCompleted([Effect.succeed(1), after(10)(Effect.fail("no")), Effect.never])
        const exit = yield* ticking(Stream.runForEach(stream, (n) => Effect.sync(() => seen.push(n))))
        assert.deepStrictEqual([seen, failsOf(exit)], [[1], ["no"]])
      })
    )

    it.effect("a cleanup that dies after an early end is not lost", () =>
      Effect.gen(function* () {
        const rest = Effect.onInterrupt(Effect.never, () => Effect.die("cleanup"))
        const first = Stream.runHead(Gather.asCompleted([Effect.succeed(1), rest]))
        assert.strictEqual(dies(yield* Effect.exit(first)), "cleanup")
        const consumer = Stream.runDrain(Gather.asCompleted([rest]))
        assert.strictEqual(dies(yield* interrupted(consumer)), "cleanup")
      })
    )

    it.effect(
      "a failure that nobody read before an early end is not lost: a defect dies, an error is logged",
      () =>
        Effect.gen(function* () {
          const logged: Array<unknown> = []
          const logger = Logger.make(({ cause, logLevel, message }) => {
            logged.push(logLevel, message, Cause.squash(cause))
          })
          // The second effect ends while the consumer is busy with the first one's value.
          const first = (second: Effect.Effect<number, string>) =>
            Gather.asCompleted([Effect.succeed(1), after(0)(second)], { name: "pages" }).pipe(
              Stream.tap(() => TestClock.adjust(1)),
              Stream.runHead,
              Effect.exit,
              Effect.provide(Logger.layer([logger]))
            )
          assert.strictEqual(dies(yield* first(Effect.die("lost"))), "lost")
          assert.deepStrictEqual(yield* first(Effect.fail("lost")), Exit.succeed(Option.some(1)))
          const message = "pages: a failure that nobody read before the stream was ended"
          assert.deepStrictEqual(logged, ["Warn", [message], "lost"])
          // Being cancelled when the consumer ends, and already failed.
          const slow = Effect.onInterrupt(Effect.never, () => Effect.sleep(50))
          const three = Gather.asCompleted([Effect.succeed(1), after(0)(Effect.fail("lost")), slow])
          const head = three.pipe(
            Stream.tap(() => TestClock.adjust(1)),
            Stream.runHead
          )
          yield* ticking(Effect.provide(head, Logger.layer([logger])))
          assert.strictEqual(logged.length, 6)
          // What was read is not logged, too.
          const read = Stream.runDrain(Gather.asCompleted([Effect.succeed(1), Effect.fail("read")]))
          yield* Effect.exit(Effect.provide(read, Logger.layer([logger])))
          yield* Effect.exit(
            Effect.provide(Stream.runDrain(Gather.asCompleted([Effect.die("read")])), Logger.layer([logger]))
          )
          assert.strictEqual(logged.length, 6)
        })
    )

    it.effect("dies where an effect fails with the end of streams, which is no failure there", () =>
      Effect.gen(function* () {
        const all = Stream.runCollect(Gather.asCompleted([Effect.succeed(1), Effect.fail(Cause.Done())]))
        assert.match(
          String(dies(yield* Effect.exit(all))),
          /Gather\.asCompleted: an effect failed with Cause\.Done/
        )
      })
    )
  })

  describe("map", () => {
    it.effect("runs at most so many at once, results in input order", () =>
      Effect.gen(function* () {
        let running = 0
        let most = 0
        const f = (n: number, i: number) =>
          Effect.sync(() => void (most = Math.max(most, ++running))).pipe(
            Effect.andThen(Effect.sleep(50 - n)),
            Effect.andThen(Effect.sync(() => (running--, [n, i])))
          )
        const exit = yield* ticking(Gather.map([10, 20, 30, 40], f, { concurrency: 2 }))
        assert.deepStrictEqual(
          exit,
          Exit.succeed([
            [10, 0],
            [20, 1],
            [30, 2],
            [40, 3]
          ])
        )
        assert.deepStrictEqual([most, running], [2, 0])
      })
    )

    it.effect("of nothing is nothing, and calls nothing", () =>
      Effect.map(
        Gather.map([] as Array<number>, () => Effect.die("called")),
        (values) => assert.deepStrictEqual(values, [])
      )
    )

    it.effect("ten thousand synchronous effects neither nest nor overflow", () =>
      Effect.map(
        Gather.map(
          Array.from({ length: 10_000 }, (_, i) => i),
          (n) => Effect.succeed(n),
          { concurrency: 3 }
        ),
        (values) => assert.strictEqual(values.length, 10_000)
      )
    )
  })
})
