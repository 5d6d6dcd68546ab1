import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Context, Effect, Exit, Fiber, Option } from "effect"

import { CancelScope } from "../../src/index.ts"
import { BlockedClock } from "./fixtures.ts"

// On the scheduler of `it.effect`, all operations of the work run within the limit. No real time passes here.
const onEffectsScheduler = it.live

const tagOf = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit) ? (Cause.squash(exit.cause) as { readonly _tag?: string })._tag : undefined

class Missing extends Context.Service<Missing, number>()("test/Missing") {}

/** How it ends when it has run for a while, and then 5 ms pass. */
const afterTime = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<Exit.Exit<A, E>> =>
  Effect.gen(function* () {
    const clock = new BlockedClock()
    const fiber = yield* Effect.forkChild(Effect.provideService(effect, Clock.Clock, clock))
    yield* Effect.yieldNow
    clock.late(5)
    clock.catchUp()
    return yield* Fiber.await(fiber)
  })

/** Longer than any machine takes. */
const long = "1 hour"

/** Effects of operations that cannot suspend, and of such as can, by what follows first. */
const works: Record<string, () => Effect.Effect<unknown, unknown>> = {
  "a generator": () =>
    Effect.gen(function* () {
      const one = yield* Effect.sync(() => 1)
      const two = yield* Effect.suspend(() => Effect.succeed(2))
      return one + two
    }),
  "a suspended value": () => Effect.suspend(() => Effect.succeed(1)),
  "a chain": () =>
    Effect.sync(() => 1).pipe(
      Effect.map((n) => n + 1),
      Effect.flatMap((n) => Effect.sync(() => n * 10)),
      Effect.tap(() => Effect.void),
      Effect.as("end")
    ),
  "a failure": () => Effect.suspend(() => Effect.fail("no")),
  "a failure in a generator": () =>
    Effect.gen(function* () {
      yield* Effect.sync(() => 1)
      return yield* Effect.fail("no")
    }),
  "a failure that is caught": () =>
    Effect.catch(
      Effect.flatMap(
        Effect.sync(() => 1),
        () => Effect.fail("no")
      ),
      (error) => Effect.sync(() => `caught ${error}`)
    ),
  "a matched exit": () =>
    Effect.matchEffect(
      Effect.suspend(() => Effect.fail("no")),
      { onFailure: () => Effect.succeed("failure"), onSuccess: () => Effect.succeed("success") }
    ),
  "a defect": () =>
    Effect.sync(() => {
      throw new Error("defect")
    }),
  "a defect in a continuation": () =>
    Effect.map(
      Effect.sync(() => 1),
      () => {
        throw new Error("defect")
      }
    ),
  "a defect that is caught": () =>
    Effect.catchCause(
      Effect.map(
        Effect.sync(() => 1),
        () => {
          throw new Error("defect")
        }
      ),
      () => Effect.sync(() => "caught")
    ),
  "an exit": () => Effect.suspend(() => Effect.exit(Effect.fail("no"))),
  "a yield": () =>
    Effect.andThen(
      Effect.sync(() => 1),
      Effect.as(Effect.yieldNow, 2)
    ),
  "a yield in a generator": () =>
    Effect.gen(function* () {
      let n = 0
      for (let i = 0; i < 3; i++) {
        n += yield* Effect.sync(() => 1)
        yield* Effect.yieldNow
      }
      return n
    }),
  "a failure after a yield, caught around it": () =>
    Effect.catch(
      Effect.andThen(
        Effect.sync(() => 1),
        Effect.andThen(Effect.yieldNow, Effect.fail("no"))
      ),
      (error) => Effect.succeed(error)
    ),
  cleanup: () =>
    Effect.ensuring(
      Effect.sync(() => 1),
      Effect.yieldNow
    ),
  "a long way": () => {
    let work: Effect.Effect<number> = Effect.sync(() => 0)
    for (let i = 0; i < 500; i++) work = Effect.flatMap(work, (n) => Effect.sync(() => n + 1))
    return work
  },
  "a service": () =>
    Effect.andThen(
      Effect.sync(() => 1),
      Effect.serviceOption(Missing)
    )
}

