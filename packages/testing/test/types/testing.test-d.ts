/** Explorer and interruption sweep. Type-checked, never run. */
// @effect-diagnostics floatingEffect:off
import { Effect, Exit } from "effect"
import { Semaphore } from "@skein/core"
import { Explore, InterruptSweep } from "@skein/testing"
import { it } from "@skein/testing/vitest"
import { is, DbError, Db, fetchPosts } from "../../../core/test/types/domain.ts"
import type { EffOf } from "../../../core/test/types/domain.ts"

{
  const explored = Explore.run(() => Effect.succeed(1), {
    schedules: 10,
    accept: (exit) => Exit.isSuccess(exit)
  })
  is<EffOf<typeof explored>, [Explore.Report, Explore.ExploreFailure, never]>(true)
  it.explore("no lost item", () => Effect.succeed(1), { interrupts: false })
  // @ts-expect-error everything must be provided
  it.explore("needs Db", () => fetchPosts)
  const replayed = Explore.replay(() => Effect.succeed(1), "x1:0.0-3.2")
  is<EffOf<typeof replayed>, [Explore.Report, Explore.ExploreFailure, never]>(true)
  const sweep = InterruptSweep.run({
    setup: Semaphore.make(1),
    subject: (s) => Semaphore.withPermit(s, fetchPosts),
    check: (s, exit) => {
      is<typeof exit, Exit.Exit<number, DbError>>(true)
      return Effect.asVoid(Semaphore.statistics(s))
    }
  })
  is<EffOf<typeof sweep>, [InterruptSweep.Report, InterruptSweep.InterruptSweepFailure, Db]>(true)
}
