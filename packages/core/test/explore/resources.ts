import { strict as assert } from "node:assert"

import { ContextManager, Generator } from "@skein/core"
import { Effect, Stream } from "effect"

import { apart, of } from "./program.ts"
import type { Explored } from "./program.ts"

const balance = () => {
  const state = { opened: 0, closed: 0 }
  const open = Effect.andThen(
    Effect.yieldNow,
    Effect.sync(() => state.opened++)
  )
  const close = Effect.andThen(
    Effect.yieldNow,
    Effect.sync(() => state.closed++)
  )
  /** Also when the program itself was interrupted. */
  const balanced = <A, E>(program: Effect.Effect<A, E>) =>
    Effect.onExit(program, () =>
      Effect.sync(() => {
        if (state.opened !== state.closed) throw new Error(`opened ${state.opened}, closed ${state.closed}`)
      })
    )
  return { open, close, balanced, state }
}

const managers = (closeTimeout: boolean) => () => {
  const { open, close, balanced } = balance()
  const manager = ContextManager.make(
    function* (provide) {
      yield* open
      try {
        yield* provide(1)
      } finally {
        yield* close
      }
    },
    closeTimeout ? { closeTimeout: "1 second" } : {}
  )
  const block = Effect.andThen(Effect.yieldNow, Effect.yieldNow)
  return balanced(
    apart([
      ContextManager.use(manager, () => block),
      Effect.scoped(Effect.andThen(manager, block)),
      ContextManager.stack([manager, manager]).use(() => block)
    ])
  )
}

const generators = () => {
  const { open, close, balanced } = balance()
  const numbers = Generator.make(function* (emit) {
    yield* Effect.acquireRelease(open, () => close)
    yield* Effect.forEach([1, 2, 3, 4], (n) => emit(n), { concurrency: 2 })
    yield* emit(5)
  })
  const doubled = Generator.make(function* (emit) {
    yield* Effect.acquireRelease(open, () => close)
    yield* Stream.runForEach(numbers, (n) => Effect.andThen(emit(n), emit(n)))
  })
  const consume = (n: number) =>
    Effect.flatMap(
      Stream.runCollect(
        Stream.take(
          Stream.tap(doubled, () => Effect.yieldNow),
          n
        )
      ),
      (items) => Effect.sync(() => assert.equal(items.length, Math.min(n, 10)))
    )
  return balanced(apart([consume(3), consume(20)]))
}

export const programs: ReadonlyArray<Explored> = [
  {
    name: "ContextManager: what was opened is closed",
    operations: of("ContextManager", "make", "use", "stack"),
    program: managers(false)
  },
  {
    name: "ContextManager: what was opened is closed, with a time to close in",
    operations: of("ContextManager", "make", "use", "stack"),
    program: managers(true)
  },
  {
    name: "ContextManager: a disposable is disposed of once",
    operations: of("ContextManager", "fromDisposable"),
    program: () => {
      const { balanced, open, state } = balance()
      const manager = ContextManager.fromDisposable(
        Effect.map(open, () => ({ [Symbol.dispose]: () => void state.closed++ }))
      )
      const block = Effect.andThen(Effect.yieldNow, Effect.yieldNow)
      return balanced(apart([manager.use(() => block), Effect.scoped(Effect.andThen(manager, block))]))
    }
  },
  {
    name: "Generator: nothing is lost, nothing stays open",
    operations: of("Generator", "make"),
    program: generators
  }
]
