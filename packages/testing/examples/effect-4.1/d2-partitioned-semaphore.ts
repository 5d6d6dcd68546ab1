/** `PartitionedSemaphore.withPermits` interrupted in a window of one operation leaks its permits. */
import { Effect, Fiber, PartitionedSemaphore } from "effect"
import { Explore } from "@skein/testing"
import { interruptAtEachBudget } from "./plain.ts"
import type { Defect } from "./plain.ts"

export const defect: Defect = {
  program: () =>
    Effect.gen(function* () {
      const semaphore = yield* PartitionedSemaphore.make<string>({ permits: 1 })
      const worker = yield* Effect.forkChild(
        Explore.named(semaphore.withPermit("key")(Effect.void), "worker")
      )
      yield* Fiber.await(worker)
      const free = yield* semaphore.available
      if (free !== 1) return yield* Effect.die(new Error(`${free} of 1 permits are free`))
    }),
  interrupts: true,
  problem: "Rejected",
  seed: "x1:oi:1.7!",
  plain: interruptAtEachBudget({
    setup: PartitionedSemaphore.make<string>({ permits: 1 }),
    subject: (semaphore) => semaphore.withPermit("key")(Effect.void),
    isWrong: (semaphore) => Effect.map(semaphore.available, (free) => free !== 1)
  })
}
