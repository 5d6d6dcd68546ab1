import { assert, describe, it } from "@effect/vitest"
import { Cause, DateTime, Effect, Option } from "effect"
import { TestClock } from "effect/testing"

import { CancelReason } from "../../src/index.ts"
import { annotationsOf, describeReason, makeReason } from "../../src/internal/reason.ts"
import type { Fields, Reason } from "../../src/internal/reason.ts"

const reason = (fields: Fields): Reason => makeReason(undefined, fields)
const interrupt = (reason: Reason, fiber?: number) =>
  Cause.annotate(Cause.interrupt(fiber), annotationsOf(reason))

describe("CancelReason", () => {
  describe("requested", () => {
    it.effect("is made now, on the fiber's clock; nobody's outside of tasks", () =>
      Effect.gen(function* () {
        yield* TestClock.adjust("3 seconds")
        const made = yield* CancelReason.requested("quota")
        assert.isTrue(CancelReason.isCancelReason(made))
        assert.deepStrictEqual(
          [made._tag, made.label, made.by, made.at],
          ["Requested", "quota", undefined, DateTime.makeUnsafe(3000)]
        )
        assert.isUndefined((yield* CancelReason.requested()).label)
      })
    )
  })

  describe("isCancelReason", () => {
    it("is false for anything else", () => {
      for (const u of [undefined, null, "x", {}, new Error("x"), { _tag: "Requested" }]) {
        assert.isFalse(CancelReason.isCancelReason(u))
      }
    })
  })

  describe("fromCause", () => {
    it("finds the first one, None where there is none", () => {
      const first = reason({ _tag: "Requested", label: "a" })
      const second = reason({ _tag: "Requested", label: "b" })
      const cause = Cause.combine(
        Cause.combine(Cause.fail("x"), Cause.interrupt(1)),
        Cause.combine(interrupt(first), interrupt(second))
      )
      assert.deepStrictEqual(CancelReason.fromCause(cause), Option.some(first))
      assert.deepStrictEqual(CancelReason.fromCause(Cause.fail("x")), Option.none())
      assert.deepStrictEqual(CancelReason.fromCause(Cause.interrupt(1)), Option.none())
    })
  })

  describe("pretty", () => {
    const lineOf = (fields: Fields) =>
      CancelReason.pretty(interrupt(reason(fields))).replace(/ at \d{4}-.*Z$/, "")
    const deadline = DateTime.makeUnsafe(5000)

    it("says what happened and to whom it is due", () => {
      assert.deepStrictEqual(
        [
          lineOf({ _tag: "Requested" }),
          lineOf({ _tag: "Requested", label: "quota", by: "main/crawl" }),
          lineOf({ _tag: "Deadline", label: "page", by: "main/fetch:3", deadline }),
          lineOf({ _tag: "Deadline", deadline }),
          lineOf({ _tag: "SiblingFailed", sibling: "main/user" }),
          lineOf({ _tag: "OwnerExited", by: "main" }),
          lineOf({ _tag: "Shutdown", label: "SIGTERM" }),
          lineOf({ _tag: "Signal", cause: undefined }),
          lineOf({ _tag: "Signal", cause: new TypeError("gone") }),
          lineOf({ _tag: "Signal", cause: "user left" })
        ],
        [
          "Interrupted: cancelled",
          'Interrupted: cancelled by main/crawl: "quota"',
          'Interrupted: deadline of "page" in main/fetch:3 passed',
          "Interrupted: deadline passed",
          "Interrupted: cancelled because main/user failed",
          "Interrupted: cancelled because its owner main exited",
          "Interrupted: cancelled by shutdown (SIGTERM)",
          "Interrupted: aborted by a signal",
          "Interrupted: aborted by a signal: TypeError: gone",
          "Interrupted: aborted by a signal: user left"
        ]
      )
    })
    it("puts them after the failures, each once", () => {
      const asked = reason({ _tag: "Requested", label: "quota" })
      const text = CancelReason.pretty(
        Cause.combine(Cause.combine(interrupt(asked, 1), interrupt(asked, 2)), Cause.die(new Error("boom")))
      )
      const lines = text.split("\n")
      assert.strictEqual(lines[0], "Error: boom")
      assert.strictEqual(lines.filter((line) => line.startsWith("Interrupted")).length, 1)
      assert.match(lines.at(-1)!, /^Interrupted: cancelled: "quota" at /)
    })
    it("is Cause.pretty where nothing was interrupted, and names a fiber without a reason", () => {
      const cause = Cause.fail(new Error("x"))
      assert.strictEqual(CancelReason.pretty(cause), Cause.pretty(cause))
      assert.strictEqual(CancelReason.pretty(Cause.interrupt(7)), "Interrupted by fiber #7")
      assert.strictEqual(CancelReason.pretty(Cause.interrupt()), "Interrupted")
      assert.strictEqual(CancelReason.pretty(Cause.empty), "")
    })
  })

  describe("AbortSignal", () => {
    it("toAbortError and fromAbortSignal are inverse", () => {
      const made = reason({ _tag: "Shutdown", label: "SIGTERM" })
      const error = CancelReason.toAbortError(made)
      assert.instanceOf(error, Error)
      assert.strictEqual(error.name, "AbortError")
      assert.strictEqual(error.message, describeReason(made))
      assert.strictEqual(Option.getOrThrow(CancelReason.fromAbortSignal(AbortSignal.abort(error))), made)
      assert.strictEqual(Option.getOrThrow(CancelReason.fromAbortSignal(AbortSignal.abort(made))), made)
    })
    it("whatever else a signal says is the cause of a Signal", () => {
      const of = (signal: AbortSignal) =>
        Option.getOrThrow(CancelReason.fromAbortSignal(signal)) as CancelReason.Signal
      for (const cause of ["x", 0, null, new Error("x"), { reason: "x" }, Object.create(null)]) {
        const found = of(AbortSignal.abort(cause))
        assert.strictEqual(found._tag, "Signal")
        assert.strictEqual(found.cause, cause)
        assert.isString(CancelReason.toAbortError(found).message)
      }
      // No reason given: the platform makes one.
      assert.strictEqual((of(AbortSignal.abort()).cause as DOMException).name, "AbortError")
      assert.strictEqual(of({ aborted: true, reason: undefined } as AbortSignal).cause, undefined)
      assert.isTrue(Option.isNone(CancelReason.fromAbortSignal(new AbortController().signal)))
    })
  })
})
