import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"

import {
  CancelReason,
  CancelScope,
  Gather,
  Lock,
  Retry,
  Semaphore,
  Task,
  TaskGroup,
  TaskGroupError,
  TaskTree
} from "../../src/index.ts"
import { DbError, ends, inCause, launch, reasonIn } from "./fixtures.ts"

const waitingOn = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isFailure(exit) && exit.cause.reasons[0]?._tag === "Fail"
    ? (exit.cause.reasons[0].error as CancelScope.DeadlineExceeded).waitingOn
    : undefined

describe("CancelScope and tasks", () => {
  describe("who and why", () => {
    const seen = () => {
      const reasons: Array<CancelReason.CancelReason | undefined> = []
      const never = Effect.onExit(Effect.never, (exit) => Effect.sync(() => reasons.push(reasonIn(exit))))
      return { reasons, never }
    }

    it.effect("the reason of a cancel names the task that asked, that of a deadline the task it is in", () =>
      Effect.gen(function* () {
        const { never, reasons } = seen()
        yield* ends(
          TaskGroup.run(
            Effect.gen(function* () {
              const inside = yield* Deferred.make<CancelScope.CancelScope>()
              yield* TaskGroup.fork(
                CancelScope.run((scope) => Effect.andThen(Deferred.succeed(inside, scope), never)),
                { name: "victim" }
              )
              yield* TaskGroup.fork(
                Effect.flatMap(Deferred.await(inside), (scope) => CancelScope.cancel(scope, "enough")),
                { name: "boss" }
              )
              yield* TaskGroup.fork(CancelScope.moveOnAfter(never, "1 second", { name: "page" }), {
                name: "slow"
              })
            }),
            { name: "main" }
          )
        )
        assert.deepStrictEqual(
          reasons.map((reason) => [reason?._tag, reason?.label, reason?.by]),
          [
            ["Requested", "enough", "main/boss"],
            ["Deadline", "page", "main/slow"]
          ]
        )
      })
    )

    it.effect(
      "the reasons of Task.cancel, of a failed sibling and of the owner's end go through scopes",
      () =>
        Effect.gen(function* () {
          const { never, reasons } = seen()
          const scoped = CancelScope.run(() => CancelScope.failAfter(never, "1 hour"))
          yield* Effect.exit(
            TaskGroup.run(
              Effect.gen(function* () {
                const first = yield* TaskGroup.fork(scoped)
                yield* TaskGroup.fork(scoped, { background: true })
                yield* Effect.yieldNow
                yield* Task.cancel(first, "not needed")
              })
            )
          )
          yield* Effect.exit(
            TaskGroup.run(
              Effect.gen(function* () {
                yield* TaskGroup.fork(scoped)
                yield* TaskGroup.fork(Effect.andThen(Effect.yieldNow, Effect.fail("x")))
              })
            )
          )
          assert.deepStrictEqual(
            reasons.map((reason) => [reason?._tag, reason?.label]),
            [
              ["Requested", "not needed"],
              ["OwnerExited", undefined],
              ["SiblingFailed", undefined]
            ]
          )
        })
    )

    it.effect("a task whose scope's work interrupted itself was cancelled, not interrupted by nobody", () =>
      Effect.gen(function* () {
        const status = yield* TaskGroup.run(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(CancelScope.failAfter(Effect.interrupt, "1 second"))
            yield* Task.outcome(task)
            return yield* Task.status(task)
          })
        )
        assert.strictEqual(status, "cancelled")
      })
    )

    it.effect("work that joins a fiber which somebody interrupted is not cancelled, in a scope either", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          TaskGroup.run(
            Effect.gen(function* () {
              const other = yield* Effect.forkDetach(Effect.never)
              yield* TaskGroup.fork(CancelScope.run(() => Fiber.join(other)))
              yield* Effect.yieldNow
              yield* Fiber.interrupt(other)
            })
          )
        )
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      })
    )
  })

  describe("what it waited on", () => {
    it.effect("DeadlineExceeded names what Skein's primitives know, with the holder", () =>
      Effect.gen(function* () {
        const lock = yield* Lock.make({ name: "db" })
        const permits = yield* Semaphore.make(1, { name: "pages" })
        const { exit } = yield* ends(
          TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(Lock.withLock(lock, Effect.sleep("9 seconds")), { name: "writer" })
              yield* TaskGroup.fork(Semaphore.withPermits(permits, 1)(Effect.sleep("9 seconds")), {
                name: "reader"
              })
              yield* Effect.yieldNow
              const waits = [
                Lock.withLock(lock, Effect.void),
                Semaphore.withPermits(permits, 1)(Effect.void),
                CancelScope.failAfter(Lock.withLock(lock, Effect.void), "8 seconds")
              ]
              return yield* Effect.forEach(
                waits,
                (wait) => Effect.exit(CancelScope.failAfter(Effect.withSpan(wait, "span"), "1 second")),
                { concurrency: 1 }
              )
            }),
            { name: "main" }
          )
        )
        assert.isTrue(Exit.isSuccess(exit))
        assert.deepStrictEqual(
          (exit as Exit.Success<ReadonlyArray<Exit.Exit<unknown, unknown>>>).value.map(waitingOn),
          [
            "Lock db, held by main/writer",
            "Semaphore pages, held by main/reader",
            "Lock db, held by main/writer"
          ]
        )
      })
    )

    it.effect("a task stuck past its deadline shows it for as long as it is stuck", () =>
      Effect.gen(function* () {
        const seen: Array<string | undefined> = []
        yield* launch(
          TaskGroup.run(
            Effect.gen(function* () {
              const task = yield* TaskGroup.fork(
                Effect.sleep("4 seconds").pipe(
                  Effect.uninterruptible,
                  CancelScope.moveOnAfter("1 second", { name: "save" }),
                  Effect.andThen(Effect.sleep("5 seconds"))
                )
              )
              const look = Effect.map(TaskTree.snapshot, ({ nodes }) => {
                const node = nodes.find((node) => node.id === task.id)
                seen.push(
                  node &&
                    Option.getOrUndefined(
                      Option.map(node.waitingOn, (wait) => `${wait.operation} ${wait.resource}`)
                    )
                )
              })
              yield* Effect.delay(look, "500 millis")
              yield* Effect.delay(look, "1 second")
              yield* Effect.delay(look, "5 seconds")
            })
          )
        )
        yield* TestClock.adjust("20 seconds")
        assert.deepStrictEqual(seen, [undefined, "CancelScope.moveOnAfter save", undefined])
      })
    )
  })

  describe("nothing absorbs an interruption of its owner by accident:", () => {
    const absorbers: Record<string, (work: Effect.Effect<never>) => Effect.Effect<unknown, unknown>> = {
      "TaskGroup.run": (work) => TaskGroup.run(Effect.flatMap(TaskGroup.fork(work), Task.join)),
      "TaskGroup.collect": (work) => TaskGroup.collect(Effect.flatMap(TaskGroup.fork(work), Task.outcome)),
      "TaskGroup.supervise": (work) => TaskGroup.supervise(TaskGroup.fork(work)),
      "TaskGroupError.catchEach": (work) =>
        TaskGroup.collect(
          Effect.andThen(
            TaskGroup.fork(Effect.ensuring(work, Effect.void)),
            TaskGroup.fork(Effect.fail(new DbError({ code: "x" })))
          )
        ).pipe(TaskGroupError.catchEach({ DbError: () => Effect.succeed("absorbed") })),
      "Gather.settled": (work) => Gather.settled([work, Effect.succeed(1)]),
      "Gather.all": (work) => Gather.all([work, Effect.succeed(1)]),
      "Gather.firstSuccess": (work) => Gather.firstSuccess([work, Effect.fail(new DbError({ code: "x" }))]),
      "Retry.run": (work) => Retry.run(work, { while: () => true }),
      moveOnAfter: (work) => CancelScope.moveOnAfter(work, "1 hour"),
      run: (work) => CancelScope.run(() => work),
      "a catch of everything": (work) =>
        Effect.catchCause(CancelScope.failAfter(work, "1 hour"), () => Effect.succeed("absorbed"))
    }
    for (const [name, absorb] of Object.entries(absorbers)) {
      it.effect(name, () =>
        Effect.gen(function* () {
          let wentOn = false
          const fiber = yield* Effect.forkChild(
            Effect.andThen(
              absorb(Effect.never),
              Effect.sync(() => (wentOn = true))
            ),
            { startImmediately: true }
          )
          yield* Effect.yieldNow
          yield* Fiber.interrupt(fiber)
          assert.isFalse(wentOn)
          assert.include(inCause(yield* Fiber.await(fiber)), "Interrupt ?")
          const { exit } = yield* ends(CancelScope.moveOnAfter(absorb(Effect.never), "1 second"), 2)
          // A failure that was there before may stand beside it, but the deadline around it is not swallowed.
          if (Exit.isSuccess(exit)) assert.deepStrictEqual(exit.value, Option.none())
          else assert.deepStrictEqual(inCause(exit), ["Fail TaskGroupError"])
        })
      )
    }
  })

  describe("fetch", () => {
    // real time: a real request is aborted; nothing sleeps.
    it.live("given the signal, aborts with our reason", () =>
      Effect.gen(function* () {
        const asked = yield* Deferred.make<void>()
        const closed = yield* Deferred.make<void>()
        const server = yield* Effect.acquireRelease(
          Effect.callback<ReturnType<typeof createServer>>((resume) => {
            const server = createServer((request) => {
              request.on("close", () => Effect.runFork(Deferred.succeed(closed, undefined)))
              Effect.runFork(Deferred.succeed(asked, undefined))
            })
            server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
          }),
          (server) => Effect.sync(() => void server.close())
        )
        let rejected: unknown
        const request = Effect.flatMap(CancelScope.signal, (signal) =>
          Effect.callback<never>(() => {
            fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { signal }).catch((error) => {
              rejected = error
            })
          })
        )
        const outcome = yield* CancelScope.run(
          (scope) =>
            Effect.andThen(
              Effect.forkDetach(
                Effect.andThen(Deferred.await(asked), CancelScope.cancel(scope, "user left"))
              ),
              Effect.scoped(request)
            ),
          { name: "page" }
        )
        yield* Deferred.await(closed)
        assert.strictEqual(outcome._tag, "Cancelled")
        const error = rejected as CancelReason.AbortError
        assert.strictEqual(error.name, "AbortError")
        assert.strictEqual(error.reason.label, "user left")
        assert.strictEqual(error.reason, (outcome as CancelScope.Cancelled).reason)
      }).pipe(Effect.scoped)
    )
  })
})
