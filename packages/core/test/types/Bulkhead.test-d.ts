/** Bulkheads and the task tree. Type-checked, never run. */
// @effect-diagnostics floatingEffect:off
import { Effect } from "effect"
import { Bulkhead, TaskTree } from "@skein/core"
import { is, DbError, Db, fetchPosts } from "./domain.ts"
import type { EffOf } from "./domain.ts"

{
  is<EffOf<typeof TaskTree.snapshot>, [TaskTree.Snapshot, never, never]>(true)
  const bulkhead = Effect.flatMap(Bulkhead.make({ concurrency: 4, queue: 8 }), (b) =>
    fetchPosts.pipe(Bulkhead.run(b))
  )
  is<EffOf<typeof bulkhead>, [number, DbError | Bulkhead.BulkheadFull, Db]>(true)
}
