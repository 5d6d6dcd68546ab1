/** A fiber that is suspended until it has a slot of a limited group, or until it is certain that none will come. */
import * as Exit from "effect/Exit"

import { park, unpark } from "../effect.ts"
import { StackEntry } from "../stackEntry.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { envOf } from "../env.ts"
import type { Group } from "./group.ts"
import { holderOf, nodeOf } from "../node.ts"
import type { Holder } from "../node.ts"
import type { Resumable } from "../resumptions.ts"
import type { SlotState, SlotWaiter, Waiting } from "./slots.ts"
import { TaskGroupSaturated } from "./taskErrors.ts"
import { TaskNode } from "./taskNode.ts"

export abstract class SlotEntry extends StackEntry implements SlotWaiter, Resumable {
  prev: SlotWaiter | undefined = undefined
  next: SlotWaiter | undefined = undefined
  state: SlotState = "waiting"
  readonly who: Waiting
  protected readonly group: Group
  readonly fiber: AnyFiber

  constructor(group: Group, fiber: AnyFiber, who: Waiting) {
    super()
    this.group = group
    this.fiber = fiber
    this.who = who
  }

  /** The slot is this fiber's, which goes on with what is returned. */
  protected abstract onSlot(fiber: AnyFiber): AnyEffect

  suspend(): AnyEffect {
    const slots = this.group.slots!
    slots.wait(this)
    if (isSaturated(this.group)) slots.tellHopeless(this)
    return park(this.fiber, this)
  }

  wake(): void {
    this.group.slots!.resumptions.add(this, false)
  }

  resume(): void {
    if (this.state !== "done") unpark(this.fiber, this)
  }

  protected override onResume(fiber: AnyFiber): AnyEffect {
    if (this.state === "hopeless") return Exit.die(saturation(this.group))
    this.state = "done"
    return this.onSlot(fiber)
  }

  protected override onLeave(_fiber: AnyFiber): void {
    this.group.slots!.abandon(this)
  }
}

export const whoIs = (group: Group, fiber: AnyFiber): Waiting => {
  // A deadline ends its wait.
  if (envOf(fiber).scope?.owner === fiber) return "other"
  if (group.fiber === fiber) return "body"
  const node = nodeOf(fiber)
  return node instanceof TaskNode && node.group === group && node.fiber === fiber && node.holdsSlot
    ? "task"
    : "other"
}

export const slotHolders = (group: Group): ReadonlyArray<Holder> =>
  group
    .tasks()
    .filter((task) => task.holdsSlot)
    .map((task) => holderOf(task.fiber))

const isSaturated = (group: Group): boolean =>
  group.background === 0 && !group.ending && group.slots!.isSaturated(group.bodyExit !== undefined)

/** The end of a body or of a background task, too, may make it certain that nothing can go on. */
export const watchSaturation = (group: Group): void => {
  group.onFewer = () => {
    if (isSaturated(group)) group.slots!.giveUp()
  }
}

const saturation = (group: Group): TaskGroupSaturated =>
  new TaskGroupSaturated({
    group: group.path,
    limit: group.slots!.total,
    waiting: slotHolders(group).map((holder) => holder.name)
  })
