import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import { TaskGroup } from "../../src/index.ts"
import { settle } from "../tasks/fixtures.ts"

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc") as () => void

const isGone = (reference: WeakRef<object>) =>
  Effect.gen(function* () {
    for (let i = 0; i < 20 && reference.deref() !== undefined; i++) {
      yield* settle
      collectGarbage()
    }
    return reference.deref() === undefined
  })

// real time: the garbage collector has no virtual clock
describe("taskgroup: memory", () => {
  it.live("TG-033: a failed group keeps neither its error nor its children alive", () =>
    Effect.gen(function* () {
      const references = yield* Effect.gen(function* () {
        const made: Array<WeakRef<object>> = []
        yield* Effect.exit(
          TaskGroup.run(
            Effect.gen(function* () {
              made.push(new WeakRef(yield* TaskGroup.fork(Effect.never)))
              const error = new Error("released")
              made.push(new WeakRef(error))
              yield* TaskGroup.fork(Effect.andThen(settle, Effect.fail(error)))
            })
          )
        )
        return made
      })
      assert.deepStrictEqual(yield* Effect.forEach(references, isGone), [true, true])
    })
  )

  it.live("TG-021: a finished child is forgotten while its group goes on", () =>
    TaskGroup.run(
      Effect.gen(function* () {
        const reference = yield* Effect.map(TaskGroup.fork(settle), (task) => new WeakRef(task))
        yield* settle
        assert.isTrue(yield* isGone(reference))
      })
    )
  )
})
