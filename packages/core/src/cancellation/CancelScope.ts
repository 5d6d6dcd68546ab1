/**
 * Deadlines and cancellation of a part of a program, which the rest of it survives.
 *
 * A scope converts its own cancellation only: not an enclosing scope's, not its task's, and not an inner scope's
 * `DeadlineExceeded`. It waits until the work has exited and its finalizers have run: what it guards is gone when it ends.
 *
 * A fork inside a scope goes to the group around it and is not bound by the scope.
 *
 * @since 0.1.0
 */
export type { Cancelled, CancelScope, Completed, Outcome, RunOptions, When } from "./scope/ScopeModel.ts"
export { cancel, isCancelled, match, reschedule, run, shield } from "./scope/ScopeRun.ts"
export { DeadlineExceeded, failAfter, moveOnAfter } from "./scope/TimeLimit.ts"
export type { FailAfterOptions } from "./scope/TimeLimit.ts"
export { deadline, remaining, toHeader, withHeader } from "./scope/Deadline.ts"
export { signal, withSignal } from "./scope/ScopeSignal.ts"
