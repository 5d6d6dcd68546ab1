import { assert, describe, it } from "@effect/vitest"
import { Lock, Task, TaskGroup } from "@skein/core"
import { Effect } from "effect"
import { Explore } from "@skein/testing"

/** Two tasks that take two locks in opposite order. */
const transfers = () =>
  Effect.gen(function* () {
    const left = yield* Lock.make({ name: "left" })
    const right = yield* Lock.make({ name: "right" })
    const transfer = (from: Lock.Lock, to: Lock.Lock) =>
      Lock.withLock(from, Effect.andThen(Effect.yieldNow, Lock.withLock(to, Effect.yieldNow)))
    yield* TaskGroup.run(
      Effect.gen(function* () {
        const tasks = [
          yield* TaskGroup.fork(transfer(left, right), { name: "there" }),
          yield* TaskGroup.fork(transfer(right, left), { name: "back" })
        ]
        for (const task of tasks) yield* Task.join(task)
      }),
      { name: "transfers" }
    )
  })

describe("Explore and Skein's tasks", () => {
  it.effect("names fibers by their tasks, and says what each waits for and who holds it", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(Explore.run(transfers))
      assert.strictEqual(failure.problem._tag, "Deadlock")
      const waiting = failure.problem._tag === "Deadlock" ? failure.problem.waiting : []
      const there = waiting.find((line) => line.startsWith("transfers/there"))
      assert.match(there ?? waiting.join("\n"), /waits for Lock right, held by transfers\/back/)
      assert.isTrue(failure.trace.some((step) => step.fiber === "transfers/back"))
    })
  )
})
