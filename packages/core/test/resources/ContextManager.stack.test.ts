import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Effect, Exit } from "effect"

import * as ContextManager from "../../src/resources/ContextManager.ts"

class Failed extends Data.TaggedError("Failed")<{ readonly where: string }> {}

const errors = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isSuccess(exit)
    ? []
    : exit.cause.reasons.map((reason) =>
        reason._tag === "Fail" ? (reason.error as Failed).where : reason._tag
      )

const logged = () => {
  const log: Array<string> = []
  const note = (line: string) => Effect.sync(() => void log.push(line))
  const manager = (name: string, fails?: "open" | "close") =>
    ContextManager.make(
      function* (provide) {
        yield* note(`open ${name}`)
        if (fails === "open") yield* new Failed({ where: `open ${name}` })
        const { exit } = yield* provide(name)
        yield* note(`close ${name}: ${errors(exit).join(", ") || "fine"}`)
        if (fails === "close") yield* new Failed({ where: `close ${name}` })
      },
      { name }
    )
  return { log, note, manager }
}

class Connection {
  readonly log: Array<string>
  constructor(log: Array<string>) {
    this.log = log
  }
  async [Symbol.asyncDispose]() {
    await Promise.resolve()
    this.log.push("disposed")
  }
}

describe("ContextManager.stack", () => {
  it.effect("a tuple opens in order, gives a tuple, closes in reverse", () =>
    Effect.gen(function* () {
      const { log, manager } = logged()
      const all = ContextManager.stack([manager("a"), manager("b"), manager("c")])
      assert.deepStrictEqual(yield* all.use((values) => Effect.succeed(values)), ["a", "b", "c"])
      const expected = ["open a", "open b", "open c", "close c: fine", "close b: fine", "close a: fine"]
      assert.deepStrictEqual(log, expected)
      yield* Effect.scoped(all)
      assert.deepStrictEqual(log, [...expected, ...expected])
    })
  )

  it.effect("a record gives a record", () =>
    Effect.gen(function* () {
      const { manager } = logged()
      const all = ContextManager.stack({ db: manager("d"), cache: manager("c") })
      assert.deepStrictEqual(yield* ContextManager.use(all, Effect.succeed), { db: "d", cache: "c" })
      assert.deepStrictEqual(yield* Effect.scoped(all), { db: "d", cache: "c" })
    })
  )

  it.effect("nothing at all gives nothing at all", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* ContextManager.stack([]).use(Effect.succeed), [])
      assert.deepStrictEqual(yield* Effect.scoped(ContextManager.stack({})), {})
    })
  )

  it.effect("when one fails to open, those before it are closed at once and those after it never open", () =>
    Effect.gen(function* () {
      const { log, note, manager } = logged()
      const all = ContextManager.stack([manager("a"), manager("b"), manager("c", "open"), manager("d")])
      const expected = ["open a", "open b", "open c", "close b: open c", "close a: open c"]

      const used = yield* Effect.exit(all.use(() => note("block")))
      assert.deepStrictEqual(used, Exit.fail(new Failed({ where: "open c" })))
      assert.deepStrictEqual(log.splice(0), expected)

      // in a scope: at once, not when the scope closes
      yield* Effect.scoped(
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* Effect.exit(all), Exit.fail(new Failed({ where: "open c" })))
          assert.deepStrictEqual(log, expected)
        })
      )
    })
  )

  it.effect(
    "all close though several fail to; each sees how it stands by then; the block's failure is first",
    () =>
      Effect.gen(function* () {
        const { log, manager } = logged()
        const all = ContextManager.stack([manager("a"), manager("b", "close"), manager("c", "close")])
        const exit = yield* Effect.exit(all.use(() => Effect.fail(new Failed({ where: "block" }))))
        assert.deepStrictEqual(errors(exit), ["block", "close c", "close b"])
        const closes = ["close c: block", "close b: block, close c", "close a: block, close c, close b"]
        assert.deepStrictEqual(log.splice(0).slice(3), closes)

        yield* Effect.exit(Effect.scoped(Effect.andThen(all, Effect.fail(new Failed({ where: "block" })))))
        assert.deepStrictEqual(log.slice(3), closes)
      })
  )

  it.effect("what is no context manager dies, before anything is opened", () =>
    Effect.gen(function* () {
      const { log, manager } = logged()
      const all = ContextManager.stack([manager("a"), Effect.void as never])
      for (const effect of [all.use(() => Effect.void), Effect.scoped(all)]) {
        const exit = yield* Effect.exit(effect)
        assert.include(
          Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "",
          "ContextManager.stack: 1: expected a ContextManager, got an Effect"
        )
      }
      assert.deepStrictEqual(log, [])
    })
  )

  it.effect("stacks nest", () =>
    Effect.gen(function* () {
      const { log, manager } = logged()
      const inner = ContextManager.stack([manager("b"), manager("c")])
      const value = yield* ContextManager.stack({ a: manager("a"), inner }).use(Effect.succeed)
      assert.deepStrictEqual(value, { a: "a", inner: ["b", "c"] })
      assert.deepStrictEqual(log.slice(3), ["close c: fine", "close b: fine", "close a: fine"])
    })
  )
})

describe("ContextManager.fromDisposable", () => {
  it.effect("waits for Symbol.asyncDispose", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const manager = ContextManager.fromDisposable(Effect.sync(() => new Connection(log)))
      yield* manager.use((connection) => Effect.sync(() => connection.log.push("used")))
      yield* Effect.exit(manager.use(() => Effect.fail("no")))
      assert.deepStrictEqual(log, ["used", "disposed", "disposed"])
    })
  )

  it.effect("calls Symbol.dispose when there is no asyncDispose", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const manager = ContextManager.fromDisposable(
        Effect.sync(() => ({ [Symbol.dispose]: () => void log.push("disposed") }))
      )
      yield* Effect.scoped(
        Effect.andThen(
          manager,
          Effect.sync(() => log.push("used"))
        )
      )
      assert.deepStrictEqual(log, ["used", "disposed"])
    })
  )

  it.effect("an acquisition that fails fails, and nothing is disposed of", () =>
    Effect.gen(function* () {
      const failing: Effect.Effect<Disposable, Failed> = Effect.fail(new Failed({ where: "acquire" }))
      const exit = yield* Effect.exit(ContextManager.fromDisposable(failing).use(() => Effect.void))
      assert.deepStrictEqual(exit, Exit.fail(new Failed({ where: "acquire" })))
    })
  )

  it.effect("a dispose method that rejects is a defect beside the block's failure", () =>
    Effect.gen(function* () {
      const manager = ContextManager.fromDisposable(
        Effect.sync(() => ({ [Symbol.asyncDispose]: () => Promise.reject(new Error("gone")) }))
      )
      const exit = yield* Effect.exit(manager.use(() => Effect.fail(new Failed({ where: "block" }))))
      assert.deepStrictEqual(errors(exit), ["block", "Die"])
    })
  )

  it.effect("a value without a dispose method dies before the block", () =>
    Effect.gen(function* () {
      let used = false
      const manager = ContextManager.fromDisposable(Effect.succeed({} as unknown as Disposable))
      const exit = yield* Effect.exit(manager.use(() => Effect.sync(() => (used = true))))
      assert.isFalse(used)
      assert.match(
        String(Exit.isFailure(exit) && exit.cause),
        /neither Symbol.asyncDispose nor Symbol.dispose/
      )
    })
  )
})
