import { Semaphore } from "@skein/core"
import { Explore, InterruptSweep } from "@skein/testing"
import { Effect, Exit } from "effect"

const sweep = InterruptSweep.run({
  setup: Semaphore.make(1),
  subject: (semaphore) => Semaphore.withPermit(semaphore, Effect.yieldNow),
  check: (semaphore) =>
    Effect.flatMap(Semaphore.statistics(semaphore), (s) =>
      s.free === 1 ? Effect.void : Effect.fail("a permit is lost")
    )
})
console.log(`sweep: ${(await Effect.runPromise(sweep)).operations > 0}`)

const lostUpdate = () => {
  let counter = 0
  const add = Effect.gen(function* () {
    const seen = counter
    yield* Effect.yieldNow
    counter = seen + 1
  })
  return Effect.flatMap(Effect.all([add, add], { concurrency: 2 }), () =>
    counter === 2 ? Effect.void : Effect.fail(counter)
  )
}
const found = await Effect.runPromiseExit(Explore.run(lostUpdate, { schedules: 200 }))
if (!Exit.isFailure(found)) throw new Error("the explorer must find the lost update")
console.log("explorer: finds the lost update")
