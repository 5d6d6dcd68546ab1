import { programs as cancellation } from "./cancellation.ts"
import { programs as condition } from "./condition.ts"
import { programs as join } from "./join.ts"
import { programs as pool } from "./pool.ts"
import type { Explored } from "./program.ts"
import { programs as queues } from "./queues.ts"
import { programs as resilience } from "./resilience.ts"
import { programs as resources } from "./resources.ts"
import { programs as sync } from "./sync.ts"
import { programs as task } from "./task.ts"
import { programs as taskGroup } from "./taskGroup.ts"

export const programs: ReadonlyArray<Explored> = [
  ...taskGroup,
  ...task,
  ...join,
  ...cancellation,
  ...sync,
  ...condition,
  ...queues,
  ...pool,
  ...resources,
  ...resilience
]

const guard = "looks at one value"
const pure = "a plain function: no schedule changes what it gives"
const promises =
  "made of promises, which come back when they like: `test/resources/Generator.async.test.ts` sweeps it"

/** What no program uses, and why. Errors are left out as they are classes. */
export const notExplored: Readonly<Record<string, string>> = {
  "CancelReason.fromAbortSignal": pure,
  "CancelReason.fromCause": pure,
  "CancelReason.isCancelReason": guard,
  "CancelReason.pretty": pure,
  "CancelReason.requested": "reads the clock, once",
  "CancelReason.toAbortError": pure,
  "CancelScope.match": pure,
  "ContextManager.isContextManager": guard,
  "Generator.fromAsyncIterable": promises,
  "Generator.toAsyncIterable": promises,
  "Generator.toAsyncIterableEffect": promises,
  "Lock.isLock": guard,
  "Lock.makeUnsafe": "what `Lock.make` calls",
  "Pool.isPool": guard,
  "Retry.attempts": pure,
  "Retry.backoff": pure,
  "Retry.parseRetryAfter": pure,
  "Retry.policy": pure,
  "Task.isTask": guard,
  "TaskGroup.isTaskGroup": guard,
  "TaskGroupError.isTaskGroupError": guard,
  "TaskTree.captureForkSites": "reads stacks, which differ between the explorer and a program",
  "TaskTree.changes": "a sliding buffer that may drop what is oldest: only who reads it notices",
  "TaskTree.pathOf": pure,
  "TaskTree.render": pure,
  "TaskTree.withPaths": "a logger: an explored program has none"
}
