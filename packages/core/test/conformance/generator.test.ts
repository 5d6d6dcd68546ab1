import { assert, describe, it } from "@effect/vitest"
import { CancelScope, Generator } from "@skein/core"
import { Cause, Data, Effect, Exit, Fiber, Option, Schedule, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"

class Failed extends Data.TaggedError("Failed")<{ readonly where: string }> {}

const logged = () => {
  const log: Array<string> = []
  const note = (line: string) => Effect.sync(() => void log.push(line))
  const numbers = (cleanup: Effect.Effect<void, Failed> = Effect.void) =>
    Generator.make(function* (emit) {
      try {
        for (let i = 0; ; i++) {
          yield* note(`compute ${i}`)
          yield* emit(i)
        }
      } finally {
        yield* Effect.yieldNow
        yield* note("cleanup")
        yield* cleanup
      }
    })
  return { log, note, numbers }
}

describe("generator", () => {
  it.effect("GN-001: the producer does not run ahead of a consumer that pauses", () =>
    Effect.gen(function* () {
      const { log, note, numbers } = logged()
      yield* Stream.runForEach(Stream.take(numbers(), 2), (i) =>
        Effect.andThen(note(`got ${i}`), Effect.andThen(Effect.yieldNow, note(`done ${i}`)))
      )
      assert.deepStrictEqual(log.slice(0, 6), [
        "compute 0",
        "got 0",
        "done 0",
        "compute 1",
        "got 1",
        "done 1"
      ])
    })
  )

  it.effect("GN-002: the consumer leaves early: the cleanup runs before it goes on, and is no error", () =>
    Effect.gen(function* () {
      const { log, note, numbers } = logged()
      const exit = yield* Effect.exit(Stream.runCollect(Stream.take(numbers(), 1)))
      yield* note("goes on")
      assert.deepStrictEqual(exit, Exit.succeed([0]))
      assert.deepStrictEqual(log, ["compute 0", "cleanup", "goes on"])
    })
  )

  it.effect("GN-004: consumer and cleanup both fail: both are reported", () =>
    Effect.gen(function* () {
      const { numbers } = logged()
      const stream = numbers(Effect.fail(new Failed({ where: "cleanup" })))
      const exit = yield* Effect.exit(
        Stream.runForEach(stream, () => Effect.fail(new Failed({ where: "consumer" })))
      )
      assert.isTrue(Exit.isFailure(exit))
      const said = Exit.isFailure(exit) ? Cause.prettyErrors(exit.cause).length : 0
      assert.strictEqual(said, 2)
    })
  )

  it.effect(
    "GN-005: a cancel scope that the producer opens around an emit does not cancel the consumer",
    () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const stream = Generator.make(function* (emit) {
          const inTime = yield* CancelScope.moveOnAfter(emit("first"), "1 second")
          yield* note(Option.isSome(inTime) ? "asked in time" : "moved on")
          yield* emit("second")
        })
        const fiber = yield* Effect.forkChild(
          Stream.runForEach(stream, (item) =>
            Effect.andThen(Effect.sleep("5 seconds"), note(`consumed ${item}`))
          )
        )
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.join(fiber)
        assert.deepStrictEqual(log, ["moved on", "consumed first", "consumed second"])
      })
  )

  it.effect(
    "GN-007: closed by somebody else: the producer is stopped and a further pull dies; ended by itself: the end",
    () =>
      Effect.gen(function* () {
        const { log, numbers } = logged()
        const scope = yield* Scope.make()
        const pull = yield* Scope.provide(Stream.toPull(numbers()), scope)
        assert.deepStrictEqual(yield* pull, [0])
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(log, ["compute 0", "cleanup"])
        assert.isTrue(Exit.isFailure(yield* Effect.exit(pull)))

        const short = Generator.make(function* (emit) {
          yield* emit(1)
        })
        yield* Effect.scoped(
          Effect.gen(function* () {
            const next = yield* Stream.toPull(short)
            yield* next
            assert.isTrue(Cause.isDone(yield* Effect.flip(next)))
            assert.isTrue(Cause.isDone(yield* Effect.flip(next)))
          })
        )
      })
  )

  it.effect(
    "GN-008: a retried generator starts from the beginning: earlier items come again; an empty one stays empty",
    () =>
      Effect.gen(function* () {
        let run = 0
        const flaky = Generator.make(function* (emit) {
          const attempt = ++run
          yield* emit(`a${attempt}`)
          yield* emit(`b${attempt}`)
          if (attempt === 1) yield* new Failed({ where: "page 3" })
          yield* emit(`c${attempt}`)
        })
        const items = yield* Stream.runCollect(Stream.retry(flaky, Schedule.recurs(1)))
        assert.deepStrictEqual(items, ["a1", "b1", "a2", "b2", "c2"])
        const empty = Generator.make(function* () {
          yield* Effect.void
        })
        assert.deepStrictEqual(yield* Stream.runCollect(Stream.retry(empty, Schedule.recurs(1))), [])
      })
  )
})
