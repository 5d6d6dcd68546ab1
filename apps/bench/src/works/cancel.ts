import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import { action, run, spawn } from "effection"

import { TaskGroup } from "@skein/core"

import { start } from "../floor.ts"
import { Started } from "../started.ts"
import { define } from "../work.ts"
import type { Round } from "../work.ts"

let cleaned = 0

const started = new Started()

/** Suspended, with a cleanup to run. */
const task = Effect.onInterrupt(Effect.callback<never>(started.one), () => Effect.sync(() => cleaned++))

/** Only the cancelling counts. */
const cancelling =
  (begin: (n: number) => Effect.Effect<unknown>): Round =>
  async (n, timer) => {
    const fiber = Effect.runFork(begin(n))
    await started.all(n)
    cleaned = 0
    timer.begin()
    await Effect.runPromise(Fiber.interrupt(fiber))
    timer.end()
    if (cleaned !== n) throw new Error(`cleaned up ${cleaned} of ${n}`)
  }

const effection: Round = async (n, timer) => {
  cleaned = 0
  const root = run(function* () {
    for (let i = 0; i < n; i++) {
      yield* spawn(() =>
        action<void>(() => {
          started.one()
          return () => void cleaned++
        })
      )
    }
    yield* action<void>(() => () => {})
  })
  await started.all(n)
  timer.begin()
  await root.halt()
  timer.end()
  if (cleaned !== n) throw new Error(`cleaned up ${cleaned} of ${n}`)
}

const promises: Round = async (n, timer) => {
  const controller = new AbortController()
  cleaned = 0
  const waiting = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => {
        cleaned++
        resolve()
      })
    })
  const all = Promise.all(Array.from({ length: n }, () => waiting(controller.signal)))
  timer.begin()
  controller.abort()
  await all
  timer.end()
}

export const cancel = define({
  id: "cancel",
  title: "Cancel suspended tasks, cleanup run",
  description:
    "So many tasks of one group are suspended; the group is cancelled and waits until the cleanup of each has run. Only the cancelling is measured.",
  unit: "task",
  n: 20_000,
  essential: true,
  scales: true,
  floor: "floor",
  effect: "Effect FiberSet",
  goals: [{ system: "Skein TaskGroup", against: "Effect FiberSet", ratio: 1 }],
  remarks:
    "With promises one signal with a listener per task stands in for cancellation: nothing is unwound.",
  systems: {
    floor: {
      round: cancelling((n) =>
        Effect.flatMap(start(n, task), (fibers) =>
          Effect.onInterrupt(Effect.never, () => Fiber.interruptAll(fibers))
        )
      ),
      note: "Fiber.interruptAll"
    },
    // Each listener that is added is compared with all there are.
    "promises (AbortSignal)": { round: promises, most: 2_000 },
    "Effect forEach": {
      round: cancelling((n) =>
        Effect.forEach(Array.from({ length: n }), () => task, { concurrency: "unbounded", discard: true })
      )
    },
    "Effect FiberSet": {
      round: cancelling((n) =>
        Effect.scoped(
          Effect.gen(function* () {
            const set = yield* FiberSet.make<never>()
            for (let i = 0; i < n; i++) yield* FiberSet.run(set, task)
            yield* Effect.never
          })
        )
      )
    },
    "Skein TaskGroup": {
      round: cancelling((n) =>
        TaskGroup.run(
          Effect.gen(function* () {
            for (let i = 0; i < n; i++) yield* TaskGroup.fork(task)
          })
        )
      )
    },
    Effection: { round: effection, most: 2_000 }
  },
  python: ["asyncio", "trio"]
})

// ---- one of many fails

const quiet = Effect.callback<never>(started.one)

const failing =
  (begin: (n: number, fails: Effect.Effect<never, string>) => Effect.Effect<unknown, unknown>): Round =>
  async (n, timer) => {
    let fail = (): void => {}
    const fails = Effect.callback<never, string>((resume) => {
      started.one()
      fail = () => resume(Effect.fail("one"))
    })
    const fiber = Effect.runFork(begin(n, fails))
    await started.all(n)
    timer.begin()
    fail()
    const exit = await Effect.runPromise(Fiber.await(fiber))
    timer.end()
    if (Exit.isSuccess(exit)) throw new Error("did not fail")
  }

const failingEffection: Round = async (n, timer) => {
  let fail = (): void => {}
  const root = run(function* () {
    for (let i = 0; i < n; i++) {
      yield* spawn(() =>
        action<void>((_, reject) => {
          started.one()
          if (i === n >> 1) fail = () => reject(new Error("one"))
          return () => {}
        })
      )
    }
    yield* action<void>(() => () => {})
  })
  const failed = root.then(
    () => false,
    () => true
  )
  await started.all(n)
  timer.begin()
  fail()
  const ended = await failed
  timer.end()
  if (!ended) throw new Error("did not fail")
}

export const failFast = define({
  id: "fail-fast",
  title: "One of many suspended tasks fails",
  description:
    "So many tasks are suspended, one fails: the others are cancelled and awaited, the group fails. Only that is measured.",
  unit: "task",
  n: 10_000,
  essential: true,
  effect: "Effect forEach",
  goals: [{ system: "Skein TaskGroup", against: "Effect forEach", ratio: 1 }],
  systems: {
    "Effect forEach": {
      round: failing((n, fails) =>
        Effect.forEach(
          Array.from({ length: n }, (_, i) => i),
          (i) => (i === n >> 1 ? fails : quiet),
          {
            concurrency: "unbounded",
            discard: true
          }
        )
      )
    },
    "Skein TaskGroup": {
      round: failing((n, fails) =>
        TaskGroup.run(
          Effect.gen(function* () {
            for (let i = 0; i < n; i++) yield* TaskGroup.fork(i === n >> 1 ? fails : quiet)
          })
        )
      )
    },
    Effection: { round: failingEffection, most: 2_000 }
  },
  python: ["asyncio", "trio"]
})
