import { assert, describe, it } from "@effect/vitest"
import { Generator } from "@skein/core"
import { Cause, Channel, Effect, Exit, Fiber, Scheduler, Scope, Stream } from "effect"

describe("Generator: a pull", () => {
  it.effect("that is interrupted wherever its fiber yields loses no item: the next one gets it", () =>
    Effect.gen(function* () {
      const numbers = Generator.make(function* (emit) {
        for (let i = 0; i < 3; i++) yield* emit(i)
      })
      for (let budget = 5; budget < 40; budget++) {
        for (let before = 0; before < 6; before++) {
          const got: Array<number> = []
          yield* Effect.scoped(
            Effect.gen(function* () {
              // Stream.toPull would put a semaphore around it, which loses items itself.
              const pull = yield* Channel.toPullScoped(numbers.channel, yield* Effect.scope)
              const take = Effect.map(pull, ([n]) => void got.push(n))
              const child = yield* Effect.forEach(Array.from({ length: before }), () => Effect.void).pipe(
                Effect.andThen(take),
                Effect.provideService(Scheduler.MaxOpsBeforeYield, budget),
                Effect.forkChild({ startImmediately: true })
              )
              yield* Fiber.interrupt(child)
              yield* take
            })
          )
          assert.strictEqual(got[0], 0, `${before} operations before the pull, yielding after ${budget}`)
        }
      }
    })
  )

  it.effect("after the scope was closed dies, and opens nothing", () =>
    Effect.gen(function* () {
      let opened = 0
      const stream = Generator.fromAsyncIterable(async function* () {
        yield ++opened
      }, String)
      for (const first of [false, true]) {
        opened = 0
        const scope = yield* Scope.make()
        const pull = yield* Scope.provide(Stream.toPull(stream), scope)
        if (first) yield* pull
        yield* Scope.close(scope, Exit.void)
        const exit = yield* Effect.exit(pull)
        assert.include(
          Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "",
          "pulled after the stream had ended"
        )
        assert.strictEqual(opened, first ? 1 : 0)
      }
    })
  )
})
