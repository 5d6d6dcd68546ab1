import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Option, Scope } from "effect"
import { TestClock } from "effect/testing"

import { Task, TaskGroup, TaskTree } from "../../src/index.ts"
import type { TaskGroupError } from "../../src/index.ts"
import { diesOf, failsOf, journal, settle } from "./fixtures.ts"

const message = (exit: Exit.Exit<unknown, unknown>): string => String(diesOf(exit)[0])

describe("TaskGroup", () => {
  describe("scoped", () => {
    it.effect(
      "a task that closes the scope its group belongs to dies, the others end as on any closing",
      () =>
        Effect.gen(function* () {
          const { lines, write } = journal()
          const scope = yield* Scope.make()
          const onFailure = (failure: TaskGroupError.TaskFailure<never>) =>
            write(String(Cause.squash(failure.cause)))
          const group = yield* Scope.provide(TaskGroup.scoped({ name: "jobs", onFailure }), scope)
          const other = yield* TaskGroup.forkIn(
            group,
            Effect.onInterrupt(Effect.never, () => write("other ended"))
          )
          const closer = TaskGroup.run(Scope.close(scope, Exit.void), { name: "inner" })
          const task = yield* TaskGroup.forkIn(group, Effect.andThen(Effect.yieldNow, closer), {
            name: "closer"
          })
          yield* Task.outcome(task)
          yield* settle
          assert.deepStrictEqual(lines, [
            "other ended",
            "InvalidArgument: TaskGroup.scoped: jobs/closer, a task of jobs, closes the scope of its group, it would wait for itself"
          ])
          assert.strictEqual(yield* Task.status(other), "cancelled")
          assert.deepStrictEqual((yield* TaskTree.snapshot).nodes, [])
        })
    )

    it.effect("a failure handler may close the scope: it waits for the tasks, not for itself", () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        const scope = yield* Scope.make()
        const onFailure = (failure: TaskGroupError.TaskFailure<string>) =>
          Effect.andThen(
            write(`failed ${failure.task}`),
            Effect.andThen(Scope.close(scope, Exit.void), write("closed"))
          )
        const group = yield* Scope.provide(TaskGroup.scoped<string>({ name: "jobs", onFailure }), scope)
        yield* TaskGroup.forkIn(
          group,
          Effect.onInterrupt(Effect.never, () => write("other ended"))
        )
        yield* TaskGroup.forkIn(group, Effect.fail("no"), { name: "job" })
        yield* settle
        assert.deepStrictEqual(lines, ["failed job", "other ended", "closed"])
        assert.deepStrictEqual((yield* TaskTree.snapshot).nodes, [])
      })
    )

    it.effect("closing the scope waits for the grace, cancels what is left, and reports failures", () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        const fiber = yield* Effect.forkChild(
          Effect.scoped(
            Effect.gen(function* () {
              const group = yield* TaskGroup.scoped<string>({
                onFailure: (f) => write(`failed ${f.task}`),
                grace: "1 second"
              })
              yield* TaskGroup.forkIn(group, Effect.fail("e"), { name: "bad" })
              yield* TaskGroup.forkIn(group, Effect.andThen(Effect.sleep("500 millis"), write("finished")))
              yield* TaskGroup.forkIn(
                group,
                Effect.onInterrupt(Effect.never, () => write("cancelled"))
              )
            })
          )
        )
        yield* TestClock.adjust("900 millis")
        assert.deepStrictEqual(lines, ["failed bad", "finished"])
        yield* TestClock.adjust("100 millis")
        yield* Fiber.join(fiber)
        assert.deepStrictEqual(lines, ["failed bad", "finished", "cancelled"])
      })
    )

    it.effect("its tasks end before resources of the scope that were opened before their fork", () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        yield* Effect.scoped(
          Effect.gen(function* () {
            const group = yield* TaskGroup.scoped({ onFailure: () => Effect.void })
            yield* Effect.addFinalizer(() => write("resource closed"))
            yield* TaskGroup.forkIn(
              group,
              Effect.onInterrupt(Effect.never, () => write("task gone"))
            )
          })
        )
        assert.deepStrictEqual(lines, ["task gone", "resource closed"])
      })
    )

    it.effect("belongs to a service built in a layer", () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        const Poller = Layer.effectDiscard(
          Effect.gen(function* () {
            const group = yield* TaskGroup.scoped({ name: "poller", onFailure: () => Effect.void })
            yield* TaskGroup.forkIn(
              group,
              Effect.onInterrupt(Effect.never, () => write("stopped"))
            )
          })
        )
        yield* Effect.provide(Effect.andThen(settle, write("used")), Poller)
        assert.deepStrictEqual(lines, ["used", "stopped"])
      })
    )
  })

  describe("cancel, close, drain", () => {
    it.effect("cancel called by a task of the group hits it, too, and does not wait for it", () =>
      Effect.gen(function* () {
        const [statuses, after] = yield* TaskGroup.run(
          Effect.gen(function* () {
            const other = yield* TaskGroup.fork(Effect.never)
            const caller = yield* TaskGroup.fork(
              Effect.andThen(settle, Effect.andThen(TaskGroup.cancel("all"), Effect.never))
            )
            yield* Task.wait([other, caller], { until: "all-completed" })
            const again = yield* TaskGroup.fork(Effect.succeed("again"))
            return [[yield* Task.status(other), yield* Task.status(caller)], yield* Task.join(again)] as const
          })
        )
        assert.deepStrictEqual([statuses, after], [["cancelled", "cancelled"], "again"])
      })
    )

    it.effect("a sibling that joins another is not woken by its cancellation when both are cancelled", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          TaskGroup.run(
            Effect.gen(function* () {
              const target = yield* TaskGroup.fork(Effect.never)
              yield* TaskGroup.fork(Task.join(target))
              yield* settle
              yield* TaskGroup.cancel()
            })
          )
        )
        assert.deepStrictEqual(exit, Exit.void)
      })
    )

    it.effect("drain tells how each ended; called by a task of the group it dies", () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(
          TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(Effect.sleep("1 second"), { name: "short" })
              yield* TaskGroup.fork(Effect.sleep("1 hour"), { name: "long" })
              const ended = yield* TaskGroup.drain({ grace: "2 seconds" })
              return [ended.map(({ task, status }) => [task, status]), yield* TaskGroup.isClosed()] as const
            })
          )
        )
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(yield* Fiber.join(fiber), [
          [
            ["short", "succeeded"],
            ["long", "cancelled"]
          ],
          true
        ])
        const child = Effect.flatMap(Effect.forkChild(TaskGroup.drain({ grace: 0 })), Fiber.join)
        for (const drain of [TaskGroup.drain({ grace: 0 }), child]) {
          const own = yield* Effect.exit(TaskGroup.run(TaskGroup.fork(drain, { name: "me" }), { name: "g" }))
          assert.match(
            message(own),
            /TaskGroup\.drain: called by g\/me, a task of g, it would wait for itself/
          )
        }
      })
    )

    it.effect("after close a plain fork dies, one through a handle fails", () =>
      Effect.gen(function* () {
        const [died, failed] = yield* TaskGroup.run(
          Effect.gen(function* () {
            const group = yield* TaskGroup.current()
            yield* TaskGroup.close()
            return [
              yield* Effect.exit(TaskGroup.fork(Effect.void)),
              yield* Effect.exit(TaskGroup.forkIn(group, Effect.void))
            ] as const
          }),
          { name: "g" }
        )
        const closed = new TaskGroup.TaskGroupClosed({ group: "g" })
        assert.deepStrictEqual([diesOf(died), failsOf(failed)], [[closed], [closed]])
      })
    )
  })

  describe("runtime", () => {
    it.effect(
      "forks synchronously in the caller's context; at the limit the task is pending until its turn",
      () =>
        Effect.gen(function* () {
          const { lines, write } = journal()
          yield* TaskGroup.run(
            Effect.gen(function* () {
              const gate = yield* Deferred.make<void>()
              const fork = yield* TaskGroup.runtime(yield* TaskGroup.current())()
              fork(Deferred.await(gate))
              const pending = fork(write("ran"))
              assert.strictEqual(yield* Task.status(pending), "pending")
              yield* Deferred.succeed(gate, undefined)
              yield* Task.join(pending)
            }),
            { limit: 1 }
          )
          assert.deepStrictEqual(lines, ["ran"])
        })
    )

    it.effect("after the end the task handed back is already cancelled", () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        const fork = yield* TaskGroup.run(
          Effect.flatMap(TaskGroup.current(), (group) => TaskGroup.runtime(group)())
        )
        const task = fork(write("ran"))
        yield* settle
        assert.deepStrictEqual([yield* Task.status(task), lines], ["cancelled", []])
      })
    )
  })

  describe("start", () => {
    it.effect("a task has one path and one parent, before its report and after", () =>
      TaskGroup.run(
        Effect.gen(function* () {
          const paths: Array<string> = []
          const note = Effect.flatMap(Task.current, (me) =>
            Effect.sync(() => void paths.push(Option.getOrThrow(me).path))
          )
          const server = (started: (port: number) => Effect.Effect<void>) =>
            Effect.andThen(note, Effect.andThen(started(80), note))
          yield* TaskGroup.fork(TaskGroup.start(server, { name: "server" }), { name: "caller" })
          yield* settle
          assert.deepStrictEqual(paths, ["g/server", "g/server"])
        }),
        { name: "g" }
      )
    )

    it.effect("a task that gives up before its report says so", () =>
      TaskGroup.run(
        Effect.gen(function* () {
          const exit = yield* Effect.exit(
            TaskGroup.start((_: (port: number) => Effect.Effect<void>) => Effect.interrupt, {
              name: "server"
            })
          )
          assert.match(String(failsOf(exit)[0]), /g\/server was cancelled before it called started/)
        }),
        { name: "g" }
      )
    )
  })
})
