import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Logger, Option } from "effect"
import { TestClock } from "effect/testing"

import { CancelReason, CancelScope, Task, TaskGroup, TaskTree } from "../../src/index.ts"
import { diesOf, failsOf, isOnlyInterrupted, settle } from "./fixtures.ts"

const fetchUser = Effect.fn("fetchUser")(function* (id: number) {
  yield* settle
  return id
})

describe("Task", () => {
  describe("name and path", () => {
    it.effect("is the given name, else the Effect.fn name, else task:<id>", () =>
      TaskGroup.run(
        Effect.gen(function* () {
          const given = yield* TaskGroup.fork(fetchUser(1), { name: "user" })
          const fn = yield* TaskGroup.fork(fetchUser(2))
          const bare = yield* TaskGroup.fork(settle)
          yield* Effect.yieldNow
          assert.deepStrictEqual([given.name, fn.name, bare.name], ["user", "fetchUser", `task:${bare.id}`])
        })
      )
    )

    it.effect("a failed task is named by the Effect.fn that it failed in, after its end as well", () =>
      Effect.gen(function* () {
        const failing = Effect.fn("load")(function* () {
          yield* settle
          return yield* Effect.fail("no")
        })
        const error = yield* Effect.flip(TaskGroup.collect(TaskGroup.fork(failing()), { name: "g" }))
        assert.deepStrictEqual(
          error.failures.map(({ task, path }) => [task, path]),
          [["load", "g/load"]]
        )
      })
    )

    it.effect("joins names from the root with slashes, and escapes those inside a name", () =>
      Effect.map(
        TaskGroup.run(
          Effect.gen(function* () {
            const outer = yield* TaskGroup.fork(
              TaskGroup.run(
                Effect.map(TaskGroup.fork(settle, { name: "fetch:3" }), (task) => task.path),
                { name: "crawl" }
              ),
              { name: "https://a" }
            )
            return yield* Task.join(outer)
          }),
          { name: "main" }
        ),
        (path) => assert.strictEqual(path, "main/https:%2F%2Fa/crawl/fetch:3")
      )
    )

    it.effect("log lines carry the path through a logger that reads the fiber", () =>
      Effect.gen(function* () {
        const lines: Array<unknown> = []
        const logger = TaskTree.withPaths(Logger.make(({ message }) => void lines.push(message)))
        yield* TaskGroup.run(TaskGroup.fork(Effect.log("hello"), { name: "t" }), { name: "g" }).pipe(
          Effect.provide(Logger.layer([logger]))
        )
        assert.deepStrictEqual(lines, [["[g/t]", "hello"]])
      })
    )
  })

  describe("current", () => {
    it.effect("is the task, also inside a scope it entered and a group it opened; None outside", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* Task.current, Option.none())
        const paths = yield* TaskGroup.run(
          Effect.gen(function* () {
            const here = Effect.map(Task.current, (task) => Option.getOrThrow(task).path)
            const task = yield* TaskGroup.fork(
              Effect.all([
                here,
                CancelScope.failAfter(Effect.andThen(Effect.yieldNow, here), "1 second"),
                TaskGroup.run(here)
              ]),
              { name: "t" }
            )
            return yield* Task.join(task)
          }),
          { name: "g" }
        )
        assert.deepStrictEqual(paths, ["g/t", "g/t", "g/t"])
      })
    )
  })

  describe("join and outcome", () => {
    it.effect("give the value and the exit, before and after the end, to many", () =>
      TaskGroup.run(
        Effect.gen(function* () {
          const task = yield* TaskGroup.fork(Effect.as(settle, 1))
          const both = yield* Effect.all([Task.join(task), Task.outcome(task), Task.join(task)], {
            concurrency: "unbounded"
          })
          assert.deepStrictEqual(both, [1, Exit.succeed(1), 1])
          assert.deepStrictEqual([yield* Task.join(task), yield* Task.outcome(task)], [1, Exit.succeed(1)])
        })
      )
    )

    it.effect("a task that joins itself dies", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          TaskGroup.run(
            TaskGroup.fork(
              Effect.flatMap(Task.current, (task) => Task.join(Option.getOrThrow(task))),
              { name: "me" }
            ),
            { name: "g" }
          )
        )
        assert.match(String(diesOf(exit)[0]), /Task\.join: g\/me joins itself and would wait for ever/)
      })
    )

    it.effect("so does one that does it in a scope or a child fiber, or waits for itself among others", () =>
      Effect.gen(function* () {
        const asks: ReadonlyArray<(me: Task.Task<unknown, unknown>) => Effect.Effect<unknown, unknown>> = [
          (me) => CancelScope.run(() => Task.join(me)),
          (me) => CancelScope.run(() => Task.outcome(me)),
          (me) => Task.wait([me], { until: "first-completed" }),
          (me) => Task.wait([me], { until: "all-completed" }),
          (me) => Effect.flatMap(Effect.forkChild(Task.join(me)), Fiber.join),
          (me) => Effect.flatMap(Effect.forkChild(Task.wait([me], { until: "first-completed" })), Fiber.join),
          () =>
            Effect.flatMap(
              Effect.forkChild(Effect.flatMap(Task.current, (me) => Task.join(Option.getOrThrow(me)))),
              Fiber.join
            )
        ]
        for (const ask of asks) {
          const me = Effect.flatMap(Task.current, (task) => ask(Option.getOrThrow(task)))
          const exit = yield* Effect.exit(TaskGroup.run(TaskGroup.fork(me)))
          assert.match(String(diesOf(exit)[0]), /would wait for ever/)
        }
      })
    )

    it.effect("a join in a cancelled task's cleanup hears that what it joins was cancelled", () =>
      Effect.gen(function* () {
        const seen: Array<string> = []
        const cleanup = TaskGroup.run(
          Effect.gen(function* () {
            const gone = yield* TaskGroup.fork(Effect.never, { name: "gone" })
            const joiner = yield* TaskGroup.fork(Effect.exit(Task.join(gone)))
            yield* settle
            yield* Task.cancel(gone)
            seen.push(String(diesOf(yield* Task.join(joiner))[0]))
          }),
          { name: "cleanup" }
        )
        yield* TaskGroup.run(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(Effect.ensuring(Effect.never, cleanup))
            yield* settle
            yield* Task.cancel(task)
          })
        )
        assert.match(seen.join(), /cleanup\/gone was cancelled/)
      })
    )

    it.effect("so does one in a fiber of the body, while the group's tasks are being cancelled", () =>
      TaskGroup.run(
        Effect.gen(function* () {
          const gone = yield* TaskGroup.fork(Effect.never)
          yield* TaskGroup.fork(Effect.ensuring(Effect.never, Effect.sleep("1 second")))
          const group = yield* TaskGroup.current()
          const joiners = yield* Effect.forkChild(
            Effect.all(
              [
                Effect.exit(Task.join(gone)),
                Effect.exit(TaskGroup.start((_: (value: 1) => Effect.Effect<void>) => Effect.never))
              ],
              { concurrency: "unbounded" }
            )
          )
          yield* settle
          const cancel = yield* Effect.forkChild(TaskGroup.cancel(group))
          yield* TestClock.adjust("1 second")
          yield* Fiber.join(cancel)
          const [joined, started] = yield* Fiber.join(joiners)
          assert.match(String(diesOf(joined)[0]), /was cancelled/)
          assert.match(String(failsOf(started)[0]), /was cancelled before/)
        })
      )
    )
  })

  describe("cancel", () => {
    it.effect("returns when the cleanup has run; false for what had exited by itself", () =>
      TaskGroup.run(
        Effect.gen(function* () {
          let cleaned = false
          const task = yield* TaskGroup.fork(
            Effect.onInterrupt(Effect.never, () =>
              Effect.andThen(
                settle,
                Effect.sync(() => (cleaned = true))
              )
            )
          )
          assert.deepStrictEqual([yield* Task.cancel(task, "why"), cleaned], [true, true])
          assert.isFalse(yield* Task.cancel(task))
          const exit = yield* Task.outcome(task)
          assert.isTrue(isOnlyInterrupted(exit))
          const reason = exit._tag === "Failure" ? CancelReason.fromCause(exit.cause) : Option.none()
          assert.deepStrictEqual(
            Option.map(reason, ({ _tag, label }) => [_tag, label]),
            Option.some(["Requested", "why"])
          )
        })
      )
    )

    it.effect("a task that cancels itself ends as cancelled and does not wait for itself", () =>
      TaskGroup.run(
        Effect.gen(function* () {
          const task = yield* TaskGroup.fork(
            Effect.flatMap(Task.current, (self) =>
              Effect.andThen(Task.cancel(Option.getOrThrow(self)), Effect.never)
            )
          )
          yield* settle
          assert.strictEqual(yield* Task.status(task), "cancelled")
        })
      )
    )

    it.effect("two at once both wait for the one cleanup", () =>
      TaskGroup.run(
        Effect.gen(function* () {
          let cleaned = 0
          const task = yield* TaskGroup.fork(
            Effect.onInterrupt(Effect.never, () =>
              Effect.andThen(
                settle,
                Effect.sync(() => cleaned++)
              )
            )
          )
          const both = yield* Effect.all([Task.cancel(task, "a"), Task.cancel(task, "b")], {
            concurrency: "unbounded"
          })
          assert.deepStrictEqual([both, cleaned], [[true, true], 1])
        })
      )
    )
  })

  describe("status", () => {
    it.effect("running, cancelling, then how it ended", () =>
      TaskGroup.supervise(
        Effect.gen(function* () {
          const task = yield* TaskGroup.fork(Effect.onInterrupt(Effect.never, () => settle))
          const failing = yield* TaskGroup.fork(Effect.fail("no"))
          const running = yield* Task.status(task)
          const cancelling = yield* Effect.forkChild(Task.cancel(task))
          yield* Effect.yieldNow
          yield* Effect.yieldNow
          const during = yield* Task.status(task)
          yield* Effect.flatMap(Effect.void, () => Task.outcome(task))
          assert.deepStrictEqual(
            [running, during, yield* Task.status(task), yield* Task.status(failing)],
            ["running", "cancelling", "cancelled", "failed"]
          )
          assert.isDefined(cancelling)
        }),
        { onFailure: () => Effect.void }
      )
    )
  })

  describe("a task that has not taken its first step", () => {
    // Past some depth tasks are started a turn later, so that groups in groups do not overflow the stack.
    const inside = <A>(
      depth: number,
      body: Effect.Effect<A, never, TaskGroup.TaskGroup<never>>
    ): Effect.Effect<A> =>
      depth === 0 ? TaskGroup.run(body) : TaskGroup.run(Effect.suspend(() => inside(depth - 1, body)))

    const uses: Record<
      string,
      (task: Task.Task<number>) => Effect.Effect<unknown, never, TaskGroup.TaskGroup<never>>
    > = {
      join: Task.join,
      outcome: Task.outcome,
      wait: (task) => Effect.map(Task.wait([task], { until: "all-completed" }), ({ done }) => done.length),
      cancel: (task) => Effect.andThen(Task.cancel(task), Task.status(task)),
      "cancel the group": () => Effect.as(TaskGroup.cancel(), "cancelled"),
      status: Task.status
    }

    for (const [name, use] of Object.entries(uses)) {
      it.effect(`${name}, at whatever depth`, () =>
        Effect.gen(function* () {
          const body = Effect.flatMap(TaskGroup.fork(Effect.as(settle, 5)), use)
          const expected = yield* inside(0, body)
          for (let depth = 50; depth < 80; depth++)
            assert.deepStrictEqual(yield* inside(depth, body), expected)
        })
      )
    }
  })
})
