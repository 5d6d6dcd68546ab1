import { assert, describe } from "@effect/vitest"
import { CancelScope, TaskGroup } from "@skein/core"
import { it } from "@skein/testing/vitest"
import { Deferred, Effect, Exit, Fiber, Option } from "effect"

/** Something to give back; both ends suspend. */
const held = () => {
  const state = { open: 0 }
  const use = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.andThen(
        Effect.yieldNow,
        Effect.sync(() => state.open++)
      ),
      () => effect,
      () =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => state.open--)
        )
    )
  return { state, use }
}

const options = { schedules: 300, interrupts: true } as const

describe("CancelScope, under many schedules and interruptions:", () => {
  it.explore(
    "a deadline against a value: one of the two comes out, and the work has exited",
    () =>
      Effect.gen(function* () {
        const { state, use } = held()
        const exit = yield* Effect.exit(
          use(Effect.as(Effect.sleep("1 second"), "value")).pipe(CancelScope.failAfter("1 second"))
        )
        assert.strictEqual(state.open, 0)
        if (Exit.isSuccess(exit)) assert.strictEqual(exit.value, "value")
        else
          assert.deepStrictEqual(
            exit.cause.reasons.map((reason) => reason._tag),
            ["Fail"]
          )
      }),
    options
  )

  it.explore(
    "equal nested deadlines: the outer one converts",
    () =>
      Effect.gen(function* () {
        const { state, use } = held()
        const result = yield* use(Effect.never).pipe(
          CancelScope.failAfter("1 second", { name: "inner" }),
          Effect.catchTag("DeadlineExceeded", () => Effect.succeed("inner")),
          CancelScope.moveOnAfter("1 second")
        )
        assert.strictEqual(state.open, 0)
        assert.deepStrictEqual(result, Option.none())
      }),
    options
  )

  it.explore(
    "cancel from elsewhere, twice, against the end of the work: only one is told true, and the outcome agrees",
    () =>
      Effect.gen(function* () {
        const { state, use } = held()
        const scopes = yield* Deferred.make<CancelScope.CancelScope>()
        const cancel = Effect.flatMap(Deferred.await(scopes), (scope) => CancelScope.cancel(scope))
        const cancels = [yield* Effect.forkChild(cancel), yield* Effect.forkChild(cancel)]
        const outcome = yield* CancelScope.run((scope) =>
          Effect.andThen(Deferred.succeed(scopes, scope), use(Effect.yieldNow))
        )
        assert.strictEqual(state.open, 0)
        const said = yield* Effect.forEach(cancels, Fiber.join)
        assert.strictEqual(said.filter((yes) => yes).length, outcome._tag === "Cancelled" ? 1 : 0)
      }),
    options
  )

  it.explore(
    "a shield lets its work finish, whoever cancels when",
    () =>
      Effect.gen(function* () {
        let begun = 0
        let ended = 0
        const commit = Effect.gen(function* () {
          begun++
          yield* Effect.yieldNow
          yield* Effect.sleep("10 millis")
          ended++
        })
        yield* Effect.addFinalizer(() => Effect.sync(() => assert.strictEqual(ended, begun)))
        yield* commit.pipe(CancelScope.shield({ atMost: "1 minute" }), CancelScope.moveOnAfter("5 millis"))
      }).pipe(Effect.scoped),
    options
  )

  it.explore(
    "withSignal, aborted while the work ends",
    () =>
      Effect.gen(function* () {
        const { state, use } = held()
        const controller = new AbortController()
        const aborting = yield* Effect.forkChild(
          Effect.andThen(
            Effect.yieldNow,
            Effect.sync(() => controller.abort("enough"))
          )
        )
        yield* Effect.exit(CancelScope.withSignal(use(Effect.yieldNow), controller.signal))
        assert.strictEqual(state.open, 0)
        yield* Fiber.join(aborting)
      }),
    options
  )

  it.explore(
    "a group inside, rescheduled from one of its tasks: everything has exited",
    () =>
      Effect.gen(function* () {
        const { state, use } = held()
        const outcome = yield* CancelScope.run(
          (scope) =>
            TaskGroup.run(
              Effect.gen(function* () {
                yield* TaskGroup.fork(use(Effect.never))
                yield* TaskGroup.fork(use(CancelScope.reschedule(scope, { timeout: "2 seconds" })))
                return yield* Effect.never
              })
            ),
          { timeout: "1 second" }
        )
        assert.strictEqual(state.open, 0)
        assert.strictEqual(outcome._tag, "Cancelled")
      }),
    options
  )
})