describe("CancelScope, of what is done at once", () => {
  for (const [name, work] of Object.entries(works)) {
    onEffectsScheduler(`${name} is the same under a limit in time`, () =>
      Effect.gen(function* () {
        const bare = yield* Effect.exit(work())
        assert.deepStrictEqual(yield* Effect.exit(CancelScope.failAfter(work(), long)), bare)
        assert.deepStrictEqual(
          yield* Effect.exit(CancelScope.failAfter(CancelScope.failAfter(work(), long), long)),
          bare
        )
        assert.deepStrictEqual(
          yield* Effect.exit(CancelScope.moveOnAfter(work(), long)),
          Exit.map(bare, Option.some) as never
        )
      })
    )
  }

  onEffectsScheduler("what comes after the limit is not taken for its work", () =>
    Effect.gen(function* () {
      const after = Effect.map(
        CancelScope.failAfter(
          Effect.suspend(() => Effect.succeed(1)),
          10
        ),
        () => {
          throw new Error("after")
        }
      )
      const exit = yield* Effect.exit(after)
      assert.ok(Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof Error)
      let runs = 0
      const once = CancelScope.failAfter(Effect.sync(() => 1).pipe(Effect.map((n) => n)), 10)
      yield* Effect.andThen(
        once,
        Effect.sync(() => runs++)
      )
      assert.strictEqual(runs, 1)
    })
  )

  onEffectsScheduler("what follows the first operations is under the deadline, and is cleaned up", () =>
    Effect.gen(function* () {
      let cleaned = 0
      let asked: Option.Option<unknown> = Option.none()
      const work = Effect.gen(function* () {
        yield* Effect.sync(() => 1)
        asked = yield* CancelScope.deadline
        yield* Effect.ensuring(
          Effect.never,
          Effect.sync(() => cleaned++)
        )
      })
      const exit = yield* afterTime(
        CancelScope.failAfter(
          Effect.catch(work, () => Effect.void),
          5
        )
      )
      assert.ok(Option.isSome(asked))
      assert.strictEqual(cleaned, 1)
      assert.strictEqual(tagOf(exit), "DeadlineExceeded")
      assert.isTrue(Option.isNone(yield* CancelScope.deadline))
    })
  )

  onEffectsScheduler("the deadline counts from before the first of them", () =>
    Effect.gen(function* () {
      const clock = new BlockedClock()
      const work = Effect.andThen(
        Effect.sync(() => clock.late(20)),
        Effect.never
      )
      const exit = yield* Effect.provideService(
        Effect.exit(CancelScope.failAfter(work, 10)),
        Clock.Clock,
        clock
      )
      assert.strictEqual(tagOf(exit), "DeadlineExceeded")
    })
  )

  onEffectsScheduler("who interrupts himself in it is interrupted, and unwinds", () =>
    Effect.gen(function* () {
      let cleaned = 0
      let after = 0
      const itself = Effect.sync(() => Fiber.getCurrent()!.interruptUnsafe())
      for (const work of [itself, Effect.andThen(itself, Effect.yieldNow), Effect.suspend(() => itself)]) {
        const fiber = yield* Effect.forkChild(
          Effect.ensuring(
            Effect.andThen(
              CancelScope.failAfter(work.pipe(Effect.map((n) => n)), 10),
              Effect.sync(() => after++)
            ),
            Effect.sync(() => cleaned++)
          )
        )
        assert.ok(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      }
      assert.deepStrictEqual([cleaned, after], [3, 0])
    })
  )

  onEffectsScheduler("who never ends does not keep the deadline from passing", () =>
    Effect.gen(function* () {
      const loop: Effect.Effect<never> = Effect.suspend(() => loop)
      assert.strictEqual(tagOf(yield* afterTime(CancelScope.failAfter(loop, 5))), "DeadlineExceeded")
    })
  )
})
