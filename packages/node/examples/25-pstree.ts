// `python -m asyncio pstree <pid>`: what is running, and what hangs. The tree is always there: every task with its path, what it
// waits on and who holds that. At a signal the Runner prints it (`dump: "SIGUSR2"`); here the program looks at itself.
import { Lock, TaskGroup, TaskTree } from "@skein/core"
import { Console, Effect } from "effect"

import { Runner } from "@skein/node"

/** What differs from run to run. */
const withoutTimes = (tree: string): string => tree.replaceAll(/ (?:for )?\d+m?s(?: \d+ms)?/g, "")

const program = Effect.gen(function* () {
  const [orders, stock] = [yield* Lock.make({ name: "orders" }), yield* Lock.make({ name: "stock" })]
  const both = (first: Lock.Lock, second: Lock.Lock) =>
    Effect.sleep("5 millis").pipe(Effect.andThen(Lock.withLock(second, Effect.void)), Lock.withLock(first))

  // each holds what the other wants
  yield* TaskGroup.fork(both(orders, stock), { name: "sell", background: true })
  yield* TaskGroup.fork(both(stock, orders), { name: "refill", background: true })
  yield* TaskGroup.fork(Lock.withLock(stock, Effect.void), { name: "report", background: true })
  yield* Effect.sleep("50 millis")

  const snapshot = yield* TaskTree.snapshot
  yield* Console.log(withoutTimes(TaskTree.render(snapshot)))
  for (const cycle of TaskTree.deadlocks(snapshot)) {
    yield* Console.log(
      `deadlock: ${cycle
        .map((node) => node.name)
        .sort()
        .join(" and ")} wait for each other`
    )
  }
})

program.pipe(TaskGroup.run({ name: "shop" }), Runner.main)
