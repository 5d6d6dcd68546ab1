import { assert, describe, it } from "@effect/vitest"
import { ContextManager, Task, TaskGroup } from "@skein/core"
import { Cause, Data, Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"

class Failed extends Data.TaggedError("Failed")<{ readonly where: string }> {}

const logged = () => {
  const log: Array<string> = []
  const note = (line: string) => Effect.sync(() => void log.push(line))
  const manager = (name: string, fails?: "open" | "close") =>
    ContextManager.make(function* (provide) {
      yield* note(`open ${name}`)
      if (fails === "open") yield* new Failed({ where: `open ${name}` })
      const { exit } = yield* provide(name)
      yield* note(`close ${name}: ${wheres(exit).join(", ") || "fine"}`)
      if (fails === "close") yield* new Failed({ where: `close ${name}` })
    })
  return { log, note, manager }
}

const wheres = (exit: Exit.Exit<unknown, unknown>): ReadonlyArray<string> =>
  Exit.isSuccess(exit)
    ? []
    : exit.cause.reasons.map((reason) =>
        reason._tag === "Interrupt"
          ? "interrupted"
          : reason._tag === "Fail"
            ? ((reason.error as Failed).where ?? String(reason.error))
            : ((reason.defect as Failed).where ?? (reason.defect as Error).message)
      )

describe("resource", () => {
  it.effect("RS-003: the block's error stays first, the errors of several releases stand beside it", () =>
    Effect.gen(function* () {
      const { manager } = logged()
      const all = ContextManager.stack([manager("a", "close"), manager("b", "close")])
      const exit = yield* Effect.exit(all.use(() => Effect.fail(new Failed({ where: "block" }))))
      assert.deepStrictEqual(wheres(exit), ["block", "close b", "close a"])
      const caught = yield* all
        .use(() => Effect.fail(new Failed({ where: "block" })))
        .pipe(Effect.catchTag("Failed", (error) => Effect.succeed(error.where)))
      assert.strictEqual(caught, "block")
      const scoped = yield* Effect.exit(
        Effect.scoped(Effect.andThen(all, Effect.fail(new Failed({ where: "block" }))))
      )
      assert.strictEqual(wheres(scoped)[0], "block")
    })
  )

  it.effect(
    "RS-004: each closing sees how it stands by then; a new failure joins the old one; none is suppressed",
    () =>
      Effect.gen(function* () {
        const { log, manager } = logged()
        const all = ContextManager.stack([manager("outer"), manager("middle", "close"), manager("inner")])
        yield* Effect.exit(all.use(() => Effect.fail(new Failed({ where: "block" }))))
        assert.deepStrictEqual(log.slice(3), [
          "close inner: block",
          "close middle: block",
          "close outer: block, close middle"
        ])
      })
  )

  it.effect(
    "RS-005: a stack that was opened in another scope is closed by that one, not by the scope it left",
    () =>
      Effect.gen(function* () {
        const { log, manager } = logged()
        const later = yield* Scope.make()
        yield* Effect.scoped(
          Effect.gen(function* () {
            const moved = yield* Scope.provide(ContextManager.stack([manager("a"), manager("b")]), later)
            assert.deepStrictEqual(moved, ["a", "b"])
          })
        )
        assert.deepStrictEqual(log, ["open a", "open b"])
        yield* Scope.close(later, Exit.void)
        assert.deepStrictEqual(log.slice(2), ["close b: fine", "close a: fine"])
      })
  )

  it.effect(
    "RS-006: providing never, twice, or again after an error is a usage error, and the generator is closed",
    () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const never = ContextManager.make(function* () {
          try {
            yield* note("ran")
          } finally {
            yield* note("closed")
          }
        })
        const twice = ContextManager.make(function* (provide) {
          try {
            yield* provide(1)
            yield* provide(2)
          } finally {
            yield* note("closed")
          }
        })
        const misuse = (effect: Effect.Effect<unknown, unknown>) =>
          Effect.map(Effect.exit(effect), (exit) =>
            Exit.isFailure(exit)
              ? exit.cause.reasons.filter(
                  (r) => r._tag === "Die" && r.defect instanceof ContextManager.UsageError
                ).length
              : 0
          )
        assert.strictEqual(yield* misuse(never.use(() => Effect.void)), 1)
        assert.strictEqual(yield* misuse(twice.use(() => Effect.void)), 1)
        assert.strictEqual(yield* misuse(twice.use(() => Effect.fail("block"))), 1)
        assert.strictEqual(yield* misuse(Effect.scoped(twice)), 1)
        assert.deepStrictEqual(log, ["ran", "closed", "closed", "closed", "closed"])
      })
  )

  it.effect(
    "RS-008: an opening that fails can be caught where it was asked for, and nothing is released",
    () =>
      Effect.gen(function* () {
        const { log, manager } = logged()
        const caught = yield* Effect.scoped(
          Effect.gen(function* () {
            const value = yield* Effect.catchTag(manager("a", "open"), "Failed", (error) =>
              Effect.succeed(error.where)
            )
            log.push("goes on")
            return value
          })
        )
        assert.strictEqual(caught, "open a")
        assert.deepStrictEqual(log, ["open a", "goes on"])
      })
  )

  it.effect(
    "RS-009: a background task of a resource that fails later fails the block, or the group it was forked into",
    () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const heartbeat = Effect.andThen(
          Effect.sleep("1 second"),
          Effect.fail(new Failed({ where: "heartbeat" }))
        )
        const own = ContextManager.make(function* (provide) {
          yield* TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(heartbeat, { background: true })
              yield* provide("connection")
            })
          )
        })
        const used = yield* Effect.forkChild(
          Effect.exit(own.use(() => Effect.onInterrupt(Effect.never, () => note("block interrupted"))))
        )
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(wheres(yield* Fiber.join(used)), ["heartbeat"])
        assert.deepStrictEqual(log, ["block interrupted"])

        const owners = ContextManager.make(function* (provide) {
          yield* TaskGroup.fork(heartbeat)
          yield* provide("connection")
        })
        const group = yield* Effect.forkChild(
          Effect.exit(Effect.scoped(TaskGroup.run(Effect.andThen(owners, Effect.never))))
        )
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(wheres(yield* Fiber.join(group)), ["heartbeat"])
      })
  )

  it.effect(
    "RS-010: cancelled while opening: the opening ends, is closed at once, and the block never runs",
    () =>
      Effect.gen(function* () {
        const { log, note } = logged()
        const slow = ContextManager.make(function* (provide) {
          yield* Effect.acquireRelease(note("part"), () => note("part released"))
          yield* Effect.sleep("1 second")
          const { exit } = yield* provide(1)
          yield* note(`close: ${wheres(exit).join()}`)
        })
        yield* TaskGroup.run(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(slow.use(() => note("block")))
            yield* Effect.yieldNow
            const cancel = yield* TaskGroup.fork(Task.cancel(task))
            yield* TestClock.adjust("1 second")
            yield* Task.join(cancel)
          })
        )
        assert.deepStrictEqual(log, ["part", "close: interrupted", "part released"])
      })
  )

  it.effect("RS-011: a cleanup registered late in a task runs at the task's end and may suspend", () =>
    Effect.gen(function* () {
      const { log, note } = logged()
      yield* TaskGroup.run(
        TaskGroup.fork(
          ContextManager.make(function* (provide) {
            yield* provide(1)
            yield* Effect.yieldNow
            yield* note("cleanup")
          }).pipe(Effect.andThen(note("registered, the task goes on")), Effect.scoped)
        )
      )
      assert.deepStrictEqual(log, ["registered, the task goes on", "cleanup"])
    })
  )

  it.effect(
    "RS-012: opened into a scope that has ended: a usage error; what ends meanwhile is closed at once",
    () =>
      Effect.gen(function* () {
        const { log, note, manager } = logged()
        const ended = yield* Scope.make()
        yield* Scope.close(ended, Exit.void)
        const exit = yield* Effect.exit(Scope.provide(manager("a"), ended))
        assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof ContextManager.UsageError)
        assert.deepStrictEqual(log, [])

        const ending = yield* Scope.make()
        const late = ContextManager.make(function* (provide) {
          yield* note("open")
          yield* Scope.close(ending, Exit.void)
          yield* provide(1)
          yield* note("close")
        })
        const lateExit = yield* Effect.exit(Scope.provide(late, ending))
        assert.isTrue(
          Exit.isFailure(lateExit) && Cause.squash(lateExit.cause) instanceof ContextManager.UsageError
        )
        assert.deepStrictEqual(log, ["open", "close"])
      })
  )
})
