// `asyncio.TaskGroup`: nothing leaves the block before all tasks are done, and their errors come out of it. Here they are in its type
// as well: `run` below fails with `HttpError | DbError`, and nobody wrote that down.
import { Console, Data, Effect } from "effect"

import { Task, TaskGroup } from "@skein/core"

class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {}
class DbError extends Data.TaggedError("DbError")<{ readonly code: string }> {}

const fetchUser = (id: number) =>
  id > 0
    ? Effect.as(Effect.sleep(10), "ada")
    : Effect.andThen(Effect.sleep(5), Effect.fail(new HttpError({ status: 404 })))
const countPosts = (id: number) =>
  id < 1_000
    ? Effect.onInterrupt(Effect.as(Effect.sleep(200), 3), () => Console.log("counting was cancelled"))
    : Effect.fail(new DbError({ code: "23505" }))

const page = (id: number) =>
  TaskGroup.run(
    Effect.gen(function* () {
      const user = yield* TaskGroup.fork(fetchUser(id), { name: "user" })
      const posts = yield* TaskGroup.fork(countPosts(id), { name: "posts" })
      return `${yield* Task.join(user)}: ${yield* Task.join(posts)} posts`
    }),
    { name: `page ${id}` }
  )

// A helper that leaves a task running says so in its type: it cannot be run without a group around it.
const heartbeat = TaskGroup.fork(
  Effect.forever(Effect.andThen(Effect.sleep("1 minute"), Console.log("alive"))),
  { name: "heartbeat", background: true }
)

const main = TaskGroup.run(
  Effect.gen(function* () {
    yield* heartbeat
    yield* Console.log(yield* page(1))
    // The group is where errors are caught: by then everything in it is gone.
    yield* page(0).pipe(
      Effect.catchTags({
        HttpError: (error) => Console.log(`HTTP ${error.status}`),
        DbError: (error) => Console.log(`database ${error.code}`)
      })
    )
  }),
  { name: "main" }
)

Effect.runPromise(main)
