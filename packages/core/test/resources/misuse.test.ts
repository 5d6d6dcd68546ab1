import { assert, describe, it } from "@effect/vitest"
import { ContextManager, Generator, Pool } from "@skein/core"
import { Effect, Exit, Stream } from "effect"

// What no type lets through, and plain JavaScript does. Effect's run loop would end the fiber without any cleanup.

const said = (exit: Exit.Exit<unknown, unknown>): ReadonlyArray<string> =>
  Exit.isSuccess(exit)
    ? ["success"]
    : exit.cause.reasons.map((reason) =>
        reason._tag === "Die"
          ? (reason.defect as Error).message
          : reason._tag === "Fail"
            ? String(reason.error)
            : "interrupted"
      )

/** What the effect dies of, or what making it throws. */
const outcome = (make: () => unknown) =>
  Effect.map(
    Effect.exit(Effect.scoped(Effect.suspend(make as () => Effect.Effect<unknown, unknown>))),
    (exit) => said(exit)[0]
  )

const any = <A>(value: A): any => value
const nothing: any = undefined
const asynchronous: any = async () => {}
const base = { acquire: Effect.succeed(1), min: 0, max: 1, acquireTimeout: "1 minute", name: "db" } as const

describe("Pool", () => {
  it.effect("a block that is no effect dies, and the lease comes back", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make(base)
      const refused = "Pool.use: expected an effect, got "
      assert.strictEqual(yield* outcome(() => Pool.use(pool, asynchronous)), `${refused}a Promise`)
      assert.strictEqual(yield* outcome(() => Pool.use(pool, () => nothing)), `${refused}undefined`)
      assert.strictEqual(yield* Pool.use(pool, Effect.succeed), 1)
      assert.strictEqual((yield* Pool.statistics(pool)).leased, 0)
    })
  )

  it.effect("a validate that gives no effect counts as false, nobody hangs", () =>
    Effect.gen(function* () {
      let opened = 0
      const acquire = Effect.sync(() => ++opened)
      const pool = yield* Pool.make({ ...base, acquire, validate: () => any(true) })
      assert.strictEqual(yield* Pool.use(pool, Effect.succeed), 1)
      assert.strictEqual(yield* Pool.use(pool, Effect.succeed), 2)
    })
  )

  it.effect("options and arguments of the wrong kind are told by name", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make(base)
      const told = yield* Effect.forEach(
        [
          () => Pool.make(nothing),
          () => Pool.make({ ...base, acquire: asynchronous }),
          () => Pool.make({ ...base, validate: any(Effect.succeed(true)) }),
          () => Pool.use(pool, nothing),
          () => Pool.use(nothing, () => Effect.void),
          () => Pool.lease(any(Pool.make(base))),
          () => Pool.invalidate(nothing, 1),
          () => Pool.statistics(any({}))
        ],
        outcome
      )
      assert.deepStrictEqual(told, [
        "Pool.make: expected options, got undefined",
        "Pool.make: acquire: expected an effect, got a function",
        "Pool.make: validate: expected a function, got an Effect",
        "Pool.use: expected a function, got undefined",
        "Pool.use: expected a Pool, got undefined",
        "Pool.lease: expected a Pool, got an Effect",
        "Pool.invalidate: expected a Pool, got undefined",
        "Pool.statistics: expected a Pool, got an object"
      ])
    })
  )
})

