import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Deferred, Effect, Exit, Fiber, Logger, Option } from "effect"
import { TestClock } from "effect/testing"

import { CancelReason, CancelScope, Hedge, Lock, Retry, Task, TaskGroup } from "../../src/index.ts"
import {
  diesOf,
  failsOf,
  interrupted,
  isInterrupted,
  isOnlyInterrupted,
  journal,
  settle
} from "./fixtures.ts"

const message = (exit: Exit.Exit<unknown, unknown>): string => String(diesOf(exit)[0])

describe("TaskGroup", () => {
  describe("run", () => {
    it.effect("a limit that is no integer of at least 1 dies and names it", () =>
      Effect.gen(function* () {
        for (const limit of [0, -1, 1.5, NaN]) {
          const exit = yield* Effect.exit(TaskGroup.run(Effect.void, { limit }))
          assert.strictEqual(
            message(exit),
            `InvalidArgument: TaskGroup.run: limit must be an integer or Infinity >= 1, got ${limit}`
          )
        }
      })
    )

    it.effect("the siblings' reason names the task that failed", () =>
      Effect.gen(function* () {
        const exits: Array<Exit.Exit<unknown, unknown>> = []
        yield* Effect.exit(
          TaskGroup.run(
            Effect.gen(function* () {
              const sibling = yield* TaskGroup.fork(Effect.never, { name: "sibling" })
              sibling.fiber.addObserver((exit) => exits.push(exit))
              yield* TaskGroup.fork(Effect.andThen(settle, Effect.fail("no")), { name: "culprit" })
            }),
            { name: "g" }
          )
        )
        const reason = CancelReason.fromCause((exits[0] as Exit.Failure<unknown, unknown>).cause)
        assert.strictEqual(
          reason._tag === "Some" && reason.value._tag === "SiblingFailed" && reason.value.sibling,
          "g/culprit"
        )
      })
    )

    it.effect("failures after the first are logged at Warning with their path", () =>
      Effect.gen(function* () {
        const logged: Array<unknown> = []
        const logger = Logger.make(({ logLevel, message }) => void logged.push([logLevel, message]))
        yield* Effect.exit(
          TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(Effect.ensuring(Effect.never, Effect.die("cleanup")), { name: "second" })
              yield* TaskGroup.fork(Effect.andThen(settle, Effect.fail("first")))
            }),
            { name: "g" }
          )
        ).pipe(Effect.provide(Logger.layer([logger])))
        assert.strictEqual(logged.length, 1)
        assert.match(JSON.stringify(logged[0]), /Warn.*g\/second failed while g was being cancelled/)
      })
    )

    it.effect(
      "a body that interrupts itself ends its owner as cancelled, not as a foreign interruption",
      () =>
        Effect.gen(function* () {
          const exit = yield* Effect.exit(
            TaskGroup.run(
              Effect.gen(function* () {
                const task = yield* TaskGroup.fork(TaskGroup.run(Effect.interrupt))
                return yield* Task.outcome(task)
              })
            )
          )
          assert.isTrue(exit._tag === "Success" && isOnlyInterrupted(exit.value))
        })
    )

    it.effect("a task that joins an interrupted foreign fiber is the defect ForeignInterrupt", () =>
      Effect.gen(function* () {
        const foreign = yield* Effect.forkDetach(Effect.never)
        const exit = yield* Effect.exit(
          TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(Fiber.join(foreign), { name: "joiner" })
              yield* settle
              yield* Fiber.interrupt(foreign)
            }),
            { name: "g" }
          )
        )
        assert.deepStrictEqual(diesOf(exit), [new TaskGroup.ForeignInterrupt({ task: "g/joiner" })])
      })
    )

    it.effect(
      "a task that gives up is cancelled; a child of Effect.all that does so is taken for a stranger",
      () =>
        Effect.gen(function* () {
          const giveUp = Effect.andThen(Effect.yieldNow, Effect.interrupt)
          const endingOf = (work: Effect.Effect<unknown>) =>
            Effect.gen(function* () {
              const task = yield* TaskGroup.fork(work, { name: "t" })
              yield* Task.outcome(task)
              return yield* Task.status(task)
            })
          const timed = CancelScope.failAfter(giveUp, "1 second").pipe(Effect.orDie)
          const scoped = CancelScope.run(() => giveUp)
          const retried = Retry.run(giveUp, { tags: [] })
          const hedged = Hedge.run(giveUp, { after: "1 second", copies: 2 })
          for (const work of [giveUp, timed, scoped, retried, hedged]) {
            assert.strictEqual(yield* TaskGroup.run(endingOf(work)), "cancelled")
          }
          const all = Effect.all([giveUp, Effect.never], { concurrency: "unbounded" })
          const exit = yield* Effect.exit(TaskGroup.run(TaskGroup.fork(all, { name: "t" }), { name: "g" }))
          assert.match(message(exit), /^ForeignInterrupt: g\/t ended interrupted .* Effect\.all/)
          const task = Effect.flatMap(Task.current, (self) =>
            Effect.all([Task.cancel(Option.getOrThrow(self)), Effect.never], { concurrency: "unbounded" })
          )
          assert.strictEqual(yield* TaskGroup.run(endingOf(task)), "cancelled")
        })
    )

    it.effect(
      "a body that joins one dies, too; a task whose own fiber was interrupted is only cancelled",
      () =>
        Effect.gen(function* () {
          const foreign = yield* Effect.forkDetach(Effect.never)
          const body = yield* Effect.forkChild(TaskGroup.run(Fiber.join(foreign), { name: "g" }))
          yield* settle
          yield* Fiber.interrupt(foreign)
          assert.instanceOf(diesOf(yield* Fiber.await(body))[0], TaskGroup.ForeignInterrupt)
          const value = yield* TaskGroup.run(
            Effect.gen(function* () {
              const task = yield* TaskGroup.fork(Effect.never)
              yield* Fiber.interrupt(task.fiber)
              return yield* Task.status(task)
            })
          )
          assert.strictEqual(value, "cancelled")
        })
    )

    it.effect("tasks see the services around their fork, and no lock that is held around the group", () =>
      Effect.gen(function* () {
        const Name = Context.Service<string>("test/Name")
        const lock = yield* Lock.make({ name: "outer" })
        const value = yield* Lock.withLock(
          lock,
          TaskGroup.run(
            Effect.gen(function* () {
              const task = yield* Effect.provideService(
                TaskGroup.fork(Effect.service(Name)),
                Name,
                "around the fork"
              )
              const waiting = yield* TaskGroup.fork(Lock.withLock(lock, Effect.void))
              yield* settle
              const status = yield* Task.status(waiting)
              yield* Task.cancel(waiting)
              return [yield* Task.join(task), status]
            })
          )
        )
        assert.deepStrictEqual(value, ["around the fork", "running"])
      })
    )

    it.effect("a task is not under a CancelScope around its fork, nor does it see its deadline", () =>
      Effect.gen(function* () {
        const [remaining, status] = yield* TaskGroup.run(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(Effect.andThen(settle, CancelScope.deadline)).pipe(
              CancelScope.failAfter("1 second"),
              Effect.orDie
            )
            yield* TestClock.adjust("2 seconds")
            return [yield* Task.join(task), yield* Task.status(task)] as const
          })
        )
        assert.deepStrictEqual([remaining._tag, status], ["None", "succeeded"])
      })
    )

    it.effect("nested ten thousand deep, cancelled at once, neither overflows nor hangs", () =>
      Effect.gen(function* () {
        const nest = (depth: number): Effect.Effect<void> =>
          depth === 0
            ? Effect.never
            : TaskGroup.run(Effect.asVoid(TaskGroup.fork(Effect.suspend(() => nest(depth - 1)))))
        const fiber = yield* Effect.forkChild(nest(10_000))
        for (let i = 0; i < 400; i++) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        assert.isTrue(isOnlyInterrupted(yield* Fiber.await(fiber)))
      })
    )

    it.effect("twenty thousand children of one group, cancelled at once", () =>
      Effect.gen(function* () {
        let gone = 0
        const child = Effect.onInterrupt(Effect.never, () => Effect.sync(() => gone++))
        const fiber = yield* Effect.forkChild(
          TaskGroup.run(
            Effect.forEach(Array.from({ length: 20_000 }), () => TaskGroup.fork(child), { discard: true })
          )
        )
        for (let i = 0; i < 60; i++) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(gone, 20_000)
      })
    )
  })

  describe("limit", () => {
    it.effect("forks wait in order of asking, and tryFork does not overtake them", () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        const gate = yield* Deferred.make<void>()
        yield* TaskGroup.run(
          Effect.gen(function* () {
            const group = yield* TaskGroup.current()
            yield* TaskGroup.fork(Deferred.await(gate))
            for (const name of ["a", "b"]) yield* Effect.forkChild(TaskGroup.forkIn(group, write(name)))
            yield* settle
            assert.strictEqual((yield* TaskGroup.tryFork(write("barging")))._tag, "None")
            yield* Deferred.succeed(gate, undefined)
            yield* Effect.andThen(settle, settle)
          }),
          { limit: 1 }
        )
        assert.deepStrictEqual(lines, ["a", "b"])
      })
    )

    it.effect("a fork interrupted while it waits starts nothing and passes nothing over", () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        const gate = yield* Deferred.make<void>()
        yield* TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(Deferred.await(gate))
            const first = yield* Effect.forkChild(TaskGroup.fork(write("never")))
            const second = yield* Effect.forkChild(TaskGroup.fork(write("second")))
            yield* settle
            yield* Deferred.succeed(gate, undefined)
            yield* Fiber.interrupt(first)
            yield* Fiber.join(second)
          }),
          { limit: 1 }
        )
        assert.deepStrictEqual(lines, ["second"])
      })
    )

    it.effect("background tasks take no slot", () =>
      Effect.map(
        TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(Effect.never, { background: true })
            const task = yield* TaskGroup.fork(Effect.succeed("ran"))
            return yield* Task.join(task)
          }),
          { limit: 1 }
        ),
        (value) => assert.strictEqual(value, "ran")
      )
    )

    it.effect("dies with TaskGroupSaturated when every task waits in fork of the group", () =>
      Effect.gen(function* () {
        const forking = Effect.andThen(settle, TaskGroup.fork(Effect.void))
        const exit = yield* Effect.exit(
          TaskGroup.run(
            Effect.andThen(TaskGroup.fork(forking, { name: "a" }), TaskGroup.fork(forking, { name: "b" })),
            { name: "g", limit: 2 }
          )
        )
        const defect = diesOf(exit)[0]
        assert.instanceOf(defect, TaskGroup.TaskGroupSaturated)
        assert.deepStrictEqual(defect.waiting, ["g/a", "g/b"])
      })
    )

    it.effect("is saturated once the last background task is gone, and tells a task of its own", () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(
          TaskGroup.run(
            Effect.gen(function* () {
              const group = yield* TaskGroup.current<never>()
              yield* TaskGroup.fork(Effect.sleep("1 second"), { background: true })
              yield* TaskGroup.fork(Effect.andThen(settle, TaskGroup.fork(Effect.void)), { name: "a" })
              // Waits longest, but is no task of the group.
              return yield* Effect.forkDetach(TaskGroup.forkIn(group, Effect.void))
            }),
            { name: "g", limit: 1 }
          )
        )
        yield* Effect.andThen(settle, settle)
        yield* TestClock.adjust("1 second")
        const defect = diesOf(yield* Fiber.await(fiber))[0]
        assert.instanceOf(defect, TaskGroup.TaskGroupSaturated)
        assert.deepStrictEqual(defect.waiting, ["g/a"])
      })
    )

    it.effect("is not saturated while a deadline inside the group will free a slot", () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(
          TaskGroup.run(
            TaskGroup.fork(
              Effect.andThen(settle, CancelScope.moveOnAfter(TaskGroup.fork(Effect.void), "1 second"))
            ),
            { limit: 1 }
          )
        )
        yield* Effect.andThen(settle, settle)
        yield* TestClock.adjust("1 second")
        assert.isTrue(Exit.isSuccess(yield* Fiber.await(fiber)))
      })
    )
  })

  describe("collect", () => {
    it.effect("a failing body cancels the tasks; its error comes first, the tasks' beside it", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          TaskGroup.collect(
            Effect.gen(function* () {
              yield* TaskGroup.fork(Effect.fail("task"))
              yield* TaskGroup.fork(Effect.never)
              return yield* Effect.fail("body")
            })
          )
        )
        const [body, group] = failsOf(exit)
        assert.strictEqual(body, "body")
        assert.strictEqual((group as { readonly _tag: string })._tag, "TaskGroupError")
      })
    )

    it.effect("a defect cancels the siblings and keeps the typed failures beside it", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          TaskGroup.collect(
            Effect.gen(function* () {
              yield* TaskGroup.fork(Effect.fail("typed"))
              yield* TaskGroup.fork(Effect.never)
              yield* TaskGroup.fork(Effect.andThen(settle, Effect.die("defect")))
            })
          )
        )
        assert.deepStrictEqual([diesOf(exit), failsOf(exit).length], [["defect"], 1])
      })
    )
  })

  describe("supervise", () => {
    it.effect("reports one after the other, and returns when all reports are in", () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        yield* TaskGroup.supervise(
          Effect.gen(function* () {
            for (const name of ["a", "b"]) yield* TaskGroup.fork(Effect.fail(name), { name })
          }),
          {
            onFailure: (f) =>
              Effect.andThen(write(`begin ${f.task}`), Effect.andThen(settle, write(`end ${f.task}`)))
          }
        )
        assert.deepStrictEqual(lines, ["begin a", "end a", "begin b", "end b"])
      })
    )

    it.effect("a defect in the handler ends the group, and the rest is not lost", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          TaskGroup.supervise(
            Effect.gen(function* () {
              yield* TaskGroup.fork(Effect.fail("a"))
              yield* TaskGroup.fork(Effect.fail("b"))
              yield* Effect.never
            }),
            { onFailure: () => Effect.andThen(settle, Effect.die("handler")) }
          )
        )
        assert.deepStrictEqual([diesOf(exit), failsOf(exit)], [["handler"], ["b"]])
      })
    )

    it.effect("a handler that ends interrupted ends the group, and does not pass for its cancellation", () =>
      Effect.gen(function* () {
        const interrupted = yield* Effect.forkChild(Effect.never)
        yield* Fiber.interrupt(interrupted)
        const foreign = yield* Effect.exit(
          TaskGroup.supervise(TaskGroup.fork(Effect.fail("a")), {
            name: "g",
            onFailure: () => Fiber.join(interrupted)
          })
        )
        assert.match(String(diesOf(foreign)[0]), /ForeignInterrupt: g\/onFailure ended interrupted/)
        const own = yield* Effect.exit(
          TaskGroup.supervise(TaskGroup.fork(Effect.fail("a")), {
            name: "g",
            onFailure: () => Effect.interrupt
          })
        )
        assert.isTrue(isOnlyInterrupted(own))
        const reason = Exit.isFailure(own) ? CancelReason.fromCause(own.cause) : Option.none()
        assert.strictEqual(Option.getOrThrow(reason).by, "g/onFailure")
      })
    )

    it.effect("a fork in the handler goes to the group around", () =>
      Effect.map(
        TaskGroup.run(
          Effect.gen(function* () {
            const paths: Array<string> = []
            yield* TaskGroup.supervise(TaskGroup.fork(Effect.fail("e")), {
              name: "inner",
              onFailure: () =>
                Effect.map(TaskGroup.fork(settle, { name: "repair" }), (task) => paths.push(task.path))
            })
            return paths
          }),
          { name: "outer" }
        ),
        (paths) => assert.deepStrictEqual(paths, ["outer/repair"])
      )
    )
  })

  it.effect("interrupted from outside: cancels, awaits, and hands its own reason down", () =>
    Effect.gen(function* () {
      const reasons: Array<string> = []
      const exit = yield* interrupted(
        TaskGroup.run(
          TaskGroup.fork(
            Effect.onExit(Effect.never, (exit) =>
              Effect.sync(() => {
                const reason = exit._tag === "Failure" ? CancelReason.fromCause(exit.cause) : undefined
                if (reason?._tag === "Some") reasons.push(reason.value._tag)
              })
            )
          )
        )
      )
      assert.deepStrictEqual([isInterrupted(exit), reasons], [true, ["OwnerExited"]])
      assert.isTrue(exit._tag === "Failure" && Cause.hasInterruptsOnly(exit.cause))
    })
  )
})
