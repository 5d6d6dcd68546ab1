import { setImmediate as immediate } from "node:timers/promises"

import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

import { CancelScope, Retry } from "@skein/core"

import { define, setImmediatePromise } from "../work.ts"
import type { Round } from "../work.ts"

const repeated =
  (effect: Effect.Effect<unknown, unknown>): Round =>
  (n) =>
    Effect.runPromise(
      Effect.gen(function* () {
        for (let i = 0; i < n; i++) yield* effect
      }).pipe(Effect.orDie)
    )

const withTimer = async (): Promise<void> => {
  let handle: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    handle = setTimeout(() => reject(new Error("timeout")), 1_000)
  })
  try {
    await Promise.race([setImmediatePromise(), timeout])
  } finally {
    clearTimeout(handle)
  }
}

/** An operation that heeds a signal. */
const withSignal = async (): Promise<void> => {
  const controller = new AbortController()
  const handle = setTimeout(() => controller.abort(), 1_000)
  try {
    await immediate(undefined, { signal: controller.signal })
  } finally {
    clearTimeout(handle)
  }
}

export const timeout = define({
  id: "timeout",
  title: "A timeout around an operation that yields",
  description:
    "One operation after the other, each yields once and is done long before its timeout of one second.",
  unit: "operation",
  n: 20_000,
  essential: true,
  floor: "floor",
  effect: "Effect timeout",
  goals: [{ system: "Skein failAfter", against: "Effect timeout", ratio: 0.6 }],
  remarks:
    "The floor is the operation without a timeout. Whoever bounds an Effect runs it in a fiber of its own, which can be interrupted and awaited; asyncio and Trio cancel the task that is running, which Effect's fibers do not allow. Of the promises, those with Promise.race let the operation go on after its timeout, and only those with a signal end it.",
  systems: {
    floor: { round: repeated(Effect.yieldNow), note: "no timeout" },
    "promises (race)": {
      round: async (n) => {
        for (let i = 0; i < n; i++) await withTimer()
      }
    },
    "promises (AbortSignal)": {
      round: async (n) => {
        for (let i = 0; i < n; i++) await withSignal()
      }
    },
    "Effect timeout": { round: repeated(Effect.timeout(Effect.yieldNow, "1 second")) },
    "Skein failAfter": { round: repeated(CancelScope.failAfter(Effect.yieldNow, "1 second")) },
    "Skein moveOnAfter": { round: repeated(CancelScope.moveOnAfter(Effect.yieldNow, "1 second")) }
  },
  python: ["asyncio", "trio"]
})

interface Busy {
  readonly _tag: "Busy"
}
const succeeds: Effect.Effect<number, Busy> = Effect.succeed(1)
const policy = Retry.policy({ tags: ["Busy"] })

export const retry = define({
  id: "retry",
  title: "Retry without a failure",
  description: "One operation after the other, each succeeds at once.",
  unit: "operation",
  n: 100_000,
  essential: true,
  floor: "floor",
  effect: "Effect retry",
  remarks: "The floor is the operation without a retry.",
  goals: [{ system: "Skein Retry", against: "Effect retry", ratio: 1 }],
  systems: {
    floor: { round: repeated(succeeds) },
    "Effect retry": { round: repeated(Effect.retry(succeeds, Schedule.exponential("100 millis"))) },
    "Skein Retry": { round: repeated(Retry.run(succeeds, policy)) }
  }
})
