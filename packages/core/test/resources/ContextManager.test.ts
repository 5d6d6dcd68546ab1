import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Data, Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"

import * as ContextManager from "../../src/resources/ContextManager.ts"

class OpenError extends Data.TaggedError("OpenError")<{ readonly why: string }> {}
class CloseError extends Data.TaggedError("CloseError")<{ readonly why: string }> {}

const logged = () => {
  const log: Array<string> = []
  const note = (line: string) => Effect.sync(() => void log.push(line))
  const manager = (name: string) =>
    ContextManager.make(function* (provide) {
      yield* note(`open ${name}`)
      const { exit } = yield* provide(name)
      yield* note(`close ${name} after ${exit._tag}`)
    })
  return { log, note, manager }
}

const reasons = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isSuccess(exit)
    ? ["Success"]
    : exit.cause.reasons.map((reason) =>
        reason._tag === "Fail"
          ? `Fail ${String((reason.error as any).why ?? reason.error)}`
          : reason._tag === "Die"
            ? `Die ${String((reason.defect as any).message ?? reason.defect)}`
            : "Interrupt"
      )

describe("ContextManager", () => {
  describe("make, use", () => {
    it.effect("opens, runs the block, closes, and gives what the block gave", () =>
      Effect.gen(function* () {
        const { log, note, manager } = logged()
        const length = yield* manager("a").use((a) => Effect.as(note(`use ${a}`), a.length))
        assert.strictEqual(length, 1)
        assert.deepStrictEqual(log, ["open a", "use a", "close a after Success"])
      })
    )

    it.effect("shows the code after provide how the block ended: failure, defect, interruption", () =>
      Effect.gen(function* () {
        const seen: Array<Exit.Exit<unknown, unknown>> = []
        const manager = ContextManager.make(function* (provide) {
          const ended = yield* provide(1)
          seen.push(ended.exit)
        })
        yield* Effect.exit(manager.use(() => Effect.fail(new OpenError({ why: "block" }))))
        yield* Effect.exit(manager.use(() => Effect.die("boom")))
        const fiber = yield* Effect.forkChild(
          manager.use(() => Effect.never),
          { startImmediately: true }
        )
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(seen.map(reasons), [["Fail block"], ["Die boom"], ["Interrupt"]])
      })
    )

    it.effect("a block that throws before it makes an effect is a defect of the block", () =>
      Effect.gen(function* () {
        const { log, manager } = logged()
        const exit = yield* Effect.exit(
          manager("a").use((): Effect.Effect<void> => {
            throw new Error("no effect")
          })
        )
        assert.deepStrictEqual(reasons(exit), ["Die no effect"])
        assert.deepStrictEqual(log, ["open a", "close a after Failure"])
      })
    )

    it.effect("failing before provide fails the opening; the block does not run, finally blocks do", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const manager = ContextManager.make(function* (provide) {
          try {
            yield* note("open")
            yield* new OpenError({ why: "refused" })
            yield* provide(1)
          } finally {
            yield* note("finally")
          }
        })
        const exit = yield* Effect.exit(manager.use(() => note("block")))
        assert.deepStrictEqual(exit, Exit.fail(new OpenError({ why: "refused" })))
        assert.deepStrictEqual(log, ["open", "finally"])
      })
    )

    it.effect("every finally block runs, though one of them fails; the first failure stays first", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const manager = ContextManager.make(function* (provide) {
          try {
            try {
              yield* new OpenError({ why: "first" })
              yield* provide(1)
            } finally {
              yield* new CloseError({ why: "inner" })
              yield* note("not reached")
            }
          } finally {
            yield* note("outer")
          }
        })
        const exit = yield* Effect.exit(manager.use(() => Effect.void))
        assert.deepStrictEqual(reasons(exit), ["Fail first", "Fail inner"])
        assert.deepStrictEqual(log, ["outer"])
      })
    )

    it.effect("failing after provide fails the use, typed", () =>
      Effect.gen(function* () {
        const manager = ContextManager.make(function* (provide) {
          yield* provide(1)
          yield* new CloseError({ why: "flush" })
        })
        const caught = yield* manager
          .use((n) => Effect.succeed(n))
          .pipe(Effect.catchTag("CloseError", (e) => Effect.succeed(e.why)))
        assert.strictEqual(caught, "flush")
      })
    )

    it.effect("keeps a failure of the cleanup beside the block's own, which stays first", () =>
      Effect.gen(function* () {
        const manager = ContextManager.make(function* (provide) {
          yield* provide(1)
          yield* new CloseError({ why: "flush" })
        })
        const exit = yield* Effect.exit(manager.use(() => Effect.fail(new OpenError({ why: "block" }))))
        assert.deepStrictEqual(reasons(exit), ["Fail block", "Fail flush"])
      })
    )

    it.effect("a second provide dies, the generator is closed", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const manager = ContextManager.make(function* (provide) {
          try {
            yield* provide(1)
            yield* provide(2)
          } finally {
            yield* note("finally")
          }
        })
        const message = "Die ContextManager (unnamed): provide was called a second time"
        assert.deepStrictEqual(reasons(yield* Effect.exit(manager.use(() => Effect.void))), [message])
        assert.deepStrictEqual(reasons(yield* Effect.exit(Effect.scoped(manager))), [message])
        assert.deepStrictEqual(log, ["finally", "finally"])
      })
    )

    it.effect("a generator that never calls provide dies; so does one that forgot to yield it", () =>
      Effect.gen(function* () {
        const never = ContextManager.make(
          function* () {
            yield* Effect.void
          },
          { name: "db" }
        )
        const forgotten = ContextManager.make(function* (provide) {
          void provide(1)
          yield* Effect.void
        })
        const message = (name: string) => [
          `Die ContextManager ${name}: the generator ended without calling provide`
        ]
        assert.deepStrictEqual(reasons(yield* Effect.exit(never.use(() => Effect.void))), message(`"db"`))
        assert.deepStrictEqual(reasons(yield* Effect.exit(Effect.scoped(never))), message(`"db"`))
        assert.deepStrictEqual(
          reasons(yield* Effect.exit(forgotten.use(() => Effect.void))),
          message("(unnamed)")
        )
      })
    )

    it.effect("code that throws is a defect, after the finally blocks", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const manager = ContextManager.make(function* (provide) {
          try {
            yield* provide(1)
            throw new Error("bug")
          } finally {
            yield* note("finally")
          }
        })
        assert.deepStrictEqual(reasons(yield* Effect.exit(manager.use(() => Effect.void))), ["Die bug"])
        assert.deepStrictEqual(log, ["finally"])
      })
    )

    it.effect("is run anew by each use", () =>
      Effect.gen(function* () {
        let opened = 0
        const manager = ContextManager.make(function* (provide) {
          yield* provide(++opened)
        })
        assert.deepStrictEqual(
          yield* Effect.all([manager.use(Effect.succeed), manager.use(Effect.succeed)]),
          [1, 2]
        )
      })
    )

    it.effect("closes what the generator took from the scope, after its last line", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const manager = ContextManager.make(function* (provide) {
          const x = yield* Effect.acquireRelease(Effect.succeed(1), (_, exit) => note(`release ${exit._tag}`))
          yield* provide(x)
          yield* note("close")
        })
        yield* manager.use(() => note("block"))
        yield* Effect.exit(manager.use(() => Effect.fail("no")))
        yield* Effect.scoped(Effect.andThen(manager, note("block")))
        assert.deepStrictEqual(log, [
          ...["block", "close", "release Success"],
          ...["close", "release Failure"],
          ...["block", "close", "release Success"]
        ])
      })
    )

    it.effect("the block runs in the caller's context, not in one the generator set up", () =>
      Effect.gen(function* () {
        class Tenant extends Context.Service<Tenant, string>()("Tenant") {}
        const manager = ContextManager.make(function* (provide) {
          yield* Effect.provideService(provide(yield* Tenant), Tenant, "generator")
        })
        const seen = yield* manager
          .use((outer) => Effect.map(Tenant, (inner) => [outer, inner]))
          .pipe(Effect.provideService(Tenant, "caller"))
        assert.deepStrictEqual(seen, ["caller", "caller"])
      })
    )

    it.effect("provide works inside another effect: around the block of use", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const manager = ContextManager.make(function* (provide) {
          yield* Effect.ensuring(provide("x"), note("close"))
        })
        assert.strictEqual(yield* manager.use((x) => Effect.as(note("block"), x)), "x")
        assert.deepStrictEqual(log, ["block", "close"])
      })
    )

    it.effect("a timeout that the generator puts around provide cancels the block and is what is told", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const manager = ContextManager.make(function* (provide) {
          yield* provide(1).pipe(
            Effect.timeoutOrElse({ duration: "1 second", orElse: () => new CloseError({ why: "too long" }) })
          )
        })
        const fiber = yield* Effect.forkChild(
          Effect.exit(manager.use(() => Effect.onInterrupt(Effect.never, () => note("interrupted"))))
        )
        yield* TestClock.adjust("1 second")
        const exit = yield* Fiber.join(fiber)
        assert.deepStrictEqual(log, ["interrupted"])
        assert.deepStrictEqual(reasons(exit), ["Fail too long"])
      })
    )
  })

  describe("in a scope", () => {
    it.effect("stays open until the scope closes, in reverse order", () =>
      Effect.gen(function* () {
        const { log, note, manager } = logged()
        yield* Effect.scoped(
          Effect.gen(function* () {
            const a = yield* manager("a")
            const b = yield* manager("b")
            yield* note(`use ${a}${b}`)
          })
        )
        assert.deepStrictEqual(log, [
          "open a",
          "open b",
          "use ab",
          "close b after Success",
          "close a after Success"
        ])
      })
    )

    it.effect("shows how the scope ended", () =>
      Effect.gen(function* () {
        const { log, manager } = logged()
        yield* Effect.exit(Effect.scoped(Effect.andThen(manager("a"), Effect.fail("no"))))
        assert.deepStrictEqual(log, ["open a", "close a after Failure"])
      })
    )

    it.effect("a failure after provide is a defect, as of any finalizer", () =>
      Effect.gen(function* () {
        const manager = ContextManager.make(function* (provide) {
          yield* provide(1)
          yield* new CloseError({ why: "flush" })
        })
        const exit = yield* Effect.exit(Effect.scoped(manager))
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause) && !Cause.hasFails(exit.cause))
      })
    )

    it.effect("the services of the opening are there when it closes elsewhere", () =>
      Effect.gen(function* () {
        class Name extends Context.Service<Name, string>()("Name") {}
        const { log, note } = logged()
        const manager = ContextManager.make(function* (provide) {
          yield* provide(1)
          yield* note(yield* Name)
        })
        const scope = yield* Scope.make()
        yield* manager.pipe(Effect.provideService(Name, "opener"), Scope.provide(scope))
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(log, ["opener"])
      })
    )

    it.effect("an interrupted opening completes and is closed", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const manager = ContextManager.make(function* (provide) {
          yield* note("open")
          yield* Effect.sleep("1 second")
          const ended = yield* provide(1)
          yield* note(`close ${reasons(ended.exit)[0]}`)
        })
        const fiber = yield* Effect.forkChild(Effect.scoped(Effect.andThen(manager, note("block"))))
        yield* TestClock.adjust("0 seconds")
        const interrupted = yield* Effect.forkChild(Fiber.interrupt(fiber))
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(interrupted)
        assert.deepStrictEqual(log, ["open", "close Interrupt"])
      })
    )

    it.effect("provide inside another effect dies, and says what to do", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const manager = ContextManager.make(function* (provide) {
          yield* Effect.ensuring(provide("x"), note("close"))
        })
        const exit = yield* Effect.exit(Effect.scoped(manager))
        assert.match(reasons(exit)[0]!, /in a scope, provide must be yielded by the generator itself/)
        assert.deepStrictEqual(log, ["close"])
      })
    )

    it.effect("a scope that is closed already: dies, opens nothing", () =>
      Effect.gen(function* () {
        const { log, manager } = logged()
        const scope = yield* Scope.make()
        yield* Scope.close(scope, Exit.void)
        const exit = yield* Effect.exit(Scope.provide(manager("a"), scope))
        assert.match(reasons(exit)[0]!, /opened in a scope that is already closed/)
        assert.deepStrictEqual(log, [])
      })
    )

    it.effect("a scope that closes during the opening: closed at once, and dies", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const scope = yield* Scope.make()
        const manager = ContextManager.make(function* (provide) {
          yield* note("open")
          yield* Scope.close(scope, Exit.void)
          yield* provide(1)
          yield* note("close")
        })
        const exit = yield* Effect.exit(Scope.provide(manager, scope))
        assert.match(reasons(exit)[0]!, /already closed/)
        assert.deepStrictEqual(log, ["open", "close"])
      })
    )
  })

  describe("closeTimeout", () => {
    const slow = (note: (line: string) => Effect.Effect<void>, cleanup: Effect.Effect<void>) =>
      ContextManager.make(
        function* (provide) {
          try {
            yield* provide(1)
            yield* cleanup
            yield* note("closed in time")
          } finally {
            yield* note("finally")
          }
        },
        { name: "slow", closeTimeout: "5 seconds" }
      )

    it.effect("a closing that ends in time is left alone", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const fiber = yield* Effect.forkChild(
          slow(note, Effect.sleep("4 seconds")).use(() => Effect.succeed("done"))
        )
        yield* TestClock.adjust("4 seconds")
        assert.strictEqual(yield* Fiber.join(fiber), "done")
        assert.deepStrictEqual(log, ["closed in time", "finally"])
      })
    )

    it.effect("a closing that hangs is interrupted, its finally blocks run, and it is told as a defect", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const fiber = yield* Effect.forkChild(
          Effect.exit(slow(note, Effect.never).use(() => Effect.succeed("done")))
        )
        yield* TestClock.adjust("5 seconds")
        const exit = yield* Fiber.join(fiber)
        assert.deepStrictEqual(reasons(exit), [
          `Die ContextManager "slow": closing took longer than 5s and was interrupted`
        ])
        assert.deepStrictEqual(log, ["finally"])
      })
    )

    it.effect("in a scope as well, and also when the closing fiber is interrupted itself", () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const fiber = yield* Effect.forkChild(
          Effect.scoped(Effect.andThen(slow(note, Effect.never), Effect.never))
        )
        yield* TestClock.adjust("0 seconds")
        const interrupt = yield* Effect.forkChild(Fiber.interrupt(fiber))
        yield* TestClock.adjust("5 seconds")
        yield* Fiber.join(interrupt)
        const exit = yield* Fiber.await(fiber)
        assert.deepStrictEqual(reasons(exit).toSorted(), [
          `Die ContextManager "slow": closing took longer than 5s and was interrupted`,
          "Interrupt"
        ])
        assert.deepStrictEqual(log, ["finally"])
      })
    )

    it.effect("a closing that cannot be interrupted is left behind after the same time again", () =>
      Effect.gen(function* () {
        const { note } = logged()
        const stuck = slow(note, Effect.uninterruptible(Effect.never))
        const fiber = yield* Effect.forkChild(
          Effect.exit(stuck.use(() => Effect.fail(new OpenError({ why: "block" }))))
        )
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual(reasons(yield* Fiber.join(fiber)), [
          "Fail block",
          `Die ContextManager "slow": closing took longer than 5s and did not end when interrupted and was left behind`
        ])
      })
    )

    it.effect("a time that is none dies", () =>
      Effect.gen(function* () {
        const attempt = (closeTimeout: number) => {
          const manager = ContextManager.make(
            function* (provide) {
              yield* provide(1)
            },
            { closeTimeout }
          )
          return Effect.map(Effect.exit(manager.use(() => Effect.void)), reasons)
        }
        assert.deepStrictEqual(yield* attempt(Number.NaN), [
          "Die ContextManager.make: closeTimeout must be a duration, got NaN"
        ])
        assert.deepStrictEqual(yield* attempt(-1), [
          "Die ContextManager.make: closeTimeout must be a duration >= 0, got -1"
        ])
      })
    )
  })
})
