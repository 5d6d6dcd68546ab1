import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"

import { CancelReason, CancelScope } from "../../src/index.ts"
import { inCause } from "./fixtures.ts"

// What plain JavaScript can write, and types refuse.
const Scope = CancelScope as any
const Reason = CancelReason as any
const { never } = Effect
const { signal } = new AbortController()

const dies: ReadonlyArray<readonly [name: string, effect: () => unknown, message: string]> = [
  ["failAfter of no effect", () => Scope.failAfter(42, "1 second"), "failAfter: expected an effect, got 42"],
  [
    "failAfter of a function",
    () => Scope.failAfter(() => never, 1000),
    "failAfter: expected an effect, got a function"
  ],
  [
    "failAfter of no effect, in a pipe",
    () => Scope.failAfter(1000)(null),
    "failAfter: expected an effect, got null"
  ],
  [
    "failAfter without a timeout",
    () => Scope.failAfter(never),
    "failAfter: timeout must be a duration, got undefined"
  ],
  [
    "failAfter with a name for options",
    () => Scope.failAfter(never, 1000, "page"),
    'failAfter: expected options, got "page"'
  ],
  [
    "failAfter with a name that is none",
    () => Scope.failAfter(never, 1000, { name: 5 }),
    "failAfter: name must be a string, got 5"
  ],
  [
    "failAfter with an error for onTimeout",
    () => Scope.failAfter(never, 1000, { onTimeout: "late" }),
    'failAfter: onTimeout must be a function, got "late"'
  ],
  [
    "moveOnAfter of no effect",
    () => Scope.moveOnAfter([], "1 second"),
    "moveOnAfter: expected an effect, got an array of 0"
  ],
  [
    "withHeader of no effect",
    () => Scope.withHeader(1, "1m", { atMost: 5 }),
    "withHeader: expected an effect, got 1"
  ],
  ["run of an effect", () => Scope.run(never), "run: body must be a function, got an Effect"],
  [
    "run of an async function",
    () => Scope.run(async () => 1),
    "run: body must return an effect, got a Promise"
  ],
  ["run with a number for options", () => Scope.run(() => never, 1000), "run: expected options, got 1000"],
  [
    "run with a timeout and a deadline",
    () => Scope.run(() => never, { timeout: 1, deadline: 2 }),
    "run: expected a timeout or a deadline, got both"
  ],
  ["cancel of no scope", () => Scope.cancel(undefined), "cancel: expected a CancelScope, got undefined"],
  [
    "cancel for no reason",
    () => Scope.run((scope: unknown) => Scope.cancel(scope, 42)),
    "cancel: reason must be a string or a CancelReason, got 42"
  ],
  [
    "isCancelled of no scope",
    () => Scope.isCancelled({}),
    "isCancelled: expected a CancelScope, got an object"
  ],
  [
    "reschedule of no scope",
    () => Scope.reschedule(1, { timeout: 1 }),
    "reschedule: expected a CancelScope, got 1"
  ],
  ...[undefined, null, 5].map(
    (when) =>
      [
        `reschedule to ${when}`,
        () => Scope.run((scope: unknown) => Scope.reschedule(scope, when)),
        `reschedule: expected { timeout } or { deadline }, got ${when}`
      ] as const
  ),
  [
    "reschedule without a time",
    () => Scope.run((scope: unknown) => Scope.reschedule(scope)),
    "reschedule: expected { timeout } or { deadline }, got undefined"
  ],
  ["shield of no effect", () => Scope.shield(42, { atMost: 5 }), "shield: expected an effect, got 42"],
  ["shield without a bound", () => Scope.shield(never), "shield: atMost must be a duration, got undefined"],
  ["withSignal of no effect", () => Scope.withSignal(42, signal), "withSignal: expected an effect, got 42"],
  [
    "withSignal without one",
    () => Scope.withSignal(never),
    "withSignal: signal must be an AbortSignal, got undefined"
  ],
  [
    "withSignal of a controller",
    () => Scope.withSignal(never, new AbortController()),
    "withSignal: signal must be an AbortSignal, got [object AbortController]"
  ]
]

const throws: ReadonlyArray<readonly [call: () => unknown, message: string]> = [
  [() => Scope.match(42, {}), "CancelScope.match: expected an Outcome, got 42"],
  [
    () => Scope.match({ _tag: "Completed", value: 1 }, {}),
    "CancelScope.match: onCompleted must be a function, got undefined"
  ],
  [() => Reason.fromAbortSignal(), "CancelReason.fromAbortSignal: expected an AbortSignal, got undefined"],
  [() => Reason.toAbortError("why"), 'CancelReason.toAbortError: expected a CancelReason, got "why"'],
  [() => Reason.fromCause(42), "CancelReason.fromCause: expected a Cause, got 42"],
  [() => Reason.pretty(Exit.fail("no")), "CancelReason.pretty: expected a Cause, got an Effect"]
]

describe("CancelScope, CancelReason: wrong arguments", () => {
  for (const [name, effect, message] of dies) {
    it.effect(`${name} dies, saying what would be right`, () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(effect() as Effect.Effect<unknown>)
        assert.deepStrictEqual(inCause(exit), [`Die CancelScope.${message}`])
      })
    )
  }
  it("what is no effect throws, saying what would be right", () => {
    for (const [call, message] of throws) {
      const escaped = message.replaceAll(/[.()[\]{}]/g, String.raw`\$&`)
      assert.throws(call, new RegExp(`^${escaped}$`))
    }
  })
})
