/** `TxSemaphore.withPermit` interrupted in a window of one operation leaks its permit. */
import { Effect, Fiber, TxSemaphore } from "effect"
import { Explore } from "@skein/testing"
import { interruptAtEachBudget } from "./plain.ts"
import type { Defect } from "./plain.ts"

export const defect: Defect = {
  program: () =>
    Effect.gen(function* () {
      const semaphore = yield* TxSemaphore.make(1)
      const worker = yield* Effect.forkChild(
        Explore.named(TxSemaphore.withPermit(semaphore, Effect.void), "worker")
      )
      yield* Fiber.await(worker)
      const free = yield* TxSemaphore.available(semaphore)
      if (free !== 1) return yield* Effect.die(new Error(`${free} of 1 permits are free`))
    }),
  interrupts: true,
  problem: "Rejected",
  seed: "x1:oi:1.27!",
  plain: interruptAtEachBudget({
    setup: TxSemaphore.make(1),
    subject: (semaphore) => TxSemaphore.withPermit(semaphore, Effect.void),
    isWrong: (semaphore) => Effect.map(TxSemaphore.available(semaphore), (free) => free !== 1)
  })
}
