import { assert, describe, it } from "@effect/vitest"
import { it as testing } from "@skein/testing/vitest"
import { Cause, Context, Data, Effect, Exit, Fiber, Stream } from "effect"

import * as Generator from "../../src/resources/Generator.ts"

class Failed extends Data.TaggedError("Failed")<{ readonly where: unknown }> {}

/** Records what an async generator is asked to do. */
const numbers = (log: Array<string>, until = 100) =>
  Generator.fromAsyncIterable(
    async function* () {
      try {
        for (let i = 0; i < until; i++) {
          log.push(`yield ${i}`)
          yield i
        }
      } finally {
        await Promise.resolve()
        log.push("finally")
      }
    },
    (where) => new Failed({ where })
  )

describe("Generator.fromAsyncIterable", () => {
  it.effect("gives the values, one at a time, without reading ahead", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      yield* Effect.scoped(
        Effect.gen(function* () {
          const pull = yield* Stream.toPull(numbers(log))
          assert.deepStrictEqual(log, [])
          assert.deepStrictEqual(yield* pull, [0])
          assert.deepStrictEqual(yield* pull, [1])
          yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
          assert.deepStrictEqual(log, ["yield 0", "yield 1"])
        })
      )
      assert.deepStrictEqual(log, ["yield 0", "yield 1", "finally"])
      assert.deepStrictEqual(yield* Stream.runCollect(numbers([], 3)), [0, 1, 2])
    })
  )

  it.effect("return is called, and awaited, when the consumer has enough, fails or is interrupted", () =>
    Effect.gen(function* () {
      const enough: Array<string> = []
      yield* Stream.runDrain(Stream.take(numbers(enough), 1))
      assert.deepStrictEqual(enough, ["yield 0", "finally"])

      const failing: Array<string> = []
      const exit = yield* Effect.exit(Stream.runForEach(numbers(failing), () => Effect.fail("consumer")))
      assert.deepStrictEqual(exit, Exit.fail("consumer"))
      assert.deepStrictEqual(failing, ["yield 0", "finally"])

      const interrupted: Array<string> = []
      let consuming = () => {}
      const started = new Promise<void>((resolve) => (consuming = resolve))
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(numbers(interrupted), () => Effect.andThen(Effect.sync(consuming), Effect.never))
      )
      yield* Effect.promise(() => started)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(interrupted, ["yield 0", "finally"])
    })
  )

  it.effect("return is not called after the end, nor after a rejection", () =>
    Effect.gen(function* () {
      let returned = 0
      const iterable = (next: () => Promise<IteratorResult<number>>) => () => ({
        [Symbol.asyncIterator]: () => ({
          next,
          return: async () => {
            returned++
            return { done: true as const, value: undefined }
          }
        })
      })
      const ending = iterable(async () => ({ done: true, value: undefined }))
      const failing = iterable(async () => {
        throw "no"
      })
      yield* Stream.runDrain(Generator.fromAsyncIterable(ending, (where) => new Failed({ where })))
      const exit = yield* Effect.exit(
        Stream.runDrain(Generator.fromAsyncIterable(failing, (where) => new Failed({ where })))
      )
      assert.deepStrictEqual(exit, Exit.fail(new Failed({ where: "no" })))
      assert.strictEqual(returned, 0)
    })
  )

  it.effect("an iterable that throws when it is opened fails with the mapped error", () =>
    Effect.gen(function* () {
      const stream = Generator.fromAsyncIterable(
        (): AsyncIterable<number> => {
          throw "closed"
        },
        (where) => new Failed({ where })
      )
      assert.deepStrictEqual(
        yield* Effect.exit(Stream.runDrain(stream)),
        Exit.fail(new Failed({ where: "closed" }))
      )
    })
  )

  it.effect("Cause.Done from onError is refused", () =>
    Effect.gen(function* () {
      const stream = Generator.fromAsyncIterable(
        // oxlint-disable-next-line require-yield
        async function* (): AsyncGenerator<number> {
          throw "no"
        },
        () => Cause.Done()
      )
      const exit = yield* Effect.exit(Stream.runDrain(stream))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
    })
  )

  it.effect("a return that rejects is a defect beside the consumer's failure", () =>
    Effect.gen(function* () {
      const stream = Generator.fromAsyncIterable(
        async function* () {
          try {
            yield 1
          } finally {
            await Promise.reject(new Error("cleanup"))
          }
        },
        (where) => new Failed({ where })
      )
      const exit = yield* Effect.exit(Stream.runForEach(stream, () => Effect.fail("consumer")))
      assert.isTrue(Exit.isFailure(exit) && exit.cause.reasons.length === 2)
    })
  )

  it.effect("interrupted while next is pending: return is called, the generator's cleanup is awaited", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      let answer = () => {}
      let asked = () => {}
      const pending = new Promise<void>((resolve) => (answer = resolve))
      const started = new Promise<void>((resolve) => (asked = resolve))
      const stream = Generator.fromAsyncIterable(
        async function* () {
          try {
            asked()
            await pending
            yield 1
          } finally {
            log.push("finally")
          }
        },
        (where) => new Failed({ where })
      )
      const fiber = yield* Effect.forkChild(Stream.runDrain(stream))
      yield* Effect.promise(() => started)
      const interrupting = yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* Effect.yieldNow
      answer()
      yield* Fiber.join(interrupting)
      assert.deepStrictEqual(log, ["finally"])
    })
  )

  testing.sweep("interrupted at every operation: what was opened is closed", {
    setup: Effect.sync(() => ({ opened: 0, closed: 0 })),
    subject: (state) =>
      Stream.runForEach(
        Generator.fromAsyncIterable(
          async function* () {
            state.opened++
            try {
              yield 1
              yield 2
            } finally {
              state.closed++
            }
          },
          (where) => new Failed({ where })
        ),
        () => Effect.yieldNow
      ),
    check: (state) => Effect.sync(() => assert.strictEqual(state.closed, state.opened))
  })
})