describe("ContextManager", () => {
  const logged = (step: any = Effect.void) => {
    const log: Array<string> = []
    const manager = ContextManager.make(function* (provide) {
      yield* Effect.addFinalizer(() => Effect.sync(() => log.push("released")))
      try {
        yield* provide(1)
        yield step
      } finally {
        log.push("finally")
      }
    })
    return { log, manager }
  }

  it.effect("a block that is no effect dies, and what was opened is closed", () =>
    Effect.gen(function* () {
      for (const stacked of [false, true]) {
        const { log, manager } = logged()
        const used = stacked ? ContextManager.stack([manager]) : manager
        assert.match((yield* outcome(() => used.use(asynchronous)))!, /expected an effect, got a Promise/)
        assert.deepStrictEqual(log, ["finally", "released"])
      }
    })
  )

  it.effect("a generator that yields what is no effect dies, and what was opened is closed", () =>
    Effect.gen(function* () {
      for (const run of [(m: any) => m.use(() => Effect.void), (m: any) => m]) {
        const { log, manager } = logged(Promise.resolve())
        assert.match((yield* outcome(() => run(manager)))!, /expected an effect, got a Promise/)
        assert.deepStrictEqual(log, ["finally", "released"])
      }
    })
  )

  it.effect("arguments of the wrong kind are told by name", () =>
    Effect.gen(function* () {
      const { manager } = logged()
      const use = (m: any) => m.use(() => Effect.void)
      const told = yield* Effect.forEach(
        [
          () => use(ContextManager.make(nothing)),
          () => use(ContextManager.make(asynchronous)),
          () => use(ContextManager.make(any(async function* () {}))),
          () => manager.use(nothing),
          () => ContextManager.use(nothing, () => Effect.void),
          () => ContextManager.stack(nothing),
          () => ContextManager.stack(any(new Set([manager]))),
          () => ContextManager.fromDisposable(nothing),
          () => ContextManager.fromDisposable(Effect.succeed(nothing))
        ],
        outcome
      )
      const generator = "ContextManager (unnamed): expected a generator function, got"
      const stack = "ContextManager.stack: expected an array or a record of ContextManagers, got"
      assert.deepStrictEqual(told, [
        `${generator} undefined`,
        `${generator} a function`,
        `${generator} a function`,
        "ContextManager (unnamed): use: expected a function, got undefined",
        "ContextManager.use: expected a ContextManager, got undefined",
        `${stack} undefined`,
        `${stack} [object Set]`,
        "ContextManager.fromDisposable: expected an effect, got undefined",
        "ContextManager fromDisposable: the value has neither Symbol.asyncDispose nor Symbol.dispose"
      ])
    })
  )
})

describe("Generator", () => {
  const collect = (stream: any) => outcome(() => Stream.runCollect(stream))

  it.effect("a generator that yields what is no effect dies, and what it opened is closed", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const stream = Generator.make(function* (emit) {
        yield* Effect.addFinalizer(() => Effect.sync(() => log.push("released")))
        try {
          yield* emit(1)
          yield Promise.resolve() as any
        } finally {
          log.push("finally")
        }
      })
      assert.strictEqual(yield* collect(stream), "Generator.make: expected an effect, got a Promise")
      assert.deepStrictEqual(log, ["finally", "released"])
    })
  )

  it.effect("what is no iterable, and what an iterator may not give, dies and does not hang", () =>
    Effect.gen(function* () {
      const of = (next: unknown) =>
        Generator.fromAsyncIterable(() => any({ [Symbol.asyncIterator]: () => ({ next }) }), String)
      assert.strictEqual(
        yield* collect(of(async () => undefined)),
        "Generator: next() gave undefined, which is no iterator result"
      )
      const refused = "Generator: fromAsyncIterable: expected an async iterable, got "
      assert.strictEqual(yield* collect(of(undefined)), `${refused}an object`)
      assert.strictEqual(
        yield* collect(Generator.fromAsyncIterable(() => any([1, 2]), String)),
        `${refused}an array of 2`
      )
    })
  )

  it.effect("arguments of the wrong kind are told by name", () =>
    Effect.gen(function* () {
      const told = yield* Effect.forEach(
        [
          () => Stream.runDrain(Generator.make(nothing)),
          () => Generator.fromAsyncIterable(any((async function* () {})()), String),
          () => Generator.fromAsyncIterable(async function* () {}, nothing),
          () => Effect.sync(() => Generator.toAsyncIterable(any(Effect.void)))
        ],
        outcome
      )
      assert.deepStrictEqual(told, [
        "Generator.make: expected a generator function, got undefined",
        "Generator.fromAsyncIterable: expected a function that gives an async iterable, got [object AsyncGenerator]",
        "Generator.fromAsyncIterable: onError: expected a function, got undefined",
        "Generator.toAsyncIterable: expected a Stream, got an Effect"
      ])
    })
  )

  it("empty arrays in a stream are passed over", async () => {
    const seen: Array<number> = []
    const stream = Stream.mapArray(Stream.fromArrays([1], [2], [3]), (items) =>
      any(items[0] === 2 ? [] : items)
    )
    for await (const n of Generator.toAsyncIterable(stream as Stream.Stream<number>)) {
      if (seen.push(n) > 3) break
    }
    assert.deepStrictEqual(seen, [1, 3])
  })
})
