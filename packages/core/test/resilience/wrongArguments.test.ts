import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Option } from "effect"

import { Bulkhead, Hedge, Retry, RetryBudget } from "../../src/index.ts"

// What plain JavaScript may pass where types say otherwise.
const wrap = (u: unknown) => ({ u }) as { readonly u: any }
const nothing = [undefined, null].map(wrap)
const scalars = [42, NaN, "text", true, 10n, Symbol("s")].map(wrap)
const objects = [{}, Object.create(null), [], [1], Promise.resolve(1)].map(wrap)
const effects = [Effect.void].map(wrap)
const functions = [() => Effect.void, async () => 1].map(wrap)
const noEffect = [...nothing, ...scalars, ...objects, ...functions]
const noFunction = [wrap(null), ...scalars, ...objects, ...effects]
const noOptions = [...nothing, ...scalars, wrap([1]), wrap(Promise.resolve(1)), ...effects, ...functions]
const noName = [null, 42, true, 10n, Symbol("s"), {}, () => "x"].map(wrap)
const noNumber = [null, "1", true, 10n, Symbol("s"), [], [1], {}, () => 1].map(wrap)
const noDuration = [
  null,
  "soon",
  true,
  Symbol("s"),
  {},
  { second: 1 },
  { seconds: NaN },
  [NaN, 0],
  () => 1,
  Promise.resolve(1),
  Effect.void
].map(wrap)
const noHandle = [...noEffect, ...effects]

type Wrong = readonly [
  where: string,
  values: ReadonlyArray<{ readonly u: any }>,
  use: (value: any) => any,
  says: RegExp
]

const failing = Effect.fail({ _tag: "A" } as const)
const retry = (policy: object) =>
  Retry.run(failing, { tags: ["A"], attempts: 2, initial: 0, ...policy } as never)

