import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Effect, Exit, Fiber } from "effect"

import { TaskGroup, TaskGroupError } from "../../src/index.ts"
import { diesOf, failsOf, isInterrupted, settle } from "./fixtures.ts"

class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {}
class DbError extends Data.TaggedError("DbError")<{ readonly message: string }> {}

const failing = TaskGroup.collect(
  Effect.gen(function* () {
    yield* TaskGroup.fork(Effect.fail(new HttpError({ status: 500 })), { name: "user" })
    yield* TaskGroup.fork(Effect.fail(new DbError({ message: "gone\nfor good" })), { name: "posts" })
    yield* TaskGroup.fork(Effect.fail(new HttpError({ status: 404 })), { name: "avatar" })
    yield* TaskGroup.fork(Effect.fail("plain"), { name: "other" })
  }),
  { name: "page" }
)

describe("TaskGroupError", () => {
  describe("message", () => {
    it.effect("lists the failures as a tree, with names, tags and more than one line", () =>
      Effect.map(Effect.flip(failing), (error) =>
        assert.deepStrictEqual(error.message.split("\n"), [
          "4 tasks of page failed",
          '├─ user: HttpError {"status":500}',
          "├─ posts: DbError: gone",
          "│     for good",
          '├─ avatar: HttpError {"status":404}',
          "└─ other: plain"
        ])
      )
    )

    it.effect("shows what else went wrong in a task", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          TaskGroup.collect(
            TaskGroup.fork(
              TaskGroup.run(
                Effect.gen(function* () {
                  yield* TaskGroup.fork(Effect.uninterruptible(Effect.andThen(settle, Effect.fail("second"))))
                  yield* TaskGroup.fork(Effect.fail("first"))
                })
              ),
              { name: "nested" }
            ),
            { name: "g" }
          )
        )
        const error = failsOf(exit)[0] as TaskGroupError.TaskGroupError<string>
        assert.deepStrictEqual(
          error.failures.map((failure) => failure.error),
          ["first", "second"]
        )
        assert.match(error.message, /nested: first\n.*and second/)
      })
    )
  })

  describe("catchEach", () => {
    it.effect("runs the handlers of the tags that occurred in the order written; the rest fails on", () =>
      Effect.gen(function* () {
        const calls: Array<string> = []
        const error = yield* failing.pipe(
          TaskGroupError.catchEach({
            DbError: (failures) => Effect.sync(() => calls.push(`db ${failures.length}`)),
            HttpError: (failures) =>
              Effect.sync(() => calls.push(`http ${failures.map((f) => f.error.status).join()}`))
          }),
          Effect.flip
        )
        assert.deepStrictEqual(calls, ["db 1", "http 500,404"])
        assert.deepStrictEqual(
          error.failures.map((failure) => failure.error),
          ["plain"]
        )
      })
    )

    it.effect("succeeds with the last handler's value when nothing is left", () =>
      Effect.gen(function* () {
        const value = yield* TaskGroup.collect(
          TaskGroup.fork(Effect.fail(new HttpError({ status: 1 })))
        ).pipe(
          TaskGroupError.catchEach({ HttpError: (failures) => Effect.succeed(failures[0].error.status) })
        )
        assert.strictEqual(value as unknown, 1)
      })
    )

    it.effect("leaves success, other errors, defects and interruption alone", () =>
      Effect.gen(function* () {
        const handled = <A>(self: Effect.Effect<A, "body" | TaskGroupError.TaskGroupError<HttpError>>) =>
          TaskGroupError.catchEach(self, { HttpError: () => Effect.succeed("handled") })
        const child = TaskGroup.fork(Effect.fail(new HttpError({ status: 1 })))
        const value = yield* handled(TaskGroup.collect(Effect.as(TaskGroup.fork(Effect.void), "value")))
        assert.strictEqual(value, "value")
        const body = yield* Effect.exit(
          handled(TaskGroup.collect(Effect.andThen(child, Effect.fail("body" as const))))
        )
        assert.deepStrictEqual(failsOf(body), ["body"])
        const defect = yield* Effect.exit(
          handled(TaskGroup.collect(Effect.andThen(child, TaskGroup.fork(Effect.die("d")))))
        )
        assert.include(diesOf(defect) as Array<unknown>, "d")
        const fiber = yield* Effect.forkChild(handled(TaskGroup.collect(Effect.andThen(child, Effect.never))))
        yield* settle
        yield* Fiber.interrupt(fiber)
        assert.isTrue(isInterrupted(yield* Fiber.await(fiber)))
      })
    )

    it.effect("a failing handler comes instead of what the later ones would have handled", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          failing.pipe(
            TaskGroupError.catchEach({
              HttpError: () => Effect.fail("handler"),
              DbError: () => Effect.die("never called")
            })
          )
        )
        assert.deepStrictEqual(exit, Exit.fail("handler"))
      })
    )
  })

  it.effect("a defect stands beside the typed failures, which become its companions in the Cause", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        TaskGroup.collect(
          Effect.andThen(TaskGroup.fork(Effect.fail("typed")), TaskGroup.fork(Effect.die("defect")))
        )
      )
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      assert.isTrue(TaskGroupError.isTaskGroupError(failsOf(exit)[0]))
    })
  )
})
