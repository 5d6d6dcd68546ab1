import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Duration, Effect, Exit, Fiber, Option } from "effect"

import { CancelScope } from "../../src/index.ts"
import { BlockedClock, ends, inCause } from "./fixtures.ts"

const exceeded = (scope: string | undefined, timeout: Duration.Input, waitingOn?: string) =>
  new CancelScope.DeadlineExceeded({
    scope,
    timeout: Duration.fromInputUnsafe(timeout),
    waitingOn
  })

describe("CancelScope", () => {
  describe("a thread that is blocked", () => {
    const blocking = (clock: BlockedClock, millis: number) => Effect.sync(() => clock.late(millis))

    it.effect(
      "beyond the deadline in the work's first step: the deadline holds where the work suspends",
      () =>
        Effect.gen(function* () {
          const clock = new BlockedClock()
          const work = (millis: number) => Effect.andThen(blocking(clock, millis), Effect.never)
          const limited = [
            Effect.exit(CancelScope.failAfter(work(20), 10)),
            Effect.exit(CancelScope.moveOnAfter(work(20), 10)),
            Effect.exit(CancelScope.run(() => work(20), { timeout: 10 })),
            Effect.exit(CancelScope.failAfter(Effect.ensuring(work(20), Effect.yieldNow), 10)),
            Effect.exit(CancelScope.moveOnAfter(CancelScope.moveOnAfter(work(20), 10), 5))
          ]
          const tags: Array<string> = []
          for (const effect of limited) {
            const exit = (yield* Effect.provideService(
              effect as Effect.Effect<Exit.Exit<any>>,
              Clock.Clock,
              clock
            )) as any
            tags.push(exit._tag === "Success" ? exit.value._tag : exit.cause.reasons[0].error._tag)
          }
          assert.deepStrictEqual(tags, ["DeadlineExceeded", "None", "Cancelled", "DeadlineExceeded", "None"])
        })
    )
    it.effect("beyond the deadline in a work that is done at once: the value wins", () =>
      Effect.gen(function* () {
        const clock = new BlockedClock()
        const value = Effect.as(blocking(clock, 20), 1)
        assert.strictEqual(
          yield* Effect.provideService(CancelScope.failAfter(value, 10), Clock.Clock, clock),
          1
        )
      })
    )
  })

  it.effect("a clock that stands still and lets nobody sleep: equal nested deadlines pass at once", () =>
    Effect.gen(function* () {
      class Stub extends BlockedClock {
        override sleep() {
          return Effect.void
        }
      }
      const exit = yield* Effect.never.pipe(
        CancelScope.failAfter("1 second"),
        CancelScope.failAfter("1 second"),
        Effect.exit,
        Effect.provideService(Clock.Clock, new Stub())
      )
      assert.deepStrictEqual(inCause(exit), ["Fail DeadlineExceeded"])
    })
  )

  describe("nested deadlines", () => {
    const nested = (outer: Duration.Input, inner: Duration.Input) =>
      ends(
        Effect.never.pipe(
          CancelScope.failAfter(inner, { name: "inner" }),
          Effect.catchTag("DeadlineExceeded", (error) => Effect.succeed(`inner: ${error.scope}`)),
          CancelScope.failAfter(outer, { name: "outer" }),
          Effect.catchTag("DeadlineExceeded", (error) => Effect.succeed(`outer: ${error.scope}`))
        )
      )

    it.effect("of two equal ones the outer converts", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* nested("5 seconds", "5 seconds"), {
          exit: Exit.succeed("outer: outer"),
          at: 5000
        })
      })
    )
    it.effect("of two 1 ms apart too", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* nested("5001 millis", "5000 millis"), {
          exit: Exit.succeed("outer: outer"),
          at: 5001
        })
      })
    )
    it.effect("2 ms apart the inner one is the earlier", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(
          (yield* nested("5002 millis", "5000 millis")).exit,
          Exit.succeed("inner: inner")
        )
      })
    )
    it.effect("a later inner one is never reached", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual((yield* nested("5 seconds", "6 seconds")).exit, Exit.succeed("outer: outer"))
      })
    )
    it.effect("an equal inner one converts after all when the outer one was moved", () =>
      Effect.gen(function* () {
        const { at, exit } = yield* ends(
          CancelScope.run(
            (scope) =>
              Effect.andThen(
                Effect.forkChild(
                  Effect.delay(CancelScope.reschedule(scope, { timeout: "30 seconds" }), "5 seconds")
                ),
                Effect.exit(CancelScope.failAfter(Effect.never, "5 seconds", { name: "inner" }))
              ),
            { timeout: "5001 millis" }
          )
        )
        assert.deepStrictEqual(
          exit,
          Exit.succeed({ _tag: "Completed", value: Exit.fail(exceeded("inner", "5 seconds")) })
        )
        assert.strictEqual(at, 5002)
      })
    )
  })

  describe("deadline, remaining", () => {
    const asked = Effect.all([CancelScope.deadline, CancelScope.remaining])
    const at = (millis: number) => Option.some(DateTime.makeUnsafe(millis))

    it.effect("are none and infinite outside of any scope", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* asked, [Option.none(), Duration.infinity])
      })
    )
    it.effect("are the earliest of all enclosing ones", () =>
      Effect.gen(function* () {
        const inner = asked.pipe(CancelScope.failAfter("9 seconds"), CancelScope.failAfter("5 seconds"))
        assert.deepStrictEqual(yield* inner, [at(5000), Duration.seconds(5)])
        const { exit } = yield* ends(
          asked.pipe(
            Effect.delay("2 seconds"),
            CancelScope.moveOnAfter("3 seconds"),
            CancelScope.failAfter("5 seconds")
          )
        )
        assert.deepStrictEqual(exit, Exit.succeed(Option.some([at(3000), Duration.seconds(1)])))
      })
    )
    it.effect("go as far as dates go", () =>
      Effect.gen(function* () {
        const far = yield* CancelScope.failAfter(CancelScope.deadline, Duration.millis(1e300))
        assert.deepStrictEqual(far, at(8.64e15))
        const past = yield* CancelScope.run(() => Effect.void, { timeout: Duration.negativeInfinity })
        assert.strictEqual(past._tag, "Cancelled")
      })
    )
    it.effect("are inherited by fibers forked inside", () =>
      Effect.gen(function* () {
        const forked = Effect.flatMap(Effect.forkChild(asked), Fiber.join)
        assert.deepStrictEqual(yield* CancelScope.failAfter(forked, "5 seconds"), [
          at(5000),
          Duration.seconds(5)
        ])
      })
    )
    it.effect("follow a reschedule", () =>
      Effect.gen(function* () {
        const outcome = yield* CancelScope.run(
          (scope) => Effect.andThen(CancelScope.reschedule(scope, { timeout: "7 seconds" }), asked),
          { timeout: "5 seconds" }
        )
        assert.deepStrictEqual(outcome, { _tag: "Completed", value: [at(7000), Duration.seconds(7)] })
      })
    )
    it.effect("are none in finalizers, whose own scopes count", () =>
      Effect.gen(function* () {
        const seen: Array<unknown> = []
        const note = Effect.map(asked, (both) => seen.push(both))
        const cleanup = Effect.all([
          note,
          Effect.orDie(CancelScope.failAfter(note, "3 seconds")),
          Effect.flatMap(Effect.forkChild(note), Fiber.join)
        ])
        yield* ends(
          Effect.never.pipe(
            Effect.ensuring(cleanup),
            CancelScope.failAfter("5 seconds"),
            CancelScope.moveOnAfter("6 seconds"),
            Effect.exit
          )
        )
        assert.deepStrictEqual(seen, [
          [Option.none(), Duration.infinity],
          [at(8000), Duration.seconds(3)],
          [Option.none(), Duration.infinity]
        ])
      })
    )
    it.effect("none of those around a finalizer reach in, when all goes well either", () =>
      Effect.gen(function* () {
        const seen: Array<unknown> = []
        const note = Effect.map(asked, (both) => seen.push(both))
        yield* Effect.void.pipe(
          Effect.ensuring(Effect.orDie(CancelScope.failAfter(note, "3 seconds"))),
          CancelScope.failAfter("1 second")
        )
        assert.deepStrictEqual(seen, [[at(3000), Duration.seconds(3)]])
      })
    )
    it.effect("a timeout inside of a finalizer works on its own", () =>
      Effect.gen(function* () {
        const seen: Array<unknown> = []
        const { at, exit } = yield* ends(
          Effect.never.pipe(
            Effect.ensuring(
              Effect.never.pipe(
                CancelScope.failAfter("1 second", { name: "cleanup" }),
                Effect.exit,
                Effect.map((exit) => seen.push(exit))
              )
            ),
            CancelScope.failAfter("5 seconds", { name: "work" })
          )
        )
        assert.deepStrictEqual(seen, [Exit.fail(exceeded("cleanup", "1 second"))])
        assert.deepStrictEqual(exit, Exit.fail(exceeded("work", "5 seconds")))
        assert.strictEqual(at, 6000)
      })
    )
  })
})
