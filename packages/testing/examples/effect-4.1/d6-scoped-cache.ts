/** `ScopedCache.get`, its last reader interrupted while the lookup succeeds, leaves the entry's scope open for ever. */
import { Effect, Fiber, ScopedCache, Scheduler } from "effect"
import { Explore } from "@skein/testing"
import type { Defect } from "./plain.ts"

/** Reads from a cache with `read` and closes the cache; then tells how many resources of lookups are still open. */
const openAfter = (
  read: (get: Effect.Effect<number>) => Effect.Effect<unknown>,
  lookupBudget = Number.POSITIVE_INFINITY
) =>
  Effect.gen(function* () {
    let open = 0
    const opening = Effect.andThen(
      Effect.yieldNow,
      Effect.sync(() => ++open)
    )
    yield* Effect.gen(function* () {
      const cache = yield* ScopedCache.make({
        capacity: 10,
        lookup: (_: string) => Effect.acquireRelease(opening, () => Effect.sync(() => open--))
      })
      yield* read(ScopedCache.get(cache, "key"))
    }).pipe(Effect.scoped, Effect.provideService(Scheduler.MaxOpsBeforeYield, lookupBudget))
    return open
  })

export const defect: Defect = {
  program: () =>
    Effect.gen(function* () {
      const open = yield* openAfter((get) =>
        Effect.flatMap(Effect.forkChild(Explore.named(get, "reader")), Fiber.await)
      )
      if (open !== 0) return yield* Effect.die(new Error(`${open} resources were never closed`))
    }),
  interrupts: true,
  problem: "Rejected",
  seed: "x1:oi:1.7!-1.13*2",
  plain: Effect.gen(function* () {
    let shown = 0
    let runs = 0
    for (let budget = 3; budget <= 20; budget++) {
      for (let yields = 1; yields <= 6; yields++) {
        const open = yield* openAfter(
          (get) =>
            Effect.gen(function* () {
              const reader = yield* Effect.forkChild(get)
              for (let i = 0; i < yields; i++) yield* Effect.yieldNow
              yield* Fiber.interrupt(reader)
            }),
          budget
        )
        runs++
        if (open !== 0) shown++
      }
    }
    return { shown, runs }
  })
}
