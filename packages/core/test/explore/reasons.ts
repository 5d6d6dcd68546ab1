import { strict as assert } from "node:assert"

import { CancelReason, CancelScope, TaskGroup } from "@skein/core"
import { Deferred, Effect, Exit, Fiber, Option } from "effect"

import { apart, held, later, of } from "./program.ts"
import type { Explored } from "./program.ts"

const labelOf = (reason: Option.Option<CancelReason.CancelReason>): string | undefined =>
  Option.getOrUndefined(Option.map(reason, (one) => one.label))

export const programs: ReadonlyArray<Explored> = [
  {
    name: "CancelReason: of two that ask at once one is named, the same to the caller, the work, and its signal",
    operations: [
      ...of("CancelReason", "requested", "fromCause", "fromAbortSignal", "toAbortError", "pretty"),
      ...of("CancelScope", "match", "run", "cancel", "signal")
    ],
    program: () =>
      Effect.gen(function* () {
        const { balanced, work } = held()
        const handed = yield* Deferred.make<CancelScope.CancelScope>()
        const told = new Set<string | undefined>()
        const hear = (label: string | undefined) => Effect.sync(() => void told.add(label))
        const ask = (label: string) =>
          Effect.gen(function* () {
            const scope = yield* Deferred.await(handed)
            const reason = yield* CancelReason.requested(label)
            yield* CancelScope.cancel(scope, reason)
          })
        const body = (scope: CancelScope.CancelScope) =>
          Effect.scoped(
            Effect.gen(function* () {
              const signal = yield* CancelScope.signal
              yield* Deferred.succeed(handed, scope)
              yield* Effect.onExit(work(Effect.never), (exit) => {
                if (Exit.isSuccess(exit)) return Effect.void
                const reason = CancelReason.fromCause(exit.cause)
                const heard = CancelReason.fromAbortSignal(signal)
                // The work may be stopped in its own step before the signal hears of it, never the other way round.
                if (Option.isSome(heard)) {
                  assert.equal(labelOf(heard), labelOf(reason))
                  assert.equal(CancelReason.toAbortError(heard.value).name, "AbortError")
                }
                const label = labelOf(reason)
                if (label !== undefined) assert.ok(CancelReason.pretty(exit.cause).includes(label))
                return hear(label)
              })
            })
          )
        const asking = yield* Effect.forkChild(apart([ask("a"), ask("b")]))
        const outcome = yield* balanced(CancelScope.run(body))
        const label = CancelScope.match(outcome, {
          onCompleted: () => "completed",
          onCancelled: (reason) => reason.label
        })
        assert.ok(label === "a" || label === "b")
        // It may be stopped before it waited.
        assert.ok(told.size === 0 || (told.size === 1 && told.has(label)))
        yield* Fiber.join(asking)
      })
  },
  {
    name: "CancelReason: what a group that failed tells its tasks names the one that failed, however deep they are",
    operations: ["CancelReason.fromCause", "TaskGroup.run", "CancelScope.run"],
    program: () =>
      Effect.gen(function* () {
        const reasons: Array<CancelReason.CancelReason | undefined> = []
        const waits = Effect.onExit(Effect.never, (exit) =>
          Effect.sync(() => {
            if (Exit.isFailure(exit)) reasons.push(Option.getOrUndefined(CancelReason.fromCause(exit.cause)))
          })
        )
        const exit = yield* Effect.exit(
          TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(waits)
              yield* TaskGroup.fork(TaskGroup.run(TaskGroup.fork(waits)))
              yield* TaskGroup.fork(CancelScope.run(() => waits))
              yield* TaskGroup.fork(later(Effect.fail("no")), { name: "failing" })
              yield* CancelScope.failAfter(waits, "1 minute")
            }),
            { name: "group" }
          )
        )
        assert.deepEqual(exit, Exit.fail("no"))
        for (const reason of reasons) {
          assert.ok(reason?._tag === "SiblingFailed")
          assert.equal(reason.sibling, "group/failing")
        }
      })
  }
]
