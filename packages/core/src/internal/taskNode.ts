/** A task: the frame of its fiber, its place in its group's list, and its handle. */
import type * as Cause from "effect/Cause"
import type { Pipeable } from "effect/Pipeable"
import { pipeArguments } from "effect/Pipeable"

import { afterExit } from "./effect.ts"
import type { AnyEffect, AnyExit, AnyFiber } from "./effect.ts"
import type { Group } from "./group.ts"
import type { Listener } from "./listeners.ts"
import { Listeners } from "./listeners.ts"
import { Node } from "./node.ts"
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

export class TaskNode extends Node implements Pipeable {
  declare readonly "~skein/Task": any
  declare fiber: AnyFiber
  readonly group: Group
  readonly background: boolean
  /** Given name; else the stack frame that the task started under; else nothing. */
  private label: string | StackFrame | undefined
  exit: AnyExit | undefined = undefined
  ending: Ending | undefined = undefined
  asked: Ask | undefined = undefined
  prev: TaskNode | undefined = undefined
  next: TaskNode | undefined = undefined
  listeners: Listeners<TaskNode> | undefined = undefined
  starting: PendingStart | undefined = undefined
  /** Milliseconds since the group was opened. */
  readonly startedAt: number
  holdsSlot = false
  /** Waits for its slot, its program has not begun. */
  pending = false
  forkSite: string | undefined = undefined

  constructor(
    group: Group,
    effect: AnyEffect | undefined,
    name: string | undefined,
    background: boolean,
    now: number
  ) {
    super(effect)
    this.group = group
    this.label = name
    this.background = background
    this.startedAt = now
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

export const isTaskNode = (u: unknown): u is TaskNode => u instanceof TaskNode

const ownFrame = (frame: StackFrame | undefined, base: StackFrame | undefined): string | undefined => {
  for (; frame !== undefined && frame !== base; frame = frame.parent) {
    if (frame.parent === base) return frame.name.replace(/ \(definition\)$/, "")
  }
  return undefined
}
