import { Mutex } from "async-mutex"
import { Sema } from "async-sema"
import * as Effect from "effect/Effect"
import * as EffectSemaphore from "effect/Semaphore"

import { Lock } from "@skein/core"

import { forkAll, forkTasks } from "../floor.ts"
import type { ForkAll } from "../floor.ts"
import { both, define } from "../work.ts"
import type { Round } from "../work.ts"

/** So often each of the tasks takes it. */
const each = 20

const inEffect =
  (
    make: Effect.Effect<(effect: Effect.Effect<void>) => Effect.Effect<void>>,
    fork: ForkAll = forkAll
  ): Round =>
  (n) =>
    Effect.runPromise(
      Effect.flatMap(make, (withLock) =>
        fork(n / each, () =>
          Effect.gen(function* () {
            for (let i = 0; i < each; i++) yield* withLock(Effect.yieldNow)
          })
        )
      )
    )

const skein = Effect.map(Lock.make(), (one) => Lock.withLock(one))

const inPromises = async (n: number, withLock: () => Promise<unknown>): Promise<void> => {
  await Promise.all(
    Array.from({ length: n / each }, async () => {
      for (let i = 0; i < each; i++) await withLock()
    })
  )
}

export const lock = define({
  id: "lock",
  title: "A lock that everybody wants",
  description:
    "A thousand tasks want one lock; each takes it twenty times and yields once inside it. Growth is of the number of tasks.",
  unit: "acquisition",
  n: 20_000,
  essential: true,
  scales: true,
  collected: true,
  floor: "floor",
  effect: "Effect Semaphore(1)",
  goals: [{ system: "Skein Lock", against: "Effect Semaphore(1)", ratio: 0.06 }],
  remarks:
    "The floor is the same without a lock. Skein's lock is shown with tasks of a group and with the same bare fibers as Effect's semaphore. The libraries on promises neither cancel nor notice who takes the lock twice; they are shown with a yield to the microtask queue and with one to the event loop, as all others here do.",
  systems: {
    floor: { round: inEffect(Effect.succeed((effect) => effect)), note: "no lock" },
    "Effect Semaphore(1)": {
      round: inEffect(Effect.map(EffectSemaphore.make(1), (semaphore) => semaphore.withPermits(1)))
    },
    "Skein Lock": { round: inEffect(skein, forkTasks), note: "tasks of a group" },
    "Skein Lock (fibers)": { round: inEffect(skein), note: "Effect's fibers" },
    ...both("async-mutex", (work) => (n) => {
      const mutex = new Mutex()
      return inPromises(n, () => mutex.runExclusive(work))
    }),
    ...both("async-sema", (work) => (n) => {
      const sema = new Sema(1)
      return inPromises(n, async () => {
        await sema.acquire()
        await work()
        sema.release()
      })
    })
  },
  python: ["asyncio", "trio"],
  mostPython: 20_000
})
