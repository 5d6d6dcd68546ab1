/** Explores each program, and runs its plain twin. `node run.ts d4` for one of them. */
import { Effect, Result } from "effect"
import { Explore } from "@skein/testing"
import { defect as d1 } from "./d1-pubsub-take.ts"
import { defect as d2 } from "./d2-partitioned-semaphore.ts"
import { defect as d3 } from "./d3-tx-semaphore.ts"
import { defect as d4 } from "./d4-pool-lost-wakeup.ts"
import { defect as d5 } from "./d5-pool-failed-acquire.ts"
import { defect as d6 } from "./d6-scoped-cache.ts"
import { defect as d7 } from "./d7-stream-flatmap.ts"

export const defects = { d1, d2, d3, d4, d5, d6, d7 }

const report = Effect.gen(function* () {
  const only = process.argv[2]
  for (const [name, { interrupts, plain, program }] of Object.entries(defects)) {
    if (only !== undefined && only !== name) continue
    const found = yield* Effect.result(Explore.run(program, { mode: "ops", interrupts, schedules: 20_000 }))
    console.log(`${name}: ${Result.isFailure(found) ? found.failure.message : "not found"}\n`)
    const { runs, shown } = yield* plain
    console.log(`${name}: without the explorer in ${shown} of ${runs} runs\n`)
  }
})

if (import.meta.main) await Effect.runPromise(report)
