import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Duration, Effect, Exit, Fiber, Latch, Queue, Random, Ref, Semaphore } from "effect"
import { Explore } from "@skein/testing"
import { it as skein } from "@skein/testing/vitest"
import { give, makeShelf, take } from "./fixtures/handOver.ts"

const problemOf = <A, E>(program: () => Effect.Effect<A, E>, options?: Explore.Options<A, E>) =>
  Effect.map(Effect.flip(Explore.run(program, options)), (failure) => failure.problem)

/** What it dies of, without the name of the operation. */
const defectOf = (effect: Effect.Effect<unknown, unknown>) =>
  Effect.map(Effect.exit(effect), (exit) =>
    Exit.isFailure(exit) ? (Cause.squash(exit.cause) as Error).message.replace(/^\S+: /, "") : "nothing"
  )

describe("Explore", () => {
  describe("run", () => {
    it.effect("reports how many schedules it tried and how many of them differ", () =>
      Effect.gen(function* () {
        const report = yield* Explore.run(() => Effect.void, { schedules: 20, strategy: "random" })
        assert.deepStrictEqual(report, { schedules: 20, distinct: 1, exhausted: false, interruptions: 0 })
      })
    )

    it.effect("tries different schedules, the same ones each time", () =>
      Effect.gen(function* () {
        const program = () =>
          Effect.forEach([1, 2, 3], () => Effect.yieldNow, { concurrency: "unbounded", discard: true })
        const first = yield* Explore.run(program, { schedules: 200 })
        const second = yield* Explore.run(program, { schedules: 200 })
        assert.isAbove(first.distinct, 10)
        assert.deepStrictEqual(first, second)
      })
    )

    it.effect("stops at the time limit", () =>
      Effect.gen(function* () {
        const report = yield* Explore.run(() => Effect.yieldNow, {
          schedules: 1_000_000_000,
          timeLimit: "30 millis"
        })
        assert.isBelow(report.schedules, 1_000_000_000)
      })
    )

    it.effect("lets accept judge the exit", () =>
      Effect.gen(function* () {
        yield* Explore.run(() => Effect.fail("expected"), { accept: Exit.isFailure, schedules: 5 })
        const problem = yield* problemOf(() => Effect.succeed(3), { accept: () => false })
        assert.deepStrictEqual(problem, { _tag: "Rejected", exit: Exit.succeed(3) })
      })
    )

    it.effect("lets virtual time jump, and gives the program a Random of its own", () =>
      Effect.gen(function* () {
        const drawn = new Set<number>()
        yield* Explore.run(
          () =>
            Effect.gen(function* () {
              yield* Effect.sleep("3 days")
              drawn.add(yield* Random.next)
            }),
          { schedules: 10 }
        )
        assert.strictEqual(drawn.size, 1)
      })
    )

    it.effect("fires timers of the same instant in any order", () =>
      Effect.gen(function* () {
        const orders = new Set<string>()
        yield* Explore.run(
          () =>
            Effect.gen(function* () {
              const order: Array<number> = []
              yield* Effect.forEach(
                [1, 2],
                (n) =>
                  Effect.delay(
                    Effect.sync(() => order.push(n)),
                    "1 second"
                  ),
                {
                  concurrency: 2
                }
              )
              orders.add(order.join())
            }),
          { schedules: 50 }
        )
        assert.deepStrictEqual([...orders].sort(), ["1,2", "2,1"])
      })
    )

    it.effect("finds a deadlock, and says who waits where", () =>
      Effect.gen(function* () {
        const problem = yield* problemOf(() =>
          Effect.gen(function* () {
            const latch = yield* Latch.make()
            yield* Explore.named(latch.await, "waiter")
          })
        )
        assert.strictEqual(problem._tag, "Deadlock")
        assert.match(
          problem._tag === "Deadlock" ? problem.waiting.join() : "",
          /waiter waits at .*Explore\.test\.ts:\d+/
        )
      })
    )

    it.effect("finds a livelock: fibers that take turns for ever", () =>
      Effect.gen(function* () {
        const problem = yield* problemOf(() => Effect.forever(Effect.yieldNow), { maxSteps: 500 })
        assert.deepStrictEqual(problem, { _tag: "Livelock", steps: 500 })
      })
    )

    it.effect("finds a livelock: a loop that never gives way", () =>
      Effect.gen(function* () {
        const problem = yield* problemOf(() => Effect.forever(Effect.void))
        assert.strictEqual(problem._tag, "Livelock")
      })
    )

    it.effect("finds a livelock: a clock that ticks while the program waits for ever", () =>
      Effect.gen(function* () {
        const problem = yield* problemOf(
          () =>
            Effect.gen(function* () {
              yield* Effect.forkChild(Effect.forever(Effect.sleep("1 second")))
              return yield* Effect.never
            }),
          { maxSteps: 500 }
        )
        assert.strictEqual(problem._tag, "Livelock")
      })
    )

    it.effect("finds a fiber that outlives the program, after what can still run did", () =>
      Effect.gen(function* () {
        yield* Explore.run(() => Effect.forkDetach(Effect.yieldNow), { schedules: 20 })
        const problem = yield* problemOf(() => Effect.forkDetach(Explore.named(Effect.never, "left behind")))
        assert.strictEqual(problem._tag, "Leak")
        assert.include(problem._tag === "Leak" ? problem.what.join() : "", "left behind")
      })
    )

    it.effect("interrupts the root and the named fibers, and lets such a run end interrupted", () =>
      Effect.gen(function* () {
        let interrupted = 0
        const program = () =>
          Effect.gen(function* () {
            const child = yield* Effect.forkChild(
              Explore.named(
                Effect.onInterrupt(Effect.sleep(1), () => Effect.sync(() => interrupted++)),
                "child"
              )
            )
            yield* Fiber.await(child)
          })
        const report = yield* Explore.run(program, { interrupts: true, strategy: "random" })
        assert.isAbove(report.interruptions, 100)
        assert.isAbove(interrupted, 10)
        yield* Explore.run(program)
      })
    )

    it.effect("interrupts nobody else, also not a fiber that runs inside one it hits", () =>
      Effect.gen(function* () {
        let others = 0
        const work = Effect.forEach([1, 2, 3], () => Effect.sync(() => 1))
        const program = () =>
          Effect.gen(function* () {
            const unnamed = Effect.onInterrupt(work, () => Effect.sync(() => others++))
            yield* Effect.forkDetach(unnamed, { startImmediately: true })
            const inside = Effect.andThen(Effect.forkDetach(unnamed, { startImmediately: true }), work)
            yield* Effect.forkDetach(Explore.named(inside, "target"), { startImmediately: true })
            yield* Effect.yieldNow
          })
        const report = yield* Explore.run(program, { interrupts: true, mode: "ops", schedules: 3_000 })
        assert.isAbove(report.interruptions, 100)
        assert.strictEqual(others, 0)
      })
    )

    it.effect("does not lose what a queue handed over, whenever it interrupts", () =>
      Effect.gen(function* () {
        for (const mode of ["resumes", "ops"] as const) {
          yield* Explore.run(
            () =>
              Effect.gen(function* () {
                const queue = yield* Queue.unbounded<number>()
                const taken = yield* Ref.make(0)
                const take = Effect.uninterruptibleMask((restore) =>
                  Effect.flatMap(restore(Queue.take(queue)), () => Ref.update(taken, (n) => n + 1))
                )
                const takers = yield* Effect.forEach(["a", "b"], (name) =>
                  Effect.forkChild(Explore.named(take, name))
                )
                yield* Queue.offerAll(queue, [1, 2])
                const exits = yield* Effect.forEach(takers, Fiber.await)
                const left = yield* Queue.size(queue)
                const got = yield* Ref.get(taken)
                assert.strictEqual(left + got, 2, JSON.stringify(exits))
              }),
            { interrupts: true, mode, schedules: 1_000 }
          )
        }
      })
    )

    it.effect("does not come between a resumption and what is handed over by it", () =>
      Effect.gen(function* () {
        const program = () =>
          Effect.gen(function* () {
            const shelf = makeShelf()
            const taker = yield* Effect.forkChild(Explore.named(take(shelf), "taker"))
            yield* Effect.yieldNow
            yield* give(shelf)
            yield* Fiber.interrupt(taker)
            const exit = yield* Fiber.await(taker)
            assert.strictEqual(shelf.items, Exit.isSuccess(exit) ? 0 : 1)
          })
        // Not in mode ops: there an interrupted taker may give way before its cleanup, and does lose the item.
        yield* Explore.run(program, { interrupts: true, schedules: 1_000 })
      })
    )

    it.effect("dies of options that make no sense, and of what is no program, and names them", () =>
      Effect.gen(function* () {
        const wrong = {
          "schedules must be an integer >= 1, got 0": { schedules: 0 },
          'seed must be one that a failure printed, got "nonsense"': { seed: "nonsense" },
          "seed must be one that a failure printed, got 5": { seed: 5 },
          'mode must be one of "resumes", "ops", got "op"': { mode: "op" },
          'strategy must be one of "random", "pct", "dfs", "mix", got "all"': { strategy: "all" },
          "accept must be a function, got true": { accept: true },
          'each of leaks must be one of "fibers", "held", "scopes", got "timers"': { leaks: ["timers"] },
          'timeLimit must be a duration, got "soon"': { timeLimit: "soon" }
        }
        for (const [message, options] of Object.entries(wrong)) {
          assert.strictEqual(yield* defectOf(Explore.run(() => Effect.void, options as never)), message)
        }
        assert.strictEqual(
          yield* defectOf(Explore.run(Effect.void as never, {})),
          "program must be a function that makes the program anew, got an Effect"
        )
        assert.strictEqual(
          yield* defectOf(Explore.run(() => Effect.void, { accept: (async () => false) as never })),
          "what accept returns must be true or false, got a promise"
        )
        assert.match(yield* defectOf(Explore.replay(() => Effect.void, undefined as never)), /got undefined/)
        assert.match(yield* defectOf(Explore.always(true as never)), /predicate must be a function, got true/)
        assert.match(yield* defectOf(Explore.named(Effect.void, "")), /name must be a non-empty string/)
        assert.match(yield* defectOf(Explore.choose([] as never)), /values must be a list of at least one/)
      })
    )
  })

  describe("what cannot be controlled fails fast, and names where", () => {
    const cases: ReadonlyArray<
      readonly [name: string, program: () => Effect.Effect<unknown>, where: RegExp]
    > = [
      [
        "a promise",
        () =>
          Effect.gen(function* () {
            yield* Effect.promise(() => Promise.resolve(1))
          }),
        /Explore\.test\.ts:\d+.*a promise/
      ],
      [
        // real time: that it is noticed is what this tests.
        "a real timer",
        () =>
          Effect.gen(function* () {
            yield* Effect.callback<void>((resume) => void setTimeout(() => resume(Effect.void), 1))
          }),
        /Explore\.test\.ts:\d+.*setTimeout/
      ],
      [
        "something that comes back by a microtask",
        () =>
          Effect.gen(function* () {
            yield* Effect.callback<void>((resume) => queueMicrotask(() => resume(Effect.void)))
          }),
        /Explore\.test\.ts:\d+.*from outside/
      ]
    ]
    for (const [name, program, where] of cases) {
      it.effect(name, () =>
        Effect.gen(function* () {
          const problem = yield* problemOf(program)
          assert.strictEqual(problem._tag, "Nondeterminism")
          assert.match(problem._tag === "Nondeterminism" ? problem.where : "", where)
        })
      )
    }

    it.effect("a thunk that shares state between runs", () =>
      Effect.gen(function* () {
        let runs = 0
        const counted = yield* problemOf(() =>
          Effect.forEach(Array.from({ length: ++runs }), () => Effect.yieldNow)
        )
        assert.strictEqual(counted._tag, "Nondeterminism")
        const failed = yield* problemOf(() => (++runs > 50 ? Effect.fail(runs) : Effect.void), {
          strategy: "random"
        })
        assert.strictEqual(failed._tag, "Nondeterminism")
      })
    )

    it.effect("a fiber of one run that is woken by another", () =>
      Effect.gen(function* () {
        const shared = Deferred.makeUnsafe<void>()
        let runs = 0
        const problem = yield* problemOf(() =>
          ++runs === 1
            ? Effect.asVoid(Effect.forkDetach(Deferred.await(shared)))
            : Effect.asVoid(Deferred.succeed(shared, undefined))
        )
        assert.strictEqual(problem._tag, "Nondeterminism")
        assert.match(problem._tag === "Nondeterminism" ? problem.where : "", /earlier run/)
      })
    )
  })

  describe("in an explored program", () => {
    it.effect("always is checked at every step, and after the last", () =>
      Effect.gen(function* () {
        const problem = yield* problemOf(() =>
          Effect.gen(function* () {
            let inside = 0
            yield* Explore.always(() => inside <= 1)
            const visit = Effect.gen(function* () {
              inside++
              yield* Effect.yieldNow
              inside--
            })
            yield* Effect.all([visit, visit], { concurrency: 2 })
          })
        )
        assert.strictEqual(problem._tag, "InvariantBroken")
        const last = yield* problemOf(() => {
          let done = false
          return Effect.andThen(
            Explore.always(() => assert.isFalse(done)),
            Effect.sync(() => void (done = true))
          )
        })
        assert.strictEqual(last._tag, "InvariantBroken")
      })
    )

    it.effect("always takes no Effect for a predicate that holds", () =>
      Effect.gen(function* () {
        const problem = yield* problemOf(() => Explore.always((() => Effect.fail("unseen")) as never))
        assert.strictEqual(problem._tag, "InvariantBroken")
      })
    )

    it.effect("choose takes every value", () =>
      Effect.gen(function* () {
        const chosen = new Set<string>()
        yield* Explore.run(() => Effect.map(Explore.choose(["a", "b", "c"]), (value) => chosen.add(value)))
        assert.deepStrictEqual([...chosen].sort(), ["a", "b", "c"])
      })
    )

    it.effect("waitAllBlocked goes on when all others are blocked, before time passes", () =>
      Explore.run(() =>
        Effect.gen(function* () {
          let steps = 0
          const worker = Effect.andThen(
            Effect.repeat(
              Effect.andThen(
                Effect.yieldNow,
                Effect.sync(() => steps++)
              ),
              { times: 4 }
            ),
            Effect.sleep("1 second")
          )
          const fiber = yield* Effect.forkChild(worker)
          yield* Explore.waitAllBlocked
          assert.strictEqual(steps, 5)
          assert.isUndefined(fiber.pollUnsafe())
          yield* Fiber.join(fiber)
        })
      ).pipe(Effect.asVoid)
    )

    it.effect("outside one: always and named do nothing, choose takes the first", () =>
      Effect.gen(function* () {
        yield* Explore.always(() => false)
        yield* Explore.waitAllBlocked
        assert.strictEqual(yield* Explore.choose([1, 2]).pipe(Explore.named("nobody")), 1)
      })
    )
  })

  describe("replay", () => {
    it.effect("takes the seed from SKEIN_SEED too", () =>
      Effect.gen(function* () {
        const program = () =>
          Effect.flatMap(Explore.choose([1, 2, 3]), (n) => (n === 3 ? Effect.fail(n) : Effect.void))
        const found = yield* Effect.flip(Explore.run(program))
        process.env.SKEIN_SEED = found.seed
        const again = yield* Effect.flip(Explore.run(program)).pipe(
          Effect.ensuring(Effect.sync(() => delete process.env.SKEIN_SEED))
        )
        assert.strictEqual(again.schedules, 1)
        assert.deepStrictEqual(again.trace, found.trace)
      })
    )

    it.effect("of a schedule that is right succeeds after one run", () =>
      Effect.gen(function* () {
        const report = yield* Explore.replay(() => Effect.void, "x1:r:")
        assert.strictEqual(report.schedules, 1)
      })
    )
  })

  const crossing = (between: Effect.Effect<void>) => () =>
    Effect.gen(function* () {
      const left = yield* Semaphore.make(1)
      const right = yield* Semaphore.make(1)
      const there = left.withPermits(1)(Effect.andThen(between, right.withPermits(1)(Effect.void)))
      const back = right.withPermits(1)(Effect.andThen(between, left.withPermits(1)(Effect.void)))
      yield* Effect.all([there, back], { concurrency: "unbounded" })
    })
  skein.explore.skipIf(false)(
    "it.explore.skipIf registers a test where it does not hold",
    crossing(Effect.void)
  )
  skein.explore.runIf(true)("it.explore.runIf registers a test where it holds", crossing(Effect.void))
  it.effect("finds two who take the same locks in opposite order and yield between", () =>
    Effect.map(problemOf(crossing(Effect.yieldNow)), ({ _tag }) => assert.strictEqual(_tag, "Deadlock"))
  )

  skein.explore("it.explore registers a test", () => Effect.sleep(Duration.seconds(1)), {
    schedules: 10,
    timeout: 5_000
  })
})
