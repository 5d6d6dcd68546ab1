// `ExceptionGroup` and `except*`: handle some kinds of failures, fail with the rest. `collect` lets all finish, its error lists every
// failure, and `catchEach` takes out of the type what it handles.
import { Console, Data, Effect } from "effect"

import { TaskGroup, TaskGroupError } from "@skein/core"

class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {
  override get message() {
    return `status ${this.status}`
  }
}
class DbError extends Data.TaggedError("DbError")<{ readonly code: string }> {
  override get message() {
    return `code ${this.code}`
  }
}

const deliver = TaskGroup.collect(
  Effect.gen(function* () {
    yield* TaskGroup.fork(Effect.fail(new HttpError({ status: 503 })), { name: "mail" })
    yield* TaskGroup.fork(Effect.fail(new HttpError({ status: 404 })), { name: "chat" })
    yield* TaskGroup.fork(Effect.fail(new DbError({ code: "23505" })), { name: "archive" })
    yield* TaskGroup.fork(Console.log("printed"), { name: "printer" })
  }),
  { name: "deliver" }
)

const main = Effect.gen(function* () {
  // All of them, as a tree.
  yield* Effect.catch(deliver, (error) => Console.log(error.message))

  // Some of them; what is left is a TaskGroupError<DbError>.
  yield* deliver.pipe(
    TaskGroupError.catchEach({
      HttpError: (failures) =>
        Console.log(`retry later: ${failures.map((failure) => failure.task).join(", ")}`)
    }),
    Effect.catchTag("TaskGroupError", (rest) => Console.log(`left: ${rest.failures[0].error.code}`))
  )
})

Effect.runPromise(main)
