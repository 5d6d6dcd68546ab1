/** Permits that a task waits for before it has a fiber. */
import { coarseNow } from "../coarseClock.ts"
import { enter, park } from "../effect.ts"
import type { AnyEffect, AnyFiber, Start } from "../effect.ts"
import type { Holder } from "../node.ts"
import type { FirstWait, TaskNode } from "../tasks/taskNode.ts"
import { wallClockOf } from "../wallClock.ts"
import { Lease } from "./permits.ts"
import type { Permits } from "./permits.ts"

export class TaskLease extends Lease implements FirstWait {
  readonly start: Start
  private readonly task: TaskNode
  /** The task's fiber has taken its first step, into this. */
  private begun = false
  private served = false

  /** Until the task has a fiber, `by` says where those are scheduled who are served. */
  constructor(
    by: AnyFiber,
    source: Permits,
    permits: number,
    effect: AnyEffect,
    task: TaskNode,
    start: Start
  ) {
    super(by, source, permits, effect)
    this.task = task
    this.start = start
    this.since = coarseNow(wallClockOf(by))
    source.queue.add(this)
  }

  override describe(): Holder {
    return { node: this.task, name: this.task.path }
  }

  override resume(): void {
    this.served = true
    if (this.begun) super.resume()
    // Its first step is to come here.
    else void this.task.fiber
  }

  protected override onResume(fiber: AnyFiber): AnyEffect {
    if (this.begun) return super.onResume(fiber)
    this.begun = true
    ;(this as { fiber: AnyFiber }).fiber = fiber
    if (!this.served) return park(fiber, this)
    enter(fiber, this)
    return super.onResume(fiber)
  }
}
