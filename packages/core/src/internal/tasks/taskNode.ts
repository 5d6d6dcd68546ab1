/** A task: the frame of its fiber, its place in its group's list, and its handle. */
import type * as Cause from "effect/Cause"
import type { Pipeable } from "effect/Pipeable"
import { pipeArguments } from "effect/Pipeable"

import * as changes from "./changes.ts"
import { contAll } from "../effect.ts"
import type { AnyEffect, AnyExit, AnyFiber, Start } from "../effect.ts"
import type { Group } from "./group.ts"
import type { Listener } from "../listeners.ts"
import { Listeners } from "../listeners.ts"
import { Node } from "../node.ts"
import type { Wait } from "../node.ts"
import type { Reason } from "../reason.ts"
import { StackEntry } from "../stackEntry.ts"
import { enqueue } from "../trampoline.ts"

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

/** What few tasks have, or have only for a while. */
class Extra {
  starting: PendingStart | undefined = undefined
  forkSite: string | undefined = undefined
  groups: Node | undefined = undefined
  wait: Wait | undefined
  ask: Ask | undefined = undefined
  /** Who listens before the first step. */
  early: Listeners<TaskNode> | undefined = undefined

  constructor(wait: Wait | undefined) {
    this.wait = wait
  }
}

const Background = 1
const HoldsSlot = 2
/** Waits for its slot, its program has not begun. */
const Pending = 4
const Started = 8
/** Asked to stop: by the `ask` of its own if there is one, else by the end of its group. */
const Asked = 16
const Succeeded = 32
const Failed = 64
const Cancelled = 128
/** Waits for what its program asks for first, and has no fiber yet. */
const Unborn = 256
const flagCount = 512

export const waitFirst = "~skein/waitFirst"

/**
 * An operation that may have to wait. Where that is the first thing that a task does, the task waits without a fiber: that is made
 * when it is served, or when somebody asks for it.
 */
export interface WaitsFirst {
  /** Puts the task in line; undefined where it need not, or cannot, wait. `by` is the fiber that forks. */
  readonly [waitFirst]: (task: TaskNode, start: Start, by: AnyFiber) => FirstWait | undefined
}

/** A task's place in line, and the first step of its fiber. It hears what becomes of that as anything on a fiber's stack does. */
export type FirstWait = StackEntry & Wait & { readonly start: Start }

/** Made by {@link makeTask}. Many are alive at once, so each word counts: 100,000 suspended tasks are ordinary. */
export abstract class TaskNode extends Node implements Pipeable {
  declare readonly "~skein/Task": any
  /** Made when it is asked for, while the task waits without one. */
  declare fiber: AnyFiber
  /** The fiber, where there is one. */
  declare private own: AnyFiber | undefined
  declare readonly group: Group
  /** Given name; else the stack frame that the task started under; else nothing. */
  declare private label: string | StackFrame | undefined
  // The frame's `effect` holds one after the other what is never needed together: the program before the start, who
  // listens while it runs, the exit.
  declare protected effect: any
  /** Flags, and above them the milliseconds since the group was opened. */
  declare private packed: number
  declare prev: TaskNode | undefined
  declare next: TaskNode | undefined
  /** Or what it waits on alone, which is what many have. */
  declare private extras: Extra | Wait | undefined

  /** Instead of being started: true if it waits without a fiber. */
  waitsFirst(start: Start, by: AnyFiber): boolean {
    const program: Partial<WaitsFirst> = this.effect
    if (program[waitFirst] === undefined || changes.watched) return false
    const wait = program[waitFirst](this, start, by)
    if (wait === undefined) return false
    this.effect = wait
    this.wait = wait
    this.flag(Unborn, true)
    return true
  }

  /** @internal */
  born(): AnyFiber | undefined {
    if (!this.has(Unborn)) return undefined
    this.flag(Unborn, false)
    return (this.effect as FirstWait).start(this)
  }

  /** Known from the first step on. */
  get id(): number {
    return this.fiber.id
  }

  get startedAt(): number {
    return Math.floor(this.packed / flagCount)
  }

  private has(flag: number): boolean {
    return (this.packed & flag) !== 0
  }
  private flag(flag: number, value: boolean): void {
    if (this.has(flag) !== value) this.packed += value ? flag : -flag
  }

  get exit(): AnyExit | undefined {
    return this.has(Succeeded | Failed | Cancelled) ? this.effect : undefined
  }

  get ending(): Ending | undefined {
    if (this.has(Succeeded)) return "succeeded"
    if (this.has(Failed)) return "failed"
    return this.has(Cancelled) ? "cancelled" : undefined
  }

