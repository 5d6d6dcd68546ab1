import { getEventListeners } from "node:events"

import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Option, Scope } from "effect"
import { TestClock } from "effect/testing"

import { CancelReason, CancelScope, TaskGroup } from "../../src/index.ts"
import { DbError, ends, inCause, interrupted, launch, reasonIn } from "./fixtures.ts"

const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length

describe("CancelScope", () => {
  describe("withSignal", () => {
    it.effect("gives value and error of an effect whose signal is not aborted, and leaves no listener", () =>
      Effect.gen(function* () {
        const { signal } = new AbortController()
        for (const exit of [Exit.succeed(1), Exit.fail(new DbError({ code: "x" })), Exit.die("boom")]) {
          for (const effect of [exit, Effect.suspend(() => exit), Effect.andThen(Effect.yieldNow, exit)]) {
            assert.deepStrictEqual(yield* Effect.exit(CancelScope.withSignal(effect, signal)), exit)
          }
        }
        assert.strictEqual(listeners(signal), 0)
      })
    )

    it.effect("ends interrupted with the signal's reason, after the cleanup, when it is aborted", () =>
      Effect.gen(function* () {
        const controller = new AbortController()
        let cleaned = false
        const fiber = yield* launch(
          Effect.never.pipe(
            Effect.ensuring(Effect.sync(() => (cleaned = true))),
            CancelScope.withSignal(controller.signal)
          )
        )
        assert.strictEqual(listeners(controller.signal), 1)
        controller.abort("user left")
        const { exit } = yield* Fiber.join(fiber)
        assert.isTrue(cleaned)
        assert.deepStrictEqual(inCause(exit), ["Interrupt Signal"])
        const reason = reasonIn(exit) as CancelReason.Signal
        assert.deepStrictEqual([reason.cause, reason.by], ["user left", undefined])
        assert.strictEqual(listeners(controller.signal), 0)
      })
    )

    it.effect("does not start under a signal that is aborted", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          CancelScope.withSignal(
            Effect.sync(() => assert.fail("started")),
            AbortSignal.abort("gone")
          )
        )
        assert.deepStrictEqual(inCause(exit), ["Interrupt Signal"])
      })
    )

    it.effect("keeps a Skein reason that came through the signal", () =>
      Effect.gen(function* () {
        const reason = yield* CancelReason.requested("quota")
        const controller = new AbortController()
        const fiber = yield* launch(CancelScope.withSignal(Effect.never, controller.signal))
        controller.abort(CancelReason.toAbortError(reason))
        assert.strictEqual(reasonIn((yield* Fiber.join(fiber)).exit), reason)
      })
    )

    it.effect("10,000 scopes on one signal: one listener, no warning, all of them cancelled, none left", () =>
      Effect.gen(function* () {
        const warnings: Array<Error> = []
        const warned = (warning: Error) => warnings.push(warning)
        process.on("warning", warned)
        const controller = new AbortController()
        const fibers: Array<Fiber.Fiber<unknown>> = []
        for (let i = 0; i < 10_000; i++) {
          fibers.push(
            yield* Effect.forkChild(CancelScope.withSignal(Effect.never, controller.signal), {
              startImmediately: true
            })
          )
        }
        assert.strictEqual(listeners(controller.signal), 1)
        yield* Fiber.interruptAll(fibers.slice(0, 5000))
        assert.strictEqual(listeners(controller.signal), 1)
        controller.abort("all")
        const exits = yield* Effect.forEach(fibers.slice(5000), Fiber.await)
        assert.isTrue(exits.every((exit) => reasonIn(exit)?._tag === "Signal"))
        assert.strictEqual(listeners(controller.signal), 0)
        yield* Effect.yieldNow
        process.off("warning", warned)
        assert.deepStrictEqual(warnings, [])
      })
    )

    it.effect("is not absorbed by a scope around it", () =>
      Effect.gen(function* () {
        const controller = new AbortController()
        const fiber = yield* launch(
          Effect.never.pipe(CancelScope.withSignal(controller.signal), CancelScope.moveOnAfter("5 seconds"))
        )
        controller.abort("user left")
        assert.deepStrictEqual(inCause((yield* Fiber.join(fiber)).exit), ["Interrupt Signal"])
      })
    )
  })

  describe("signal", () => {
    const reasonOf = (signal: AbortSignal) => Option.getOrUndefined(CancelReason.fromAbortSignal(signal))

    it.effect(
      "is aborted with the reason when the enclosing scope is cancelled, before the cleanup runs",
      () =>
        Effect.gen(function* () {
          let signal: AbortSignal | undefined
          let seen: CancelReason.CancelReason | undefined
          yield* ends(
            Effect.gen(function* () {
              signal = yield* CancelScope.signal
              return yield* Effect.never
            }).pipe(
              Effect.ensuring(Effect.sync(() => (seen = reasonOf(signal!)))),
              Effect.scoped,
              CancelScope.moveOnAfter("5 seconds", { name: "page" })
            )
          )
          assert.deepStrictEqual([seen?._tag, seen?.label], ["Deadline", "page"])
          const error = signal!.reason as CancelReason.AbortError
          assert.instanceOf(error, Error)
          assert.strictEqual(error.name, "AbortError")
          assert.strictEqual(error.message, 'deadline of "page" passed')
          assert.strictEqual(error.reason, seen)
        })
    )

    it.effect("is aborted at once for work that cannot be interrupted", () =>
      Effect.gen(function* () {
        // A fetch in an uninterruptible region: only its signal can end it.
        const fetched = (signal: AbortSignal) =>
          Effect.promise(
            () => new Promise<string>((resolve) => signal.addEventListener("abort", () => resolve("aborted")))
          )
        const { at } = yield* ends(
          Effect.scoped(Effect.uninterruptible(Effect.flatMap(CancelScope.signal, fetched))).pipe(
            CancelScope.moveOnAfter("5 seconds")
          )
        )
        assert.strictEqual(at, 5000)
      })
    )

    it.effect("so too when a scope or a group further out is cancelled, but by none that is inside", () =>
      Effect.gen(function* () {
        const aborted = (signal: AbortSignal) =>
          Effect.promise(
            () =>
              new Promise<AbortSignal>((resolve) => signal.addEventListener("abort", () => resolve(signal)))
          )
        const reasons: Array<string | undefined> = []
        const fetching = Effect.scoped(
          Effect.uninterruptible(
            Effect.flatMap(CancelScope.signal, (signal) =>
              Effect.tap(aborted(signal), () => Effect.sync(() => reasons.push(reasonOf(signal)?._tag)))
            )
          )
        )
        const limited = CancelScope.failAfter(fetching, "9 seconds")
        const outer = yield* ends(CancelScope.moveOnAfter(limited, "1 second"))
        assert.strictEqual(outer.at, 1000)
        const group = yield* ends(
          TaskGroup.run(
            Effect.andThen(TaskGroup.fork(limited), Effect.delay(Effect.fail("sibling"), "1 second"))
          )
        )
        assert.strictEqual(group.at, 61_000)
        const inner = yield* ends(
          CancelScope.moveOnAfter(
            Effect.scoped(
              Effect.flatMap(CancelScope.signal, (signal) =>
                Effect.andThen(
                  CancelScope.moveOnAfter(Effect.never, "1 second"),
                  Effect.sync(() => signal.aborted)
                )
              )
            ),
            "9 seconds"
          )
        )
        assert.deepStrictEqual(inner.exit, Exit.succeed(Option.some(false)))
        assert.deepStrictEqual(reasons, ["Deadline", "SiblingFailed"])
      })
    )

    it.effect("is aborted with the reason of an interrupted fiber", () =>
      Effect.gen(function* () {
        const signals: Array<AbortSignal> = []
        const program = Effect.scoped(
          Effect.flatMap(CancelScope.signal, (signal) => {
            signals.push(signal)
            return Effect.never
          })
        )
        for (const effect of [program, CancelScope.failAfter(program, "5 seconds")]) {
          const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
          yield* interrupted(fiber)
        }
        assert.deepStrictEqual(
          signals.map((signal) => reasonOf(signal)?._tag),
          ["Requested", "Requested"]
        )
      })
    )

    it.effect("is aborted with OwnerExited when its Scope closes", () =>
      Effect.gen(function* () {
        const signal = yield* Effect.scoped(
          Effect.tap(CancelScope.signal, (signal) => Effect.sync(() => assert.isFalse(signal.aborted)))
        )
        assert.strictEqual(reasonOf(signal)?._tag, "OwnerExited")
      })
    )

    it.effect("asked for in cleanup, works: it is not aborted by what the cleanup belongs to", () =>
      Effect.gen(function* () {
        let aborted = true
        const cleanup = Effect.scoped(Effect.map(CancelScope.signal, (signal) => (aborted = signal.aborted)))
        yield* ends(Effect.never.pipe(Effect.ensuring(cleanup), CancelScope.moveOnAfter("1 second")))
        assert.isFalse(aborted)
      })
    )

    it.effect("leaves nothing behind at the scope it was made in", () =>
      Effect.gen(function* () {
        const outcome = yield* CancelScope.run((scope) =>
          Effect.gen(function* () {
            for (let i = 0; i < 100; i++) yield* Effect.scoped(CancelScope.signal)
            return (scope as any).hearing.size as number
          })
        )
        assert.deepStrictEqual(outcome, { _tag: "Completed", value: 0 })
      })
    )

    it.effect("goes both ways: a reason survives the trip through a signal", () =>
      Effect.gen(function* () {
        const made = yield* Deferred.make<AbortSignal>()
        const outer = yield* launch(
          Effect.scoped(
            Effect.gen(function* () {
              yield* Deferred.succeed(made, yield* CancelScope.signal)
              return yield* Effect.never
            })
          ).pipe(CancelScope.moveOnAfter("5 seconds", { name: "page" }))
        )
        const inner = yield* launch(CancelScope.withSignal(Effect.never, yield* Deferred.await(made)))
        yield* TestClock.adjust("5 seconds")
        yield* Fiber.join(outer)
        const reason = reasonIn((yield* Fiber.join(inner)).exit)
        assert.deepStrictEqual([reason?._tag, reason?.label], ["Deadline", "page"])
      })
    )

    it.effect("works in a scope handed in from outside", () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const signal = yield* Scope.provide(CancelScope.signal, scope)
        yield* Scope.close(scope, Exit.failCause(Cause.interrupt(3)))
        assert.isTrue(signal.aborted)
      })
    )
  })
})
