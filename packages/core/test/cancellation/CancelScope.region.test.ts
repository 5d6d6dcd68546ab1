import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"

import { CancelScope, Semaphore, Task, TaskGroup } from "../../src/index.ts"
import { ends, inCause, launch } from "./fixtures.ts"

const id = Effect.map(Effect.fiber, (fiber) => fiber.id)

describe("CancelScope", () => {
  describe("the work of a time limit", () => {
    it.effect("runs on the fiber of its caller", () =>
      Effect.gen(function* () {
        const own = yield* id
        const work = Effect.andThen(Effect.yieldNow, id)
        assert.strictEqual(yield* CancelScope.failAfter(work, "1 second"), own)
        assert.deepStrictEqual(yield* CancelScope.moveOnAfter(work, "1 second"), Option.some(own))
      })
    )

    it.effect("is cancelled there, and the caller goes on as if it had never been interrupted", () =>
      Effect.gen(function* () {
        const { at, exit } = yield* ends(
          Effect.gen(function* () {
            const gone = yield* CancelScope.moveOnAfter(Effect.never, "1 second")
            const value = yield* Effect.as(Effect.sleep("1 second"), 1)
            const late = yield* Effect.exit(CancelScope.failAfter(Effect.never, "1 second"))
            const all = yield* Effect.all([Effect.delay(Effect.succeed(2), "1 second"), id], {
              concurrency: 2
            })
            return [gone, value, inCause(late), all[0]]
          })
        )
        assert.deepStrictEqual(exit, Exit.succeed([Option.none(), 1, ["Fail DeadlineExceeded"], 2]))
        assert.strictEqual(at, 4000)
      })
    )

    it.effect("ends with the children that it forked, awaited", () =>
      Effect.gen(function* () {
        yield* TestClock.adjust(0)
        const ended: Array<string> = []
        const child = (name: string) =>
          Effect.forkChild(
            Effect.ensuring(
              Effect.never,
              Effect.delay(
                Effect.sync(() => ended.push(name)),
                "1 second"
              )
            ),
            { startImmediately: true }
          )
        const { at, exit } = yield* ends(
          Effect.gen(function* () {
            yield* CancelScope.failAfter(child("at once"), "9 seconds")
            ended.push("1")
            yield* CancelScope.failAfter(Effect.andThen(Effect.yieldNow, child("later")), "9 seconds")
            ended.push("2")
            yield* CancelScope.moveOnAfter(Effect.andThen(child("late"), Effect.never), "1 second")
            ended.push("3")
            yield* Effect.exit(
              CancelScope.failAfter(Effect.andThen(child("failed"), Effect.fail("x")), "9 seconds")
            )
          })
        )
        assert.isTrue(Exit.isSuccess(exit))
        assert.deepStrictEqual(ended, ["at once", "1", "later", "2", "late", "3", "failed"])
        assert.strictEqual(at, 5000)
      })
    )

    it.effect("leaves those alone that its caller has already", () =>
      Effect.gen(function* () {
        const { exit } = yield* ends(
          Effect.gen(function* () {
            const before = yield* Effect.forkChild(Effect.delay(Effect.succeed("alive"), "5 seconds"))
            yield* CancelScope.moveOnAfter(Effect.never, "1 second")
            return yield* Fiber.join(before)
          })
        )
        assert.deepStrictEqual(exit, Exit.succeed("alive"))
      })
    )

    it.effect("gives back the context of its caller", () =>
      Effect.gen(function* () {
        const Name = Context.Reference<string>("test/Name", { defaultValue: () => "outside" })
        const changed = Effect.withFiber((fiber) => {
          fiber.setContext(Context.add(fiber.context, Name, "inside"))
          return Effect.yieldNow
        })
        yield* CancelScope.failAfter(changed, "1 second")
        assert.strictEqual(yield* Name, "outside")
        assert.isTrue(Option.isNone(yield* CancelScope.deadline))
      })
    )

    it.effect("stays interrupted for what else it was interrupted for, also in nested limits", () =>
      Effect.gen(function* () {
        const slow = Effect.ensuring(Effect.never, Effect.sleep("5 seconds"))
        const fiber = yield* launch(
          CancelScope.moveOnAfter(CancelScope.moveOnAfter(slow, "1 second"), "2 seconds").pipe(
            CancelScope.moveOnAfter("9 seconds")
          )
        )
        yield* TestClock.adjust("3 seconds")
        const interrupting = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
        yield* TestClock.adjust("9 seconds")
        yield* Fiber.await(interrupting)
        assert.deepStrictEqual(inCause(yield* Fiber.await(fiber)), ["Interrupt ?"])
      })
    )

    it.effect(
      "ends interrupted, not late, when it is interrupted while its children end after the deadline",
      () =>
        Effect.gen(function* () {
          yield* TestClock.adjust(0)
          const child = Effect.forkChild(Effect.ensuring(Effect.never, Effect.sleep("5 seconds")), {
            startImmediately: true
          })
          const work = CancelScope.failAfter(Effect.andThen(child, Effect.never), "1 second")
          const fiber = yield* Effect.forkChild(work, { startImmediately: true })
          yield* TestClock.adjust("2 seconds")
          const interrupting = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
          yield* TestClock.adjust("9 seconds")
          yield* Fiber.await(interrupting)
          assert.deepStrictEqual(inCause(yield* Fiber.await(fiber)), ["Interrupt ?"])
        })
    )

    it.effect("10,000 limits in each other, cancelled from the outermost", () =>
      Effect.gen(function* () {
        let nested: Effect.Effect<unknown> = Effect.never
        for (let i = 0; i < 10_000; i++) nested = CancelScope.moveOnAfter(nested, 20_000 - i)
        const { at, exit } = yield* ends(CancelScope.moveOnAfter(nested, "1 second"))
        assert.deepStrictEqual(exit, Exit.succeed(Option.none()))
        assert.strictEqual(at, 1000)
      })
    )

    it.effect("2,000 that are done at once, and 2,000 that yield first", () =>
      Effect.gen(function* () {
        for (const work of [Effect.suspend(() => Effect.succeed(1)), Effect.as(Effect.yieldNow, 1)]) {
          let nested: Effect.Effect<number, unknown> = work
          for (let i = 0; i < 2000; i++) nested = CancelScope.failAfter(nested, "1 second")
          assert.strictEqual(yield* nested, 1)
        }
      })
    )

    it.effect("a failure is passed on as it is", () =>
      Effect.gen(function* () {
        for (const first of [Effect.void, Effect.yieldNow]) {
          const failed = yield* Effect.exit(
            CancelScope.failAfter(Effect.andThen(first, Effect.fail("no")), "1 second")
          )
          assert.deepStrictEqual(failed, Exit.fail("no"))
        }
      })
    )

    it.effect("what a task waits on is known at the deadline", () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(1, { name: "db" })
        const waiting = CancelScope.failAfter(Semaphore.withPermit(semaphore, Effect.void), "1 second")
        const { exit } = yield* ends(
          Semaphore.withPermit(
            semaphore,
            TaskGroup.collect(Effect.flatMap(TaskGroup.fork(waiting), (task) => Task.outcome(task)))
          ) as Effect.Effect<unknown>
        )
        assert.match(String(exit), /waited on .*db/)
      })
    )
  })
})