describe("Generator.toAsyncIterable", () => {
  const source = (log: Array<string>, fails?: Failed) =>
    Generator.make(function* (emit) {
      log.push("open")
      try {
        for (let i = 0; i < 3; i++) yield* emit(i)
        if (fails !== undefined) yield* fails
      } finally {
        yield* Effect.yieldNow
        log.push("close")
      }
    })

  const collect = async <A>(iterable: AsyncIterable<A>) => {
    const seen: Array<A> = []
    for await (const item of iterable) seen.push(item)
    return seen
  }

  it("gives the values and closes at the end; each loop is a run of its own", async () => {
    const log: Array<string> = []
    const iterable = Generator.toAsyncIterable(source(log))
    assert.deepStrictEqual(log, [])
    assert.deepStrictEqual(await collect(iterable), [0, 1, 2])
    assert.deepStrictEqual(await collect(iterable), [0, 1, 2])
    assert.deepStrictEqual(log, ["open", "close", "open", "close"])
  })

  it("takes streams of more than one item at a time apart", async () => {
    assert.deepStrictEqual(await collect(Generator.toAsyncIterable(Stream.range(1, 5))), [1, 2, 3, 4, 5])
    assert.deepStrictEqual(await collect(Generator.toAsyncIterable(Stream.empty)), [])
  })

  it("break closes the stream before the loop is left", async () => {
    const log: Array<string> = []
    for await (const item of Generator.toAsyncIterable(source(log))) {
      if (item === 1) break
    }
    assert.deepStrictEqual(log, ["open", "close"])
  })

  it("so do a throw in the loop, return and throw", async () => {
    const log: Array<string> = []
    const thrown = await (async () => {
      for await (const item of Generator.toAsyncIterable(source(log))) throw new Error(`at ${item}`)
    })().catch((error) => error.message)
    assert.strictEqual(thrown, "at 0")
    assert.deepStrictEqual(log.splice(0), ["open", "close"])

    const returned = Generator.toAsyncIterable(source(log))[Symbol.asyncIterator]()
    await returned.next()
    assert.deepStrictEqual(await returned.return!(), { done: true, value: undefined })
    assert.deepStrictEqual(await returned.next(), { done: true, value: undefined })
    assert.deepStrictEqual(log.splice(0), ["open", "close"])

    const thrower = Generator.toAsyncIterable(source(log))[Symbol.asyncIterator]()
    await thrower.next()
    assert.strictEqual(await thrower.throw!("mine").catch((error) => error), "mine")
    assert.deepStrictEqual(await thrower.next(), { done: true, value: undefined })
    assert.deepStrictEqual(log, ["open", "close"])
  })

  it("return before the first next opens nothing", async () => {
    const log: Array<string> = []
    const iterator = Generator.toAsyncIterable(source(log))[Symbol.asyncIterator]()
    await iterator.return!()
    assert.deepStrictEqual(await iterator.next(), { done: true, value: undefined })
    assert.deepStrictEqual(log, [])
  })

  it("next rejects with the stream's error, once, after the cleanup", async () => {
    const log: Array<string> = []
    const iterator = Generator.toAsyncIterable(source(log, new Failed({ where: "page" })))[
      Symbol.asyncIterator
    ]()
    const calls = [iterator.next(), iterator.next(), iterator.next(), iterator.next(), iterator.next()]
    const results = await Promise.allSettled(calls)
    assert.deepStrictEqual(
      results.map((result) =>
        result.status === "fulfilled" ? result.value.value : String(result.reason.where)
      ),
      [0, 1, 2, "page", undefined]
    )
    assert.deepStrictEqual(log, ["open", "close"])
  })

  it("return while next is pending interrupts what runs", async () => {
    const log: Array<string> = []
    const never = Generator.make(function* (emit) {
      yield* Effect.onInterrupt(Effect.never, () => Effect.sync(() => log.push("interrupted")))
      yield* emit(1)
    })
    const iterator = Generator.toAsyncIterable(never)[Symbol.asyncIterator]()
    const next = iterator.next()
    await Promise.resolve()
    await iterator.return!()
    assert.deepStrictEqual(await next, { done: true, value: undefined })
    assert.deepStrictEqual(log, ["interrupted"])
  })

  it("a cleanup that fails rejects return", async () => {
    const failing = Generator.make(function* (emit) {
      try {
        yield* emit(1)
      } finally {
        yield* new Failed({ where: "cleanup" })
      }
    })
    const iterator = Generator.toAsyncIterable(failing)[Symbol.asyncIterator]()
    await iterator.next()
    assert.strictEqual(await iterator.return!().then(String, (error) => error.where), "cleanup")
  })

  it.effect("toAsyncIterableEffect brings the services", () =>
    Effect.gen(function* () {
      class Step extends Context.Service<Step, number>()("Step") {}
      const stream = Generator.make(function* (emit) {
        yield* emit(yield* Step)
      })
      const iterable = yield* Generator.toAsyncIterableEffect(stream).pipe(Effect.provideService(Step, 7))
      assert.deepStrictEqual(yield* Effect.promise(() => collect(iterable)), [7])
    })
  )

  it("there and back again", async () => {
    const log: Array<string> = []
    const stream = Generator.fromAsyncIterable(
      () => Generator.toAsyncIterable(source(log)),
      (where) => new Failed({ where })
    )
    assert.deepStrictEqual(await Effect.runPromise(Stream.runCollect(Stream.take(stream, 2))), [0, 1])
    assert.deepStrictEqual(log, ["open", "close"])
  })
})
