// `asyncio.Event`: waiters released by a setter. They go on in the order in which they waited, also when the event is
// cleared at once; and something outside of fibers may set it.
import { Console, Effect } from "effect"

import { Event, TaskGroup } from "@skein/core"

const main = Effect.gen(function* () {
  const ready = yield* Event.make({ name: "ready" })

  yield* TaskGroup.run(
    Effect.gen(function* () {
      for (const name of ["web", "mail", "cron"]) {
        yield* TaskGroup.fork(Effect.andThen(Event.wait(ready), Console.log(`${name} starts`)), { name })
      }
      yield* Effect.yieldNow
      yield* Console.log(`waiting: ${(yield* Event.statistics(ready)).waiting.join(", ")}`)
      yield* Console.log("migrations done")
      yield* Event.set(ready)
    }),
    { name: "service" }
  )

  // Set: whoever comes later does not wait.
  yield* Event.wait(ready)
  yield* Console.log(`set: ${yield* Event.isSet(ready)}`)

  // Used again: cleared, then set by a callback.
  yield* Event.clear(ready)
  setTimeout(() => Event.setUnsafe(ready), 5)
  yield* Event.wait(ready)
  yield* Console.log("the timer went off")
})

Effect.runPromise(main)
