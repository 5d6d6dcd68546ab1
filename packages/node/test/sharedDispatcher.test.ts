import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"

import { SharedDispatcherScheduler } from "../src/internal/runner/dispatcher.ts"

/** Forks fibers that yield at a priority and say their name when they go on. */
const order = (fibers: ReadonlyArray<readonly [name: string, priority: number]>) => {
  const seen: Array<string> = []
  const program = Effect.gen(function* () {
    const forked = yield* Effect.forEach(fibers, ([name, priority]) =>
      Effect.forkChild(
        Effect.andThen(
          Effect.yieldNowWith(priority),
          Effect.sync(() => void seen.push(name))
        ),
        { startImmediately: true }
      )
    )
    yield* Effect.forEach(forked, Fiber.join)
    return seen
  })
  return program
}

const shared = <A>(effect: Effect.Effect<A>) =>
  Effect.promise(() => Effect.runPromise(effect, { scheduler: new SharedDispatcherScheduler() }))

describe("SharedDispatcherScheduler", () => {
  it.effect("resumes fibers of equal priority first come, first served", () =>
    Effect.gen(function* () {
      const names = ["a", "b", "c", "d"].map((name) => [name, 0] as const)
      expect(yield* shared(order(names))).toEqual(["a", "b", "c", "d"])
    })
  )

  it.effect("makes priorities count across all fibers: the lower number first", () =>
    Effect.gen(function* () {
      const fibers = [
        ["late", 5],
        ["normal", 0],
        ["later", 9],
        ["normal too", 0]
      ] as const
      expect(yield* shared(order(fibers))).toEqual(["normal", "normal too", "late", "later"])
      // Without it a priority counts among what one fiber schedules: the order is that of asking.
      expect(yield* Effect.promise(() => Effect.runPromise(order(fibers)))).toEqual([
        "late",
        "normal",
        "later",
        "normal too"
      ])
    })
  )

  it.effect("is one for all fibers, so that flush runs everybody's work", () =>
    Effect.sync(() => {
      const scheduler = new SharedDispatcherScheduler()
      const [a, b] = [scheduler.makeDispatcher(), scheduler.makeDispatcher()]
      expect(a).toBe(b)
      let ran = 0
      a.scheduleTask(() => ran++, 0)
      b.flush()
      expect(ran).toBe(1)
    })
  )
})
