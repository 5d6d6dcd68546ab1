import { assert, describe, it } from "@effect/vitest"
import { CancelScope, ContextManager } from "@skein/core"
import { Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"

const said = (exit: Exit.Exit<unknown, unknown>): ReadonlyArray<string> =>
  Exit.isSuccess(exit)
    ? ["success"]
    : exit.cause.reasons.map((reason) =>
        reason._tag === "Die"
          ? String((reason.defect as Error).message ?? reason.defect)
          : reason._tag === "Fail"
            ? String(reason.error)
            : "interrupted"
      )

const usage = "ContextManager (unnamed): "

describe("ContextManager: what the generator puts around provide", () => {
  const limits = {
    CancelScope: CancelScope.moveOnAfter("1 second"),
    Effect: Effect.timeoutOption("1 second")
  }
  for (const [name, limit] of Object.entries(limits)) {
    it.effect(`a block that it cancels, and no failure after that: dies, there is no result (${name})`, () =>
      Effect.gen(function* () {
        const log: Array<string> = []
        const manager = ContextManager.make(function* (provide) {
          yield* limit(provide(1))
          log.push("closed")
        })
        const fiber = yield* Effect.forkChild(Effect.exit(manager.use(() => Effect.never)))
        yield* TestClock.adjust("1 second")
        const problem = "the generator cancelled its block and did not fail: the block has no result"
        assert.deepStrictEqual(said(yield* Fiber.join(fiber)), [`${usage}${problem}`])
        assert.deepStrictEqual(log, ["closed"])
      })
    )

    it.effect(`what the cleanup of a cancelled block fails with is not lost (${name})`, () =>
      Effect.gen(function* () {
        const manager = ContextManager.make(function* (provide) {
          yield* limit(Effect.exit(provide(1)))
        })
        const block = Effect.onInterrupt(Effect.never, () => Effect.die("cleanup"))
        const fiber = yield* Effect.forkChild(Effect.exit(manager.use(() => block)))
        yield* TestClock.adjust("1 second")
        assert.include(said(yield* Fiber.join(fiber)), "cleanup")
      })
    )

    it.effect(`the code after a cancelled block has its closeTimeout (${name})`, () =>
      Effect.gen(function* () {
        const manager = ContextManager.make(
          function* (provide) {
            yield* limit(provide(1))
            yield* Effect.never
          },
          { closeTimeout: "2 seconds" }
        )
        const fiber = yield* Effect.forkChild(Effect.exit(manager.use(() => Effect.never)))
        yield* TestClock.adjust("1 second")
        yield* TestClock.adjust("2 seconds")
        assert.match(said(yield* Fiber.join(fiber))[0]!, /closing took longer than 2s and was interrupted/)
      })
    )
  }

  it.effect("an interruption that is the block's own stands before what the closing fails with", () =>
    Effect.gen(function* () {
      const manager = ContextManager.make(function* (provide) {
        yield* provide(1)
        yield* Effect.fail("flush")
      })
      const exit = yield* Effect.exit(manager.use(() => Effect.interrupt))
      assert.deepStrictEqual(said(exit), ["interrupted", "flush"])
    })
  )

  it.effect("a block that it does not wait for: dies, and says so", () =>
    Effect.gen(function* () {
      const manager = ContextManager.make(function* (provide) {
        yield* Effect.forkChild(provide(1), { startImmediately: true })
      })
      const exit = yield* Effect.exit(manager.use(() => Effect.never))
      const problem = "the generator ended before its block; provide must be waited for"
      assert.deepStrictEqual(said(exit), [`${usage}${problem}`])
    })
  )

  it.effect("provide in a finally block, after the opening failed: the block does not run", () =>
    Effect.gen(function* () {
      let ran = false
      const manager = ContextManager.make(function* (provide) {
        try {
          yield* Effect.fail("refused")
        } finally {
          yield* provide(1)
        }
      })
      const expected = ["refused", `${usage}provide was called after the opening had failed`]
      const used = yield* Effect.exit(manager.use(() => Effect.sync(() => (ran = true))))
      assert.deepStrictEqual(said(used), expected)
      assert.deepStrictEqual(said(yield* Effect.exit(Effect.scoped(manager))), expected)
      assert.isFalse(ran)
    })
  )
})

describe("ContextManager: closeTimeout", () => {
  it.effect("holds for what the generator took from the Scope, too", () =>
    Effect.gen(function* () {
      const manager = ContextManager.make(
        function* (provide) {
          yield* Effect.addFinalizer(() => Effect.never)
          yield* provide(1)
        },
        { closeTimeout: "1 second" }
      )
      for (const run of [manager.use(() => Effect.succeed(1)), Effect.scoped(manager)]) {
        const fiber = yield* Effect.forkChild(Effect.exit(run))
        yield* TestClock.adjust("1 second")
        yield* TestClock.adjust("1 second")
        assert.match(said(yield* Fiber.join(fiber))[0]!, /closing took longer than 1s/)
      }
    })
  )
})
