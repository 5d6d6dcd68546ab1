import { describe, expect, it } from "@effect/vitest"
import { CancelReason } from "@skein/core"
import { InterruptSweep } from "@skein/testing"
import { Effect, Exit, Fiber, Option } from "effect"

import { Runner } from "../src/index.ts"
import { Current, State } from "../src/internal/runner/state.ts"

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length

const setup = Effect.sync(() => ({ state: new State(), timers: timers(), ran: 0, closed: 0 }))

/** The request comes while the subject waits. */
const requested = <A, E>(state: State, effect: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const asking = yield* Effect.forkChild(
      Effect.gen(function* () {
        yield* Effect.yieldNow
        const reason = yield* CancelReason.requested("SIGTERM")
        state.request(reason)
      })
    )
    const value = yield* effect
    yield* Fiber.join(asking)
    return value
  }).pipe(Effect.provideService(Current, state))

const nothingIsHeld = (subject: Effect.Success<typeof setup>) =>
  Effect.sync(() => {
    expect(subject.state.waiting).toBe(0)
    expect(timers()).toBeLessThanOrEqual(subject.timers)
  })

describe("Runner", () => {
  for (const name of ["shutdownRequested", "forever"] as const) {
    describe(name, () => {
      it.effect("interrupted at any operation it holds no listener and keeps no process alive", () =>
        Effect.gen(function* () {
          const report = yield* InterruptSweep.run({
            setup,
            subject: ({ state }) => requested(state, Effect.asVoid(Runner[name])),
            check: nothingIsHeld
          })
          expect(report.operations).toBeGreaterThan(3)
        })
      )
    })
  }

  describe("untilShutdown", () => {
    it.effect("interrupted at any operation what it runs is cleaned up, and no listener is left", () =>
      Effect.gen(function* () {
        const report = yield* InterruptSweep.run({
          setup,
          subject: (subject) => {
            const loop = Effect.acquireUseRelease(
              Effect.sync(() => subject.ran++),
              () => Effect.never,
              () => Effect.sync(() => subject.closed++)
            )
            return requested(subject.state, Runner.untilShutdown(loop))
          },
          check: (subject, exit) =>
            Effect.andThen(
              nothingIsHeld(subject),
              Effect.sync(() => {
                expect(subject.closed).toBe(subject.ran)
                if (Exit.isSuccess(exit)) expect(exit.value).toEqual(Option.none())
              })
            )
        })
        expect(report.operations).toBeGreaterThan(5)
      })
    )

    it.effect("keeps a result it had produced, and passes a failure on", () =>
      Effect.gen(function* () {
        const state = new State()
        const withState = Effect.provideService(Current, state)
        expect(yield* withState(Runner.untilShutdown(Effect.succeed(1)))).toEqual(Option.some(1))
        expect(yield* Effect.flip(withState(Runner.untilShutdown(Effect.fail("x"))))).toBe("x")
        expect(state.waiting).toBe(0)
      })
    )
  })
})
