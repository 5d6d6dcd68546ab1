// `create_task` without a reference: Python's loop keeps a weak reference only, so the task may vanish, and its exception
// with it. Effect's detached fibers do not vanish, but their failure does. A task has an owner, also when nobody keeps it.
import { Console, Data, Effect } from "effect"

import { TaskGroup } from "@skein/core"

class MailError extends Data.TaggedError("MailError")<{ readonly to: string }> {}

const send = (to: string) => Effect.andThen(Effect.yieldNow, Effect.fail(new MailError({ to })))

const unowned = Effect.gen(function* () {
  // The lint rule no-unowned-fork finds both; switched off to show what happens.
  // oxlint-disable-next-line skein/no-unowned-fork
  yield* Effect.forkDetach(send("ada"))
  // oxlint-disable-next-line skein/no-unowned-fork
  yield* Effect.forkChild(send("grace"))
  yield* Effect.sleep("5 millis")
  return "all mails sent"
})

const owned = TaskGroup.run(
  Effect.gen(function* () {
    yield* TaskGroup.fork(send("ada"), { name: "mail" })
    yield* Effect.sleep("5 millis")
    return "all mails sent"
  })
)

const program = Effect.gen(function* () {
  yield* Console.log(`unowned: ${yield* unowned}`)
  yield* owned.pipe(
    Effect.flatMap((text) => Console.log(`owned: ${text}`)),
    Effect.catchTag("MailError", (error) => Console.log(`owned: mail to ${error.to} failed`))
  )
})

await Effect.runPromise(program)
