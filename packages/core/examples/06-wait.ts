// `asyncio.wait(FIRST_COMPLETED)` and cancelling the pending: the first answer wins.
import { Console, Effect } from "effect"

import { Gather, Task, TaskGroup } from "@skein/core"

const mirror = (name: string, millis: number) =>
  Effect.onInterrupt(Effect.as(Effect.sleep(millis), name), () => Console.log(`${name} was not needed`))

const main = Effect.gen(function* () {
  // By hand: look who is done, and decide.
  yield* TaskGroup.run(
    Effect.gen(function* () {
      const tasks = [
        yield* TaskGroup.fork(mirror("eu", 10), { name: "eu" }),
        yield* TaskGroup.fork(mirror("us", 60_000), { name: "us" })
      ]
      const { done, pending } = yield* Task.wait(tasks, { until: "first-completed" })
      yield* Console.log(
        `done: ${done.map((task) => task.name)}, pending: ${pending.map((task) => task.name)}`
      )
      yield* Effect.forEach(pending, (task) => Task.cancel(task))
    })
  )

  // The same in a word. Losers are cancelled, and gone, when the winner is seen.
  yield* Console.log(yield* Gather.race([mirror("a", 5), mirror("b", 60_000)]))

  // The first that works: failures count only when there is no success.
  const broken = Effect.andThen(Effect.sleep(1), Effect.fail("no such host"))
  yield* Console.log(yield* Gather.firstSuccess([broken, mirror("backup", 10)]))

  // Two of three will do.
  yield* Console.log(yield* Gather.quorum([mirror("x", 5), broken, mirror("z", 15)], 2))
})

Effect.runPromise(main)
