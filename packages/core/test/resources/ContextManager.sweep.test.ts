import { assert, describe } from "@effect/vitest"
import { it } from "@skein/testing/vitest"
import { Effect } from "effect"

import * as ContextManager from "../../src/resources/ContextManager.ts"

describe("ContextManager interrupted at every operation", () => {
  const setup = Effect.sync(() => ({ opened: 0, closed: 0, used: 0 }))
  type State = Effect.Success<typeof setup>
  const step = <A>(f: () => A) => Effect.andThen(Effect.yieldNow, Effect.sync(f))
  const resource = (state: State) =>
    ContextManager.make(
      function* (provide) {
        yield* step(() => state.opened++)
        try {
          yield* provide(1)
        } finally {
          yield* step(() => {})
          yield* step(() => state.closed++)
        }
      },
      { closeTimeout: "1 second" }
    )
  const check = (state: State) =>
    Effect.sync(() => {
      assert.strictEqual(state.closed, state.opened)
      if (state.used > 0) assert.strictEqual(state.opened, 1)
    })

  it.sweep("use: what was opened is closed, once", {
    setup,
    subject: (state) => resource(state).use(() => step(() => state.used++)),
    check
  })

  it.sweep("in a scope: what was opened is closed, once", {
    setup,
    subject: (state) =>
      Effect.scoped(
        Effect.andThen(
          resource(state),
          step(() => state.used++)
        )
      ),
    check
  })

  it.sweep("stack: what was opened is closed, once each", {
    setup: Effect.sync(() => [0, 0, 0].map(() => ({ opened: 0, closed: 0, used: 0 }))),
    subject: (states) => ContextManager.stack(states.map(resource)).use(() => Effect.yieldNow),
    check: (states) => Effect.forEach(states, check, { discard: true })
  })

  it.sweep("fromDisposable: what was acquired is disposed of", {
    setup,
    subject: (state) =>
      ContextManager.fromDisposable(
        step(() => {
          state.opened++
          return { [Symbol.dispose]: () => void state.closed++ }
        })
      ).use(() => Effect.yieldNow),
    check
  })
})
