/** A task: the frame of its fiber, its place in its group's list, and its handle. */
import type * as Cause from "effect/Cause"
import type { Pipeable } from "effect/Pipeable"
import { pipeArguments } from "effect/Pipeable"

import { afterExit } from "./effect.ts"
import type { AnyEffect, AnyExit, AnyFiber } from "./effect.ts"
import type { Group } from "./group.ts"
import type { Listener } from "./listeners.ts"
import { Listeners } from "./listeners.ts"
import { Node, nextId } from "./node.ts"
import type { Reason } from "./reason.ts"
import { enqueue } from "./trampoline.ts"

/** One request to stop, shared by all tasks that it hit. */
export interface Ask {
  readonly reason: Reason
  /** Tasks it hit that have not exited. */
  remaining: number
  /** Called when there are none left. */
  done: (() => void) | undefined
}

/** What a `start` that has not been answered yet does when its task exits first. */
export interface PendingStart {
  readonly caller: Node | undefined
  readonly exited: (task: TaskNode) => void
}

/** How an exit counts. */
export type Ending = "succeeded" | "failed" | "cancelled"

/** The outermost `Effect.fn` or span that the task itself entered names it. */
interface StackFrame {
  readonly name: string
  readonly stack: () => string | undefined
  readonly parent: StackFrame | undefined
}

/** What few tasks have. */
interface Extra {
  starting: PendingStart | undefined
  forkSite: string | undefined
  groups: Node | undefined
}

const Background = 1
const HoldsSlot = 2
const Pending = 4
const Succeeded = 8
const Failed = 16
const Cancelled = 32

/** Made by {@link makeTask}. Many are alive at once, so each field counts. */
export abstract class TaskNode extends Node implements Pipeable {
  declare readonly "~skein/Task": any
  declare fiber: AnyFiber
  declare readonly group: Group
  /** Given name; else the stack frame that the task started under; else nothing. */
  declare private label: string | StackFrame | undefined
  declare exit: AnyExit | undefined
  declare asked: Ask | undefined
  declare prev: TaskNode | undefined
  declare next: TaskNode | undefined
  declare listeners: Listeners<TaskNode> | undefined
  /** Milliseconds since the group was opened. */
  declare readonly startedAt: number
  declare private flags: number
  declare private extra: Extra | undefined

  get background(): boolean {
    return (this.flags & Background) !== 0
  }

  get holdsSlot(): boolean {
    return (this.flags & HoldsSlot) !== 0
  }
  set holdsSlot(value: boolean) {
    this.flag(HoldsSlot, value)
  }

  /** Waits for its slot, its program has not begun. */
  get pending(): boolean {
    return (this.flags & Pending) !== 0
  }
  set pending(value: boolean) {
    this.flag(Pending, value)
  }

  get ending(): Ending | undefined {
    const flags = this.flags
    if ((flags & (Succeeded | Failed | Cancelled)) === 0) return undefined
    return (flags & Succeeded) !== 0 ? "succeeded" : (flags & Failed) !== 0 ? "failed" : "cancelled"
  }
  set ending(value: Ending | undefined) {
    this.flags |= value === "succeeded" ? Succeeded : value === "failed" ? Failed : Cancelled
  }

  private flag(bit: number, value: boolean): void {
    this.flags = value ? this.flags | bit : this.flags & ~bit
  }

  get starting(): PendingStart | undefined {
    return this.extra?.starting
  }
  set starting(value: PendingStart | undefined) {
    this.more().starting = value
  }

  get forkSite(): string | undefined {
    return this.extra?.forkSite
  }
  set forkSite(value: string | undefined) {
    this.more().forkSite = value
  }

  override get groups(): Node | undefined {
    return this.extra?.groups
  }
  override set groups(value: Node | undefined) {
    this.more().groups = value
  }

  private more(): Extra {
    return (this.extra ??= { starting: undefined, forkSite: undefined, groups: undefined })
  }

  get parent(): Node | undefined {
    return this.starting?.caller ?? this.group
  }

  get name(): string {
    const label = this.label
    if (typeof label === "string") return label
    const found =
      ownFrame(this.fiber?.cache.stackFrame as StackFrame | undefined, label) ?? this.failedFrame(label)
    if (found === undefined) return `task:${this.id}`
    this.label = found
    return found
  }

  // After a failure the fiber's frames are gone, but the Cause says where it failed.
  private failedFrame(base: StackFrame | undefined): string | undefined {
    if (this.exit === undefined || this.exit._tag === "Success") return undefined
    for (const reason of (this.exit.cause as Cause.Cause<unknown>).reasons) {
      const found = ownFrame(
        reason.annotations.get("effect/Cause/StackTrace") as StackFrame | undefined,
        base
      )
      if (found !== undefined) return found
    }
    return undefined
  }

  get status(): "pending" | "running" | "cancelling" | Ending {
    if (this.ending !== undefined) return this.ending
    if (this.asked !== undefined) return "cancelling"
    return this.pending ? "pending" : "running"
  }

  protected override onStart(fiber: AnyFiber): AnyEffect {
    if (this.label === undefined) this.label = fiber.cache.stackFrame as StackFrame | undefined
    return super.onStart(fiber)
  }

  protected override onExit(exit: AnyExit): void {
    this.exit = exit
    this.group.exited(this, exit)
    if (this.listeners !== undefined) {
      afterExit(this.fiber, () => enqueue(() => this.listeners!.drain(this)))
    }
  }

  listen(listener: Listener<TaskNode>): void {
    ;(this.listeners ??= new Listeners()).add(listener)
  }

  pipe() {
    return pipeArguments(this, arguments)
  }

  override toString(): string {
    return `Task(${this.path})`
  }
  toJSON(): unknown {
    return { _id: "Task", id: this.id, path: this.path, ending: this.ending }
  }
}

;(TaskNode.prototype as any)["~skein/Task"] = { _A: (_: never) => _, _E: (_: never) => _ }

// One function instead of a chain of constructors: it is on the path of every fork.
const Construct = function (
  this: any,
  group: Group,
  effect: unknown,
  name: unknown,
  flags: number,
  now: number
) {
  this.fiber = undefined
  this.effect = effect
  this.wait = undefined
  this.id = nextId()
  this.group = group
  this.label = name
  this.flags = flags
  this.exit = undefined
  this.asked = undefined
  this.prev = undefined
  this.next = undefined
  this.listeners = undefined
  this.startedAt = now
  this.extra = undefined
} as unknown as new (group: Group, effect: unknown, name: unknown, flags: number, now: number) => TaskNode
Construct.prototype = TaskNode.prototype

export const makeTask = (
  group: Group,
  effect: AnyEffect,
  name: string | undefined,
  background: boolean,
  now: number
): TaskNode => new Construct(group, effect, name, background ? Background : 0, now)

export const isTaskNode = (u: unknown): u is TaskNode => u instanceof TaskNode

const ownFrame = (frame: StackFrame | undefined, base: StackFrame | undefined): string | undefined => {
  for (; frame !== undefined && frame !== base; frame = frame.parent) {
    if (frame.parent === base) return frame.name.replace(/ \(definition\)$/, "")
  }
  return undefined
}
