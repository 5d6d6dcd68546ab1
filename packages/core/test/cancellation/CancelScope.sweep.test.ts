import { getEventListeners } from "node:events"

import { assert, describe } from "@effect/vitest"
import { Effect, Exit, Option } from "effect"
import { it } from "@skein/testing/vitest"

import { CancelScope } from "../../src/index.ts"
import { inCause } from "./fixtures.ts"

/** What the work of a scope acquired and gave back, and how often its cleanup ran. */
class Held {
  open = 0
  opened = 0
  /** Suspends on both sides of the acquisition; its release suspends too. */
  readonly work = Effect.acquireUseRelease(
    Effect.sync(() => {
      this.open++
      this.opened++
    }),
    () => Effect.andThen(Effect.yieldNow, Effect.as(Effect.sleep("1 second"), "value")),
    () =>
      Effect.andThen(
        Effect.yieldNow,
        Effect.sync(() => {
          this.open--
        })
      )
  )
}

interface Signalled {
  readonly held: Held
  readonly controller: AbortController
}

const setup = Effect.sync(() => new Held())

/** Whatever happened, the work has exited: nothing is open; and an interruption is passed on as such. */
const check = (values: ReadonlyArray<unknown>) => (held: Held, exit: Exit.Exit<unknown, unknown>) =>
  Effect.sync(() => {
    assert.strictEqual(held.open, 0)
    if (Exit.isSuccess(exit)) assert.deepInclude(values, exit.value)
    else for (const reason of inCause(exit)) assert.match(reason, /^Interrupt|^Fail DeadlineExceeded$/)
  })

const sweep = (
  name: string,
  subject: (held: Held) => Effect.Effect<unknown, unknown>,
  ...values: ReadonlyArray<unknown>
) => it.sweep(name, { setup, subject, check: check(values) })

describe("CancelScope, interrupted at each of its operations, leaves no work behind:", () => {
  sweep("run", (held) => CancelScope.run(() => held.work), { _tag: "Completed", value: "value" })
  sweep(
    "run, its deadline passing",
    (held) =>
      Effect.map(
        CancelScope.run(() => held.work, { timeout: "500 millis" }),
        (outcome) => outcome._tag
      ),
    "Cancelled"
  )
  sweep("failAfter", (held) => CancelScope.failAfter(held.work, "5 seconds"), "value")
  sweep("failAfter, its deadline passing", (held) => CancelScope.failAfter(held.work, "500 millis"))
  sweep("failAfter in failAfter, both passing", (held) =>
    held.work.pipe(CancelScope.failAfter("500 millis"), CancelScope.failAfter("500 millis"))
  )
  sweep("moveOnAfter", (held) => CancelScope.moveOnAfter(held.work, "5 seconds"), Option.some("value"))
  sweep(
    "moveOnAfter, its deadline passing",
    (held) => CancelScope.moveOnAfter(held.work, "500 millis"),
    Option.none()
  )
  sweep("withHeader", (held) => CancelScope.withHeader(held.work, "5S", { atMost: "1 minute" }), "value")
  sweep(
    "a scope at once done",
    (held) =>
      Effect.as(
        CancelScope.failAfter(
          Effect.sync(() => held.opened),
          "1 second"
        ),
        0
      ),
    0
  )

  sweep(
    "cancel and reschedule",
    (held) =>
      CancelScope.run(
        (scope) =>
          Effect.andThen(
            Effect.forkChild(
              Effect.andThen(
                CancelScope.reschedule(scope, { timeout: "800 millis" }),
                Effect.delay(CancelScope.cancel(scope, "enough"), "700 millis")
              )
            ),
            held.work
          ),
        { timeout: "100 millis" }
      ).pipe(Effect.map((outcome) => (outcome._tag === "Cancelled" ? outcome.reason.label : outcome.value))),
    "enough"
  )

  it.sweep("shield: what has begun is brought to its end", {
    setup,
    subject: (held) => CancelScope.shield(held.work, { atMost: "5 seconds" }),
    check: (held, exit) =>
      Effect.andThen(
        check(["value"])(held, exit),
        Effect.flatMap(
          Effect.clockWith((clock) => clock.currentTimeMillis),
          (now) => Effect.sync(() => assert.strictEqual(now, held.opened * 1000))
        )
      )
  })
  it.sweep("shield at its bound", {
    setup,
    subject: (held) => CancelScope.shield(Effect.andThen(held.work, Effect.never), { atMost: "500 millis" }),
    check: check([])
  })

  it.sweep(
    "what the work died of reaches the caller, also one that is interrupted while it is being resumed",
    {
      setup: Effect.sync(() => ({ died: false })),
      subject: (state) =>
        CancelScope.failAfter(
          Effect.ensuring(
            Effect.yieldNow,
            Effect.sync(() => {
              state.died = true
              throw new Error("cleanup")
            })
          ),
          "5 seconds"
        ),
      check: (state, exit) =>
        Effect.sync(() => {
          if (state.died) assert.include(inCause(exit), "Die cleanup")
        })
    }
  )

  it.sweep("withSignal: no listener is left either", {
    setup: Effect.map(setup, (held) => ({ held, controller: new AbortController() })),
    subject: ({ controller, held }: Signalled) =>
      Effect.raceFirst(
        CancelScope.withSignal(held.work, controller.signal),
        Effect.andThen(
          Effect.delay(
            Effect.sync(() => controller.abort("enough")),
            "500 millis"
          ),
          Effect.never
        )
      ),
    check: ({ controller, held }: Signalled, exit) =>
      Effect.andThen(
        check([])(held, exit),
        Effect.sync(() => assert.strictEqual(getEventListeners(controller.signal, "abort").length, 0))
      )
  })

  it.sweep("signal: it is aborted when the effect has ended, however that was", {
    setup: Effect.sync(() => ({ signal: undefined as AbortSignal | undefined })),
    subject: (state) =>
      Effect.scoped(
        Effect.gen(function* () {
          state.signal = yield* CancelScope.signal
          yield* Effect.sleep("1 second")
        })
      ),
    check: (state) => Effect.sync(() => assert.isTrue(state.signal?.aborted ?? true))
  })
})
