/** Forking into a group: at once where there is room, in order of asking where there is a limit. */
import type * as Context from "effect/Context"
import * as Exit from "effect/Exit"

import { succeedNow } from "../effect.ts"
import { Operation } from "../operation.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { enclosingGroup } from "./group.ts"
import type { Group } from "./group.ts"
import { forkSite } from "./forkSites.ts"
import { beginWait, endWait, nodeOf } from "../node.ts"
import type { Holder, Wait } from "../node.ts"
import type { Reason } from "../reason.ts"
import { SlotEntry, slotHolders, whoIs } from "./slotEntry.ts"
import type { Waiting } from "./slots.ts"
import { TaskGroupClosed } from "./taskErrors.ts"
import type { TaskNode } from "./taskNode.ts"
import { InvalidArgument } from "../validate.ts"

export interface ForkOptions {
  readonly name?: string | undefined
  readonly background?: boolean | undefined
}

/** What to fork, and how. */
export interface Request {
  readonly effect: AnyEffect
  readonly options: ForkOptions | undefined
  readonly site: string | undefined
  /** How a closed group refuses: dies, or fails (the handle's forks). */
  readonly refusal: "die" | "fail"
  /** Called between making the task and starting it. */
  readonly prepare?: ((task: TaskNode) => void) | undefined
}

/** `fork` and `forkIn` as one object: the request and the effect that carries it out. */
export class Fork extends Operation<unknown> implements Request {
  readonly effect: AnyEffect
  readonly options: ForkOptions | undefined
  readonly site: string | undefined
  /** Undefined: the group around. */
  readonly group: Group | undefined

  constructor(effect: AnyEffect, options: ForkOptions | undefined, group: Group | undefined) {
    super()
    this.effect = effect
    this.options = options
    this.site = forkSite()
    this.group = group
  }

  get refusal(): "die" | "fail" {
    return this.group === undefined ? "die" : "fail"
  }

  protected run(fiber: AnyFiber): AnyEffect {
    const group = this.group ?? enclosingGroup(fiber)
    if (group === undefined)
      return Exit.die(new InvalidArgument("TaskGroup.fork: there is no task group around"))
    if (group.closed) return refuse(group, this)
    const slot = group.slots === undefined ? "unneeded" : slotFor(group, this)
    if (slot === "full") return new ForkWait(group, fiber, this).suspend()
    return succeedNow(fiber, begin(group, fiber.context, this, slot === "taken", fiber))
  }
}

/** A task for the request, started unless it is cancelled from the outset. The slot, where one is needed, is the caller's to give. */
const begin = (
  group: Group,
  forker: Context.Context<never>,
  request: Request,
  slot: boolean,
  by?: AnyFiber
): TaskNode => {
  const options = request.options
  const name = options?.name
  const background = options?.background === true
  const reason = group.cancelling
  const task =
    reason === undefined
      ? group.newTask(request.effect, name, background)
      : group.newStillborn(name, background, reason)
  if (request.site !== undefined) task.forkSite = request.site
  if (slot) task.holdsSlot = true
  if (request.prepare !== undefined) request.prepare(task)
  group.spawn(forker, task, by)
  return task
}

/** Whether the task runs on a slot, runs without one, or has to wait for one. */
const slotFor = (group: Group, request: Request): "taken" | "unneeded" | "full" => {
  const slots = group.slots
  if (slots === undefined || request.options?.background === true || group.cancelling !== undefined)
    return "unneeded"
  return slots.tryAcquire() ? "taken" : "full"
}

/** Undefined when it is at its limit. */
export const tryFork = (fiber: AnyFiber, group: Group, request: Request): TaskNode | undefined => {
  const slot = slotFor(group, request)
  return slot === "full" ? undefined : begin(group, fiber.context, request, slot === "taken", fiber)
}

/** Forks now; where the group is at its limit the task is pending and waits for its slot itself. */
export const forkNow = (
  context: Context.Context<never>,
  group: Group,
  request: Request,
  /** Waits until the task has its slot, as far as saturation goes. */
  caller?: AnyFiber
): TaskNode => {
  const slot = slotFor(group, request)
  if (slot !== "full") return begin(group, context, request, slot === "taken")
  const who = caller === undefined ? "other" : whoIs(group, caller)
  return begin(group, context, { ...request, effect: new PendingStart(group, request.effect, who) }, false)
}

/** What a closed group answers: a defect, or an error through a handle. */
export const refuse = (group: Group, request: Request): AnyEffect => {
  const error = new TaskGroupClosed({ group: group.path })
  return request.refusal === "fail" ? Exit.fail(error) : Exit.die(error)
}

/** A task for a group that is closed: cancelled from the outset. */
export const forkClosed = (
  context: Context.Context<never>,
  group: Group,
  request: Request,
  reason: Reason
): TaskNode => {
  const task = group.newStillborn(request.options?.name, request.options?.background ?? false, reason)
  group.spawn(context, task)
  return task
}

/** A fiber that is suspended in `fork`. */
class ForkWait extends SlotEntry implements Wait {
  readonly operation = "TaskGroup.fork"
  readonly since: number
  private readonly request: Request

  constructor(group: Group, fiber: AnyFiber, request: Request) {
    super(group, fiber, whoIs(group, fiber))
    this.request = request
    this.since = group.clock.currentTimeMillisUnsafe()
  }

  get resource(): string {
    return this.group.path
  }
  holders(): ReadonlyArray<Holder> {
    return slotHolders(this.group)
  }
  get over(): boolean {
    return this.state === "granted"
  }

  override suspend(): AnyEffect {
    beginWait(this.fiber, this)
    return super.suspend()
  }

  protected onSlot(fiber: AnyFiber): AnyEffect {
    const { group, request } = this
    if (group.closed) {
      group.slots!.release()
      return refuse(group, request)
    }
    // Being cancelled meanwhile: the task is stillborn and needs no slot.
    const slot = group.cancelling === undefined
    const task = begin(group, fiber.context, request, slot, fiber)
    if (!slot) group.slots!.release()
    return succeedNow(fiber, task)
  }

  protected override onLeave(fiber: AnyFiber): void {
    endWait(fiber, this)
    super.onLeave(fiber)
  }
}

/** A pending task's own wait for its slot, before its program. */
class PendingStart extends Operation<unknown> {
  private readonly group: Group
  private readonly program: AnyEffect
  private readonly who: Waiting

  constructor(group: Group, program: AnyEffect, who: Waiting) {
    super()
    this.group = group
    this.program = program
    this.who = who
  }

  protected run(fiber: AnyFiber): AnyEffect {
    ;(nodeOf(fiber) as TaskNode).pending = true
    return new PendingWait(this.group, fiber, this.program, this.who).suspend()
  }
}

class PendingWait extends SlotEntry {
  private readonly program: AnyEffect

  constructor(group: Group, fiber: AnyFiber, program: AnyEffect, who: Waiting) {
    super(group, fiber, who)
    this.program = program
  }

  protected onSlot(fiber: AnyFiber): AnyEffect {
    const task = nodeOf(fiber) as TaskNode
    task.pending = false
    task.holdsSlot = true
    return this.program
  }
}
