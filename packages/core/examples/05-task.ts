// `create_task`, later `await task`: start now, ask for the result later. The task has an owner, so it is neither forgotten nor
// silent, and its error is in the type of the group.
import { Console, Effect } from "effect"

import { Task, TaskGroup } from "@skein/core"

const fetchUser = Effect.fn("fetchUser")(function* (id: number) {
  yield* Effect.sleep(10)
  return { id, name: "ada" }
})

const main = TaskGroup.run(
  Effect.gen(function* () {
    const user = yield* TaskGroup.fork(fetchUser(1), { name: "user" })
    yield* Console.log(`${user.path} is ${yield* Task.status(user)}`)

    yield* Console.log("doing something else meanwhile")
    const { name } = yield* Task.join(user)
    yield* Console.log(`${user.path} ${yield* Task.status(user)}: ${name}`)

    // A server is ready before anybody uses it: `start` waits for its word.
    const [port, server] = yield* TaskGroup.start(
      (started) =>
        Effect.andThen(
          started(8080),
          Effect.onInterrupt(Effect.never, () => Console.log("server stopped"))
        ),
      { name: "server" }
    )
    yield* Console.log(`listening on ${port}`)

    // Cancelling waits for the cleanup. Joining what was cancelled is a defect that says who cancelled it and why.
    yield* Task.cancel(server, "nobody is calling")
    const exit = yield* Effect.exit(Task.join(server))
    yield* Console.log(exit._tag === "Failure" ? String(exit.cause.reasons.map((r) => r.toString())) : "")
  }),
  { name: "main" }
)

Effect.runPromise(main)
