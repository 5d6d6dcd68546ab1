/** Permits that a task waits for before it has a fiber. */
import { startAs } from "../asyncContext.ts"
import { coarseNow } from "../coarseClock.ts"
import { enter, park } from "../effect.ts"
import type { AnyEffect, AnyFiber, Start } from "../effect.ts"
import type { Holder } from "../node.ts"
import type { FirstWait, TaskNode } from "../tasks/taskNode.ts"
import { wallClockOf } from "../wallClock.ts"
import { Lease } from "./permits.ts"
import type { Permits } from "./permits.ts"
import { Granted, Idle } from "./waitQueue.ts"

/** Made by {@link NewTaskLease}. */
export abstract class TaskLease extends Lease implements FirstWait {
  declare readonly start: Start
  declare private readonly task: TaskNode
  /** The task's fiber has taken its first step, into this. */
  declare private begun: boolean
  declare private served: boolean

  override describe(): Holder {
    return { node: this.task, name: this.task.path }
  }

  override resume(): void {
    if (this.state !== Granted) return
    this.served = true
    if (this.begun) super.resume()
    // Its first step is to come here.
    else void this.task.fiber
  }

  protected override onResume(fiber: AnyFiber): AnyEffect {
    if (!this.begun) {
      this.begun = true
      ;(this as { fiber: AnyFiber }).fiber = fiber
      if (!this.served) return park(fiber, this)
      enter(fiber, this)
    }
    this.task.wait = undefined
    if (this.rejection === undefined) return this.onServed(fiber)
    this.state = Idle
    return this.rejection
  }
}

// Sets what the constructors of Waiter and Lease would. One function instead of a chain of them: many are made, and wait, at once.
const construct = function (
  this: any,
  by: AnyFiber,
  source: Permits,
  permits: number,
  effect: AnyEffect,
  task: TaskNode,
  start: Start
) {
  this.fiber = by
  this.state = Idle
  this.list = undefined
  this.prev = undefined
  this.next = undefined
  this.since = coarseNow(wallClockOf(by))
  this.turn = 0
  this.rejection = undefined
  this.source = source
  this.permits = permits
  this.effect = effect
  this.start = startAs(task.group, by, start)
  this.task = task
  this.begun = false
  this.served = false
}
construct.prototype = TaskLease.prototype

/** Not in line yet. Until the task has a fiber, `by` says where those are scheduled who are served. */
export const NewTaskLease = construct as unknown as new (
  ...of: Parameters<OmitThisParameter<typeof construct>>
) => TaskLease
