/** Waiting for a task's exit. */
import * as Exit from "effect/Exit"

import { later } from "../dispatcher.ts"
import { isInterrupted, isInterruptible, park, unpark } from "../effect.ts"
import { StackEntry } from "../stackEntry.ts"
import type { AnyEffect, AnyExit, AnyFiber } from "../effect.ts"
import { enclosingGroup, Group } from "./group.ts"
import type { Listener, Listeners } from "../listeners.ts"
import { beginWait, endWait, holderOf, nodeAbove, waitingFrameOf } from "../node.ts"
import type { Holder, Node, Wait, WaitingFrame } from "../node.ts"
import { makeReason, reasonOf } from "../reason.ts"
import { TaskCancelled } from "./taskErrors.ts"
import { TaskNode } from "./taskNode.ts"
import { wallMillis } from "../wallClock.ts"

/** What joining gives: a task cancelled on its own is a defect of the joiner's, not its cancellation. */
export const joined = (task: TaskNode): AnyExit => {
  const exit = task.exit!
  if (task.ending !== "cancelled") return exit
  const reason = task.asked?.reason ?? (exit._tag === "Failure" ? reasonOf(exit.cause) : undefined)
  return Exit.die(
    new TaskCancelled({
      task: task.path,
      reason: reason ?? makeReason(task.fiber, { _tag: "Requested", by: undefined })
    })
  )
}

/**
 * True when the fiber will be interrupted as soon as those between it and somebody who was asked to stop have run: each of them
 * waits for the next where it can be interrupted, and passes that on.
 */
export const isCertain = (fiber: AnyFiber): boolean => {
  if (!isInterruptible(fiber)) return false
  let at: AnyFiber | undefined = fiber
  while (at !== undefined && !isInterrupted(at)) {
    const frame: WaitingFrame | undefined = waitingFrameOf(at)
    if (frame instanceof TaskNode ? frame.isAsked : frame instanceof Group && frame.ending) return true
    if (frame instanceof TaskNode) at = frame.group.awaiter
    else if (frame instanceof Group) at = frame.awaiter
    else at = frame?.shields !== false || frame.owner === at ? undefined : frame.owner
  }
  return at !== undefined
}

/**
 * True when the fiber may be about to be interrupted by its own group or one further out. It must then not be woken by the
 * end of somebody who was cancelled along with it: that would put a defect where the real failure belongs. See
 * {@link unlessInterrupted} for when it is not.
 */
export const isDoomed = (fiber: AnyFiber): boolean => {
  if (!isInterruptible(fiber)) return false
  if (isInterrupted(fiber)) return true
  let node: Node | undefined = nodeAbove(fiber)
  if (node === undefined) {
    const group = enclosingGroup(fiber)
    if (group?.cancelling !== undefined) return true
    node = group
  }
  for (; node !== undefined; node = node.parent) {
    if (node instanceof TaskNode ? node.isAsked : node instanceof Group && node.ending) return true
  }
  return false
}

/**
 * Runs it a turn later, unless the fiber is interrupted by then. Cancellation reaches in one turn whom it can reach: not
 * those inside an uninterruptible region of somebody who was asked to stop, and not the body of a group whose tasks are
 * cancelled. They must not wait for ever.
 */
export const unlessInterrupted = (fiber: AnyFiber, run: () => void): void => {
  later(fiber, () => {
    if (!isInterrupted(fiber)) run()
  })
}

/** A fiber that is suspended until a task has exited. */
export class JoinEntry extends StackEntry implements Wait, Listener<TaskNode> {
  prev: Listener<TaskNode> | undefined = undefined
  next: Listener<TaskNode> | undefined = undefined
  list: Listeners<TaskNode> | undefined = undefined
  readonly since: number
  readonly operation: string
  private readonly fiber: AnyFiber
  private readonly task: TaskNode
  private readonly result: (task: TaskNode) => AnyExit
  private left = false

  constructor(operation: string, fiber: AnyFiber, task: TaskNode, result: (task: TaskNode) => AnyExit) {
    super()
    this.operation = operation
    this.fiber = fiber
    this.task = task
    this.result = result
    this.since = wallMillis(fiber)
  }

  get resource(): string {
    return this.task.path
  }
  holders(): ReadonlyArray<Holder> {
    return [holderOf(this.task.fiber)]
  }

  suspend(): AnyEffect {
    this.task.listen(this)
    beginWait(this.fiber, this)
    return park(this.fiber, this)
  }

  run(task: TaskNode): void {
    const { fiber } = this
    if (task.ending !== "cancelled" || this.operation !== "Task.join" || !isDoomed(fiber)) {
      return unpark(fiber, this)
    }
    if (isCertain(fiber)) return
    unlessInterrupted(fiber, () => {
      if (!this.left) unpark(fiber, this)
    })
  }

  protected onResume(_fiber: AnyFiber): AnyEffect {
    return this.result(this.task)
  }

  protected onLeave(fiber: AnyFiber): void {
    this.left = true
    endWait(fiber, this)
    this.list?.remove(this)
  }
}
