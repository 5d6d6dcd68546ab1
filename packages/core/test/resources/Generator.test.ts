import { assert, describe, it } from "@effect/vitest"
import { it as testing } from "@skein/testing/vitest"
import { Cause, Context, Data, Effect, Exit, Fiber, Option, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"

import * as Generator from "../../src/resources/Generator.ts"

class Failed extends Data.TaggedError("Failed")<{ readonly where: string }> {}

const logged = () => {
  const log: Array<string> = []
  const note = (line: string) => Effect.sync(() => void log.push(line))
  return { log, note }
}

const reasons = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isSuccess(exit)
    ? []
    : exit.cause.reasons.map((reason) =>
        reason._tag === "Fail"
          ? `Fail ${(reason.error as Failed).where}`
          : reason._tag === "Die"
            ? `Die ${(reason.defect as Failed).where ?? (reason.defect as Error).message}`
            : "Interrupt"
      )

describe("Generator.make", () => {
  it.effect("gives what is emitted, in order", () =>
    Effect.gen(function* () {
      const stream = Generator.make(function* (emit) {
        for (let i = 0; i < 5; i++) yield* emit(i)
      })
      assert.deepStrictEqual(yield* Stream.runCollect(stream), [0, 1, 2, 3, 4])
      assert.deepStrictEqual(yield* Stream.runCollect(stream), [0, 1, 2, 3, 4])
    })
  )

  it.effect("does not start before it is asked, and does not run ahead", () =>
    Effect.gen(function* () {
      const { log, note } = logged()
      const stream = Generator.make(function* (emit) {
        for (let i = 0; i < 3; i++) {
          yield* note(`compute ${i}`)
          yield* emit(i)
          yield* note(`asked after ${i}`)
        }
      })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const pull = yield* Stream.toPull(stream)
          assert.deepStrictEqual(log, [])
          assert.deepStrictEqual(yield* pull, [0])
          yield* Effect.yieldNow
          assert.deepStrictEqual(log, ["compute 0"])
          assert.deepStrictEqual(yield* pull, [1])
          yield* Effect.yieldNow
          assert.deepStrictEqual(log, ["compute 0", "asked after 0", "compute 1"])
        })
      )
      assert.deepStrictEqual(log, ["compute 0", "asked after 0", "compute 1"])
    })
  )

  it.effect("a failure comes after the items before it, typed; finally blocks run first", () =>
    Effect.gen(function* () {
      const { log, note } = logged()
      const stream = Generator.make(function* (emit) {
        try {
          yield* emit(1)
          yield* new Failed({ where: "page 2" })
        } finally {
          yield* note("finally")
        }
      })
      const seen: Array<number> = []
      const exit = yield* Effect.exit(Stream.runForEach(stream, (n) => Effect.sync(() => seen.push(n))))
      assert.deepStrictEqual(exit, Exit.fail(new Failed({ where: "page 2" })))
      assert.deepStrictEqual(seen, [1])
      assert.deepStrictEqual(log, ["finally"])
    })
  )

  it.effect("a defect, thrown or died of, ends the stream with it", () =>
    Effect.gen(function* () {
      const thrown = Generator.make(function* (emit) {
        yield* emit(1)
        throw new Error("bug")
      })
      const died = Generator.make(function* (emit) {
        yield* emit(1)
        yield* Effect.die(new Error("bug"))
      })
      assert.deepStrictEqual(reasons(yield* Effect.exit(Stream.runDrain(thrown))), ["Die bug"])
      assert.deepStrictEqual(reasons(yield* Effect.exit(Stream.runDrain(died))), ["Die bug"])
    })
  )

  describe("when the consumer wants no more", () => {
    const source = (note: (line: string) => Effect.Effect<void>) =>
      Generator.make(function* (emit) {
        yield* Effect.acquireRelease(note("open"), () => note("release"))
        try {
          for (let i = 0; ; i++) yield* emit(i)
        } finally {
          yield* Effect.yieldNow
          yield* note("finally")
        }
      })

    it.effect("because it has enough: cleanup before the consumer goes on", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const items = yield* Stream.runCollect(Stream.take(source(note), 2))
        yield* note("after")
        assert.deepStrictEqual(items, [0, 1])
        assert.deepStrictEqual(log, ["open", "finally", "release", "after"])
      })
    )

    it.effect("because it failed", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const exit = yield* Effect.exit(
          Stream.runForEach(source(note), (i) =>
            i === 3 ? Effect.fail(new Failed({ where: "consumer" })) : Effect.void
          )
        )
        assert.deepStrictEqual(exit, Exit.fail(new Failed({ where: "consumer" })))
        assert.deepStrictEqual(log, ["open", "finally", "release"])
      })
    )

    it.effect("because it was interrupted in its own work", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const fiber = yield* Effect.forkChild(
          Stream.runForEach(source(note), () => Effect.never),
          { startImmediately: true }
        )
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(log, ["open", "finally", "release"])
        assert.deepStrictEqual(reasons(yield* Fiber.await(fiber)), ["Interrupt"])
      })
    )

    it.effect("because it was interrupted while the generator computes", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const stream = Generator.make(function* (emit) {
          try {
            yield* Effect.onInterrupt(Effect.never, () => note("computation interrupted"))
            yield* emit(1)
          } finally {
            yield* note("finally")
          }
        })
        const fiber = yield* Effect.forkChild(Stream.runDrain(stream), { startImmediately: true })
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(log, ["computation interrupted", "finally"])
      })
    )

    it.effect("a failing cleanup is a defect beside what the consumer failed with", () =>
      Effect.gen(function* () {
        const stream = Generator.make(function* (emit) {
          try {
            yield* emit(1)
          } finally {
            yield* new Failed({ where: "cleanup" })
          }
        })
        const exit = yield* Effect.exit(
          Stream.runForEach(stream, () => Effect.fail(new Failed({ where: "consumer" })))
        )
        assert.deepStrictEqual(
          reasons(exit).map((reason) => reason.slice(reason.indexOf(" ") + 1)),
          ["consumer", "cleanup"]
        )
        assert.deepStrictEqual(reasons(yield* Effect.exit(Stream.runDrain(Stream.take(stream, 1)))), [
          "Die cleanup"
        ])
      })
    )

    it.effect("an emit in the cleanup dies instead of waiting for ever", () =>
      Effect.gen(function* () {
        const stream = Generator.make(function* (emit) {
          try {
            yield* emit(1)
          } finally {
            yield* emit(2)
          }
        })
        const exit = yield* Effect.exit(Stream.runDrain(Stream.take(stream, 1)))
        assert.match(reasons(exit)[0]!, /emit was called in the cleanup/)
        assert.deepStrictEqual(yield* Stream.runCollect(stream), [1, 2])
      })
    )

    it.effect("an emit of a fiber that the generator left behind ends, too", () =>
      Effect.gen(function* () {
        let left: Fiber.Fiber<void> | undefined
        const stream = Generator.make(function* (emit) {
          yield* emit(1)
          left = yield* Effect.forkDetach(emit(2), { startImmediately: true })
          yield* Effect.never
        })
        yield* Effect.scoped(
          Effect.gen(function* () {
            const pull = yield* Stream.toPull(stream)
            assert.deepStrictEqual(yield* pull, [1])
            assert.deepStrictEqual(yield* pull, [2])
          })
        )
        assert.match(reasons(yield* Fiber.await(left!))[0]!, /emit was called in the cleanup/)
      })
    )

    it.effect("an emit that cannot be interrupted ends as well", () =>
      Effect.gen(function* () {
        const stream = Generator.make(function* (emit) {
          yield* Effect.uninterruptible(emit(1))
        })
        const exit = yield* Effect.exit(Stream.runDrain(Stream.take(stream, 1)))
        assert.match(reasons(exit)[0]!, /emit was called in the cleanup/)
      })
    )
  })

  it.effect(
    "emits from inside other effects, from helpers and from several fibers, in the order they are made",
    () =>
      Effect.gen(function* () {
        const stream = Generator.make(function* (emit) {
          yield* Effect.forEach([1, 2], (n) => emit(n))
          yield* Effect.forEach([3, 4, 5], (n) => Effect.as(emit(n), n), { concurrency: "unbounded" })
        })
        assert.deepStrictEqual(yield* Stream.runCollect(stream), [1, 2, 3, 4, 5])
      })
  )

  it.effect("an emit that was interrupted before its item was taken is withdrawn", () =>
    Effect.gen(function* () {
      const stream = Generator.make(function* (emit) {
        // the second emit of the two waits while the first item is being consumed
        yield* Effect.all([emit("first"), Effect.timeoutOption(emit("late"), "1 second")], {
          concurrency: "unbounded"
        })
        yield* emit("last")
      })
      const fiber = yield* Effect.forkChild(
        Stream.runCollect(Stream.tap(stream, () => Effect.sleep("2 seconds")))
      )
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* Fiber.join(fiber), ["first", "last"])
    })
  )

  it.effect("generators nest: the inner one is cleaned up with the outer one", () =>
    Effect.gen(function* () {
      const { log, note } = logged()
      const inner = Generator.make(function* (emit) {
        try {
          for (let i = 0; ; i++) yield* emit(i)
        } finally {
          yield* note("inner")
        }
      })
      const outer = Generator.make(function* (emit) {
        try {
          yield* Stream.runForEach(inner, (n) => emit(n * 10))
        } finally {
          yield* note("outer")
        }
      })
      assert.deepStrictEqual(yield* Stream.runCollect(Stream.take(outer, 3)), [0, 10, 20])
      assert.deepStrictEqual(log, ["inner", "outer"])
    })
  )

  it.effect("a chain of 300 generators does not overflow the stack", () =>
    Effect.gen(function* () {
      let stream: Stream.Stream<number> = Generator.make(function* (emit) {
        for (let i = 0; i < 10; i++) yield* emit(i)
      })
      for (let level = 0; level < 300; level++) {
        const below = stream
        stream = Generator.make(function* (emit) {
          yield* Stream.runForEach(below, (n) => emit(n + 1))
        })
      }
      assert.deepStrictEqual(yield* Stream.runCollect(Stream.take(stream, 2)), [300, 301])
    })
  )

  it.effect("the services of the consumer are there", () =>
    Effect.gen(function* () {
      class Step extends Context.Service<Step, number>()("Step") {}
      const stream = Generator.make(function* (emit) {
        yield* emit(yield* Step)
      })
      assert.deepStrictEqual(yield* Stream.runCollect(stream).pipe(Effect.provideService(Step, 7)), [7])
    })
  )

  it.effect("an interrupted pull loses nothing: the next one gets the item", () =>
    Effect.gen(function* () {
      const stream = Generator.make(function* (emit) {
        yield* Effect.sleep("5 seconds")
        yield* emit("slow")
      })
      const fiber = yield* Effect.forkChild(
        Effect.scoped(
          Effect.gen(function* () {
            const pull = yield* Stream.toPull(stream)
            assert.isTrue(Option.isNone(yield* Effect.timeoutOption(pull, "1 second")))
            return yield* pull
          })
        )
      )
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(yield* Fiber.join(fiber), ["slow"])
    })
  )

  it.effect(
    "misuse dies: a pull after the end of the scope, Cause.Done as an error, emit after the end",
    () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const one = Generator.make(function* (emit) {
          yield* emit(1)
        })
        const pull = yield* Scope.provide(Stream.toPull(one), scope)
        yield* Scope.close(scope, Exit.void)
        assert.match(reasons(yield* Effect.exit(pull))[0]!, /pulled after the stream had ended/)

        const done = Generator.make(function* (emit) {
          yield* emit(1)
          yield* Effect.fail(Cause.Done())
        })
        assert.match(reasons(yield* Effect.exit(Stream.runDrain(done)))[0]!, /failed with Cause.Done/)

        let leaked: Generator.Emit | undefined
        const leaking = Generator.make(function* (emit) {
          leaked = emit
          yield* emit(1)
        })
        yield* Stream.runDrain(leaking)
        const late = leaked!(2) as Effect.Effect<void>
        assert.match(reasons(yield* Effect.exit(late))[0]!, /after the generator had ended/)
      })
  )

  describe("interrupted at every operation", () => {
    const setup = Effect.sync(() => ({ opened: 0, closed: 0, sent: 0, got: 0, ending: false }))

    testing.sweep("what the generator opened is closed, and nothing is computed ahead", {
      setup,
      subject: (state) =>
        Stream.runForEach(
          Generator.make(function* (emit) {
            yield* Effect.sync(() => state.opened++)
            try {
              for (let i = 0; i < 3; i++) {
                yield* Effect.yieldNow
                state.sent++
                yield* emit(i)
              }
              state.ending = true
            } finally {
              yield* Effect.sync(() => state.closed++)
            }
          }),
          () =>
            Effect.andThen(
              Effect.yieldNow,
              Effect.sync(() => state.got++)
            )
        ),
      check: (state) =>
        Effect.sync(() => {
          // not yet in the try block, or in the finally block by itself: nothing was promised
          const promised = state.sent > 0 && !state.ending
          assert.isAtMost(state.opened - state.closed, promised ? 0 : 1)
          assert.isAtMost(state.sent - state.got, 1)
        })
    })

    testing.sweep("a resource of the generator's scope is released", {
      setup,
      subject: (state) =>
        Stream.runDrain(
          Generator.make(function* (emit) {
            yield* Effect.acquireRelease(
              Effect.sync(() => state.opened++),
              () => Effect.sync(() => state.closed++)
            )
            yield* emit(1)
            yield* emit(2)
          })
        ),
      check: (state) => Effect.sync(() => assert.strictEqual(state.opened, state.closed))
    })
  })
})
