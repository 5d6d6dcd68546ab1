/**
 * The owner of tasks: nothing leaves it before every task it owns has exited.
 *
 * A group is both a handle and a requirement. `fork` puts `TaskGroup<E>` into `R`, `run` takes it out again and adds the
 * `E` of all tasks to its own error type. So a helper that leaves tasks running says so in its type, and cannot be run
 * without an owner. Nothing is annotated by hand.
 *
 * **Open resources outside the group.** A task runs in the context of the fiber that forks it, but lives as long as its
 * group: a resource that an `Effect.scoped` around the call of `fork`, or a scope inside the body, opens is closed while
 * the task may still use it.
 *
 * @since 0.1.0
 */
export { isTaskGroup } from "./group/GroupModel.ts"
export type { Collected, Errors, ForkOptions, Options, Outside, TaskGroup } from "./group/GroupModel.ts"
export { collect, run, scoped, supervise } from "./group/GroupOpening.ts"
export type { SuperviseOptions } from "./group/GroupOpening.ts"
export { current, fork, forkIn, runtime, start, tryFork } from "./group/GroupForking.ts"
export type { Started, StartedValue } from "./group/GroupForking.ts"
export { cancel, close, drain, isClosed, size, tasks } from "./group/GroupOperations.ts"
export type { DrainOptions, Drained } from "./group/GroupOperations.ts"
export {
  ForeignInterrupt,
  TaskGroupClosed,
  TaskGroupSaturated,
  TaskNotStarted
} from "../internal/tasks/taskErrors.ts"
