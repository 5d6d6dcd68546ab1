// `time.sleep` in a coroutine: while one task blocks, every other one stands still, and nobody says why. Python's debug mode
// names a slow callback; LoopMonitor names the task, for how long, and the line.
import { TaskGroup } from "@skein/core"
import { Console, Duration, Effect, Option } from "effect"

import { LoopMonitor, Runner } from "@skein/node"

const blockingReport = (): number => {
  const end = performance.now() + 250
  let rows = 0
  while (performance.now() < end) rows++
  return rows
}

/** The function on top of the stack. */
const where = (stack: string): string =>
  stack
    .split("\n")
    .find((line) => line.includes("19-blocked-loop"))!
    .trim()
    .split(" ")[1]!

const program = Effect.gen(function* () {
  yield* LoopMonitor.make({
    threshold: "100 millis",
    onBlocked: ({ duration, stack, task }) =>
      Duration.toMillis(duration) < 200
        ? Effect.void
        : Console.log(
            `blocked for more than 200 ms by ${Option.getOrElse(task, () => "nobody")}`,
            `in ${Option.match(stack, { onNone: () => "?", onSome: where })}`
          )
  })
  yield* TaskGroup.run(
    Effect.gen(function* () {
      yield* TaskGroup.fork(Effect.forever(Effect.sleep("10 millis")), {
        name: "heartbeat",
        background: true
      })
      yield* TaskGroup.fork(Effect.sync(blockingReport), { name: "report" })
    }),
    { name: "shop" }
  )
  yield* Effect.sleep("200 millis")
})

program.pipe(Effect.scoped, Runner.main)
