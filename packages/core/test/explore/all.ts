import { programs as cancellation } from "./cancellation.ts"
import { programs as condition } from "./condition.ts"
import { programs as join } from "./join.ts"
import { programs as pool } from "./pool.ts"
import type { Explored } from "./program.ts"
import { programs as queues } from "./queues.ts"
import { programs as reasons } from "./reasons.ts"
import { programs as resilience } from "./resilience.ts"
import { programs as resources } from "./resources.ts"
import { programs as sync } from "./sync.ts"
import { programs as task } from "./task.ts"
import { programs as taskGroup } from "./taskGroup.ts"
import { programs as tree } from "./tree.ts"

export const programs: ReadonlyArray<Explored> = [
  ...taskGroup,
  ...task,
  ...join,
  ...tree,
  ...cancellation,
  ...reasons,
  ...sync,
  ...condition,
  ...queues,
  ...pool,
  ...resources,
  ...resilience
]

const guard = "looks at one value"
const promises =
  "made of promises, which come back when they like: `test/resources/Generator.async.test.ts` sweeps it"

/** What no program uses, and why. Errors are left out as they are classes. */
export const notExplored: Readonly<Record<string, string>> = {
  "CancelReason.isCancelReason": guard,
  "ContextManager.isContextManager": guard,
  "Generator.fromAsyncIterable": promises,
  "Generator.toAsyncIterable": promises,
  "Generator.toAsyncIterableEffect": promises,
  "Lock.isLock": guard,
  "Pool.isPool": guard,
  "Task.isTask": guard,
  "TaskGroup.isTaskGroup": guard
}
