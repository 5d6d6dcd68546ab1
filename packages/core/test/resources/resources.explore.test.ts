import { describe } from "@effect/vitest"
import { Explore } from "@skein/testing"
import { it } from "@skein/testing/vitest"
import { Effect, Stream } from "effect"

import * as ContextManager from "../../src/resources/ContextManager.ts"
import * as Generator from "../../src/resources/Generator.ts"

const schedules = Number(process.env["SKEIN_SCHEDULES"] ?? 300)
const options = { schedules, interrupts: true, timeout: 60_000 + schedules * 40 }
const ops = { ...options, mode: "ops" } as const

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
  return { open, close, balanced }
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
    Effect.all(
      [
        Explore.named(
          manager.use(() => block),
          "use"
        ),
        Explore.named(Effect.scoped(Effect.andThen(manager, block)), "scoped"),
        Explore.named(
          ContextManager.stack([manager, manager]).use(() => block),
          "stack"
        )
      ],
      { concurrency: "unbounded" }
    )
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
      (items) =>
        items.length === Math.min(n, 10) ? Effect.void : Effect.die(new Error(`got ${items.join()}`))
    )
  return balanced(
    Effect.all([Explore.named(consume(3), "some"), Explore.named(consume(20), "all")], {
      concurrency: "unbounded"
    })
  )
}

describe("ContextManager under many schedules, interrupted anywhere", () => {
  it.explore("what was opened is closed", managers(false), options)
  it.explore("also with a time to close in", managers(true), options)
  it.explore("preempted at every operation", managers(true), ops)
})

describe("Generator under many schedules, interrupted anywhere", () => {
  it.explore("nothing is lost, nothing stays open", generators, options)
  it.explore("preempted at every operation", generators, ops)
})
