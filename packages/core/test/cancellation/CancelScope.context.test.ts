import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Option } from "effect"
import { TestClock } from "effect/testing"

import { CancelScope, TaskGroup } from "../../src/index.ts"
import { BlockedClock, ends, inCause } from "./fixtures.ts"

const context = Effect.andThen(Effect.yieldNow, Effect.context())

/** A context out of each kind of scope; services keep such ones, and use them later. */
const captured = {
  failAfter: CancelScope.failAfter(context, "1 second"),
  moveOnAfter: Effect.map(CancelScope.moveOnAfter(context, "1 second"), Option.getOrThrow),
  run: Effect.map(
    CancelScope.run(() => context, { timeout: "1 second" }),
    CancelScope.match({
      onCompleted: (value) => value,
      onCancelled: () => {
        throw new Error("cancelled")
      }
    })
  ),
  shield: CancelScope.shield(context, { atMost: "1 second" })
}

describe("CancelScope and contexts that outlive it", () => {
  for (const [kind, capture] of Object.entries(captured)) {
    it.effect(`${kind}: a deadline of a scope that has ended does not count`, () =>
      Effect.gen(function* () {
        const outOf = yield* capture
        const remaining = Effect.provideContext(CancelScope.remaining, outOf)
        assert.strictEqual(yield* remaining, Duration.infinity)
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual(yield* remaining, Duration.infinity)
      })
    )

    it.effect(`${kind}: those around it do`, () =>
      Effect.gen(function* () {
        const within = Effect.flatMap(capture, (outOf) => Effect.provideContext(CancelScope.remaining, outOf))
        assert.deepStrictEqual(yield* CancelScope.failAfter(within, "8 seconds"), Duration.seconds(8))
      })
    )

    it.effect(`${kind}: a time limit later in its context strikes`, () =>
      Effect.gen(function* () {
        const outOf = yield* capture
        yield* TestClock.adjust("5 seconds")
        const { at, exit } = yield* ends(
          Effect.provideContext(CancelScope.failAfter(Effect.never, "1 second"), outOf)
        )
        assert.deepStrictEqual(inCause(exit), ["Fail DeadlineExceeded"])
        assert.strictEqual(at, 6000)
      })
    )

    it.effect(`${kind}: a signal later in its context is aborted by the scopes that are around it`, () =>
      Effect.gen(function* () {
        let signal: AbortSignal | undefined
        const listening = Effect.flatMap(CancelScope.signal, (made) => {
          signal = made
          return Effect.uninterruptible(Effect.sleep("5 seconds"))
        })
        const work = Effect.flatMap(capture, (outOf) =>
          Effect.scoped(Effect.provideContext(listening, outOf) as Effect.Effect<void>)
        )
        yield* Effect.forkChild(CancelScope.moveOnAfter(work, "1 second"), { startImmediately: true })
        yield* TestClock.adjust("2 seconds")
        const reason = signal?.reason?.reason?._tag
        yield* TestClock.adjust("9 seconds")
        assert.strictEqual(reason, "Deadline")
      })
    )
  }

  it.effect("a limit strikes also while one inside of it unwinds that does not know of it", () =>
    Effect.gen(function* () {
      const { at, exit } = yield* ends(
        TaskGroup.run(
          Effect.gen(function* () {
            const outside = yield* Effect.context()
            const unwinding = Effect.ensuring(Effect.never, Effect.sleep("5 seconds")).pipe(
              CancelScope.moveOnAfter("1 second"),
              Effect.provideContext(outside)
            )
            return yield* CancelScope.failAfter(Effect.andThen(unwinding, Effect.never), "2 seconds")
          })
        ) as Effect.Effect<never, CancelScope.DeadlineExceeded>
      )
      assert.deepStrictEqual(inCause(exit), ["Fail DeadlineExceeded"])
      assert.strictEqual(at, 6000)
    })
  )

  it.effect("what is left of a deadline is told on the clock that it is on", () =>
    Effect.gen(function* () {
      const clock = new BlockedClock()
      clock.late(1_000_000)
      const elsewhere = Effect.provideService(CancelScope.remaining, Clock.Clock, clock)
      const left = yield* CancelScope.failAfter(Effect.andThen(Effect.yieldNow, elsewhere), "1 second")
      assert.deepStrictEqual(left, Duration.seconds(1))
    })
  )
})