  /** Those who listen are handed over by {@link onExit} before. */
  end(ending: Ending, exit: AnyExit): void {
    this.flag(ending === "succeeded" ? Succeeded : ending === "failed" ? Failed : Cancelled, true)
    this.effect = exit
  }

  get background(): boolean {
    return this.has(Background)
  }

  get holdsSlot(): boolean {
    return this.has(HoldsSlot)
  }
  set holdsSlot(value: boolean) {
    this.flag(HoldsSlot, value)
  }

  get pending(): boolean {
    return this.has(Pending)
  }
  set pending(value: boolean) {
    this.flag(Pending, value)
  }

  get isAsked(): boolean {
    return this.has(Asked)
  }

  get asked(): Ask | undefined {
    return this.has(Asked) ? (this.extra?.ask ?? this.group.endAsk) : undefined
  }

  /** Without an `ask` it is the group's end that asks. */
  setAsked(ask: Ask | undefined): void {
    this.flag(Asked, true)
    if (ask !== undefined) this.more().ask = ask
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

  get groups(): Node | undefined {
    return this.extra?.groups
  }
  set groups(value: Node | undefined) {
    this.more().groups = value
  }

  get wait(): Wait | undefined {
    const { extras } = this
    return extras instanceof Extra ? extras.wait : extras
  }
  set wait(value: Wait | undefined) {
    if (this.extras instanceof Extra) this.extras.wait = value
    else this.extras = value
  }

  private get extra(): Extra | undefined {
    return this.extras instanceof Extra ? this.extras : undefined
  }

  private more(): Extra {
    const { extras } = this
    return extras instanceof Extra ? extras : (this.extras = new Extra(extras))
  }

  get parent(): Node | undefined {
    return this.starting?.caller ?? this.group
  }
  override get above(): Node {
    return this.group
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

  protected override get hasStarted(): boolean {
    return this.has(Started)
  }

  protected override onStart(fiber: AnyFiber): AnyEffect {
    if (this.label === undefined) this.label = fiber.cache.stackFrame as StackFrame | undefined
    this.flag(Started, true)
    if (changes.watched) changes.started(this)
    const program = super.onStart(fiber)
    this.effect = this.extra?.early
    return program
  }

  protected override onDropped(): void {
    // It had a place in line.
    if (this.effect instanceof StackEntry) this.effect[contAll](this.fiber)
  }

  protected override onExit(exit: AnyExit): void {
    const listeners = this.has(Started) ? (this.effect as Listeners<TaskNode> | undefined) : this.extra?.early
    this.group.exited(this, exit)
    if (listeners !== undefined) enqueue(() => listeners.drain(this))
  }

  /** Only before the exit. */
  listen(listener: Listener<TaskNode>): void {
    if (this.has(Started)) (this.effect ??= new Listeners<TaskNode>()).add(listener)
    else (this.more().early ??= new Listeners<TaskNode>()).add(listener)
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

Object.defineProperty(TaskNode.prototype, "fiber", {
  get(this: any) {
    return this.own ?? this.born()
  },
  set(this: any, fiber: AnyFiber) {
    this.own = fiber
  }
})

// One function instead of a chain of constructors: it is on the path of every fork.
const Construct = function (this: any, group: Group, effect: unknown, name: unknown, packed: number) {
  this.own = undefined
  this.effect = effect
  this.group = group
  this.label = name
  this.packed = packed
  this.prev = undefined
  this.next = undefined
  this.extras = undefined
} as unknown as new (group: Group, effect: unknown, name: unknown, packed: number) => TaskNode
Construct.prototype = TaskNode.prototype

/** `now`: milliseconds since the group was opened. */
export const makeTask = (
  group: Group,
  effect: AnyEffect,
  name: string | undefined,
  background: boolean,
  now: number
): TaskNode => new Construct(group, effect, name, now * flagCount + (background ? Background : 0))

export const taskStatus = (task: TaskNode): "pending" | "running" | "cancelling" | Ending => {
  if (task.ending !== undefined) return task.ending
  if (task.isAsked) return "cancelling"
  return task.pending ? "pending" : "running"
}

export const isTaskNode = (u: unknown): u is TaskNode => u instanceof TaskNode

const ownFrame = (frame: StackFrame | undefined, base: StackFrame | undefined): string | undefined => {
  for (; frame !== undefined && frame !== base; frame = frame.parent) {
    if (frame.parent === base) return frame.name.replace(/ \(definition\)$/, "")
  }
  return undefined
}