const wrong = (budget: RetryBudget.RetryBudget, bulkhead: Bulkhead.Bulkhead): ReadonlyArray<Wrong> => [
  ["Retry.run", noEffect, (u) => Retry.run(u, { tags: [] }), /expected an effect/],
  ["Retry.run", noOptions, (u) => Retry.run(failing, u), /expected options/],
  ["Retry.policy", noOptions, (u) => Retry.policy(u), /expected options/],
  [
    "Retry.run",
    [wrap(null), wrap("A"), wrap(new Set(["A"])), wrap([1]), ...functions],
    (tags) => retry({ tags }),
    /tags must be an array of strings/
  ],
  ["Retry.run", noFunction, (u) => retry({ while: u }), /while must be a function/],
  [
    "Retry.run",
    [...objects, ...effects, ...functions],
    (u) => retry({ while: () => u }),
    /the result of while must be a boolean/
  ],
  ["Retry.run", noFunction, (retryAfter) => retry({ retryAfter }), /retryAfter must be a function/],
  [
    "Retry.run",
    [wrap(null), ...scalars, ...objects],
    (u) => retry({ retryAfter: () => u }),
    /the result of retryAfter must be an Option/
  ],
  [
    "Retry.run",
    noDuration,
    (u) => retry({ retryAfter: () => Option.some(u) }),
    /the result of retryAfter must be a duration/
  ],
  ["Retry.run", noFunction, (onRetry) => retry({ onRetry }), /onRetry must be a function/],
  ["Retry.run", noEffect, (u) => retry({ onRetry: () => u }), /onRetry must return an effect/],
  ["Retry.run", noFunction, (cost) => retry({ cost }), /cost must be a function/],
  [
    "Retry.run",
    noNumber.slice(1),
    (u) => retry({ budget, cost: () => u }),
    /the result of cost must be a finite number >= 0/
  ],
  [
    "Retry.run",
    [wrap(null), ...scalars, ...objects, ...effects, ...functions],
    (u) => retry({ budget: u }),
    /budget must be a RetryBudget/
  ],
  [
    "Retry.run",
    noFunction,
    (schedule) => retry({ schedule, initial: undefined }),
    /schedule must be a Schedule/
  ],
  ["Retry.run", noNumber, (factor) => retry({ factor }), /factor must be a finite number >= 1/],
  ["Retry.run", noNumber, (attempts) => retry({ attempts }), /attempts must be an integer or Infinity >= 1/],
  ["Retry.run", noDuration, (initial) => retry({ initial }), /initial must be a duration/],
  ["Retry.run", noDuration, (max) => retry({ max }), /max must be a duration/],
  ["Retry.run", noDuration, (elapsed) => retry({ elapsed }), /elapsed must be a duration/],
  ["Retry.run", noName, (jitter) => retry({ jitter }), /jitter must be one of/],
  ["Retry.disabled", noEffect, (u) => Retry.disabled(u), /expected an effect/],
  ["Retry.backoff", noOptions.slice(1), (u) => Retry.backoff(u), /expected options/],
  [
    "Retry.parseRetryAfter",
    [wrap(1), wrap(true), ...objects, ...effects, ...functions],
    (u) => Retry.parseRetryAfter(u),
    /header must be a string/
  ],
  ["Retry.attempts", noHandle, (u) => Retry.attempts(u), /expected a Cause/],
  ["RetryBudget.make", noOptions, (u) => RetryBudget.make(u), /expected options/],
  ["RetryBudget.make", noName, (name) => RetryBudget.make({ capacity: 1, name }), /name must be a string/],
  [
    "RetryBudget.make",
    noNumber,
    (u) => RetryBudget.make({ capacity: u }),
    /capacity must be an integer >= 0/
  ],
  [
    "RetryBudget.make",
    noNumber,
    (u) => RetryBudget.make({ capacity: 1, refillPerSuccess: u }),
    /refillPerSuccess must be a finite number >= 0/
  ],
  [
    "RetryBudget.make",
    noNumber,
    (u) => RetryBudget.make({ capacity: 1, refillPerSecond: u }),
    /refillPerSecond must be a finite number >= 0/
  ],
  ["RetryBudget.available", noHandle, (u) => RetryBudget.available(u), /expected a RetryBudget/],
  ["Hedge.run", noEffect, (u) => Hedge.run(u, { after: 1, copies: 2 }), /expected an effect/],
  ["Hedge.run", noOptions, (u) => Hedge.run(failing, u), /expected options/],
  ["Hedge.run", noDuration, (after) => Hedge.run(failing, { after, copies: 2 }), /after must be a duration/],
  [
    "Hedge.run",
    noNumber,
    (copies) => Hedge.run(failing, { after: 1, copies }),
    /copies must be an integer >= 1/
  ],
  ["Hedge.run", noName, (name) => Hedge.run(failing, { after: 1, copies: 2, name }), /name must be a string/],
  [
    "Hedge.run",
    [wrap(null), ...objects],
    (u) => Hedge.run(failing, { after: 1, copies: 2, budget: u }),
    /budget must be a RetryBudget/
  ],
  ["Bulkhead.make", noOptions, (u) => Bulkhead.make(u), /expected options/],
  [
    "Bulkhead.make",
    noName,
    (name) => Bulkhead.make({ concurrency: 1, queue: 1, name }),
    /name must be a string/
  ],
  [
    "Bulkhead.make",
    noNumber,
    (concurrency) => Bulkhead.make({ concurrency, queue: 1 }),
    /concurrency must be an integer or Infinity >= 1/
  ],
  [
    "Bulkhead.make",
    noNumber,
    (queue) => Bulkhead.make({ concurrency: 1, queue }),
    /queue must be an integer or Infinity >= 0/
  ],
  ["Bulkhead.run", noEffect, (u) => Bulkhead.run(u, bulkhead), /expected an effect/],
  ["Bulkhead.run", noHandle, (u) => Bulkhead.run(failing, u), /expected a Bulkhead/],
  ["Bulkhead.statistics", noHandle, (u) => Bulkhead.statistics(u), /expected a Bulkhead/]
]

const said = (use: (value: any) => any, value: unknown) =>
  Effect.exit(Effect.suspend(() => use(value) as Effect.Effect<unknown, unknown>)).pipe(
    Effect.map((exit) => (Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "success"))
  )

describe("resilience: wrong arguments", () => {
  it.effect("die with a message that says where, what would be right, and what was given", () =>
    Effect.gen(function* () {
      const budget = yield* RetryBudget.make({ capacity: 100 })
      const bulkhead = yield* Bulkhead.make({ concurrency: 1, queue: 0 })
      for (const [where, values, use, says] of wrong(budget, bulkhead)) {
        for (const { u } of values) {
          const message = yield* said(use, u)
          assert.match(message, new RegExp(`^InvalidArgument: ${where}: .+, got .+`), String(says))
          assert.match(message, says)
        }
      }
      assert.deepStrictEqual((yield* Bulkhead.statistics(bulkhead)).holders, [])
    })
  )
})
