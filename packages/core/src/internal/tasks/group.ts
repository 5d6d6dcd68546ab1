/**
 * The owner of tasks: who belongs to it, whether it is being cancelled, when it is complete. How failures are treated
 * its policy says (`groupPolicy.ts`).
 *
 * A group is at once the frame of its body's fiber, the body's node in the tree, and the handle that users hold.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import type { Pipeable } from "effect/Pipeable"
import { pipeArguments } from "effect/Pipeable"

import { coarseNow } from "../coarseClock.ts"
import type { LateStart } from "../asyncContext.ts"
import * as changes from "./changes.ts"
import { afterExit, isInterrupted, starter } from "../effect.ts"
import type { AnyEffect, AnyExit, AnyFiber, Start } from "../effect.ts"
import { envIn, envOf, forgetContext, withEnv } from "../env.ts"
import type { Env } from "../env.ts"
import { Node, nodeOf } from "../node.ts"
import type { Wait } from "../node.ts"
import { annotationsOf, interruptWith, makeReason, reasonOf } from "../reason.ts"
import type { Reason } from "../reason.ts"
import type { Slots } from "./slots.ts"
import { ForeignInterrupt } from "./taskErrors.ts"
import { makeTask } from "./taskNode.ts"
import type { Ask, TaskNode } from "./taskNode.ts"
import { enqueue } from "../trampoline.ts"
import { wallClockOf } from "../wallClock.ts"
import type { WallClock } from "../wallClock.ts"

/** What went wrong in a task, or in a body or failure handler (then `node` is the group). Interruptions are not listed. */
export interface Failure {
  readonly node: Node
  readonly cause: Cause.Cause<unknown>
}

/** What differs between `run`, `collect`, `supervise` and `scoped`. */
export interface Policy {
  /** A task failed: true cancels everything else, for good. */
  readonly taskFailed: (group: Group, failure: Failure) => boolean
  /** Why tasks are cancelled when the body failed. */
  readonly bodyFailed: "SiblingFailed" | "OwnerExited"
  /** True while failure reports keep the group open. */
  readonly isBusy: () => boolean
  /** Told of each exit, after `taskFailed`. */
  readonly taskExited?: (task: TaskNode) => void
  /** Tasks see the context of whoever opened the group, so that a fork in one goes to the group around. */
  readonly transparent?: boolean
}

/** The group that forks of this fiber go to. */
export const enclosingGroup = (fiber: AnyFiber): Group | undefined => envOf(fiber).group as Group | undefined

/** Groups that no task or body of another group opened. */
export const roots: Set<Group> = new Set()

let lastId = 0

export class Group extends Node implements Pipeable {
  declare readonly "~skein/TaskGroup": any
  /** Groups count down from -1, tasks have the number of their fiber. */
  readonly id: number = --lastId
  groups: Node | undefined = undefined
  wait: Wait | undefined = undefined
  readonly name: string
  readonly parent: Node | undefined
  readonly policy: Policy
  readonly slots: Slots | undefined
  readonly clock: WallClock
  readonly openedAt: number
  /** What the body sees in its context. */
  readonly env: Env
  /** What tasks see: a lock held around the group is not theirs. */
  readonly taskEnv: Env
  private head: TaskNode | undefined = undefined
  private tail: TaskNode | undefined = undefined
  /** Tasks that keep the group open, starts that are pending included. */
  foreground = 0
  background = 0
  /** No more forks. */
  closed = false
  /** Cancellations under way, the first first. Empty: forks start. */
  asks: Array<Ask> | undefined = undefined
  /** The cancellation for good. */
  endAsk: Ask | undefined = undefined
  /** The owner's fiber, where it waits for the end and can be interrupted: that ends the group. */
  awaiter: AnyFiber | undefined = undefined
  /** Being cancelled for good: by a failure, by the owner, or because only background tasks are left. */
  ending = false
  bodyExit: AnyExit | undefined = undefined
  /** In order of time. */
  failures: Array<Failure> | undefined = undefined
  complete = false
  /** Called once, when the last finalizer has run. */
  onComplete: (() => void) | undefined = undefined
  /** Hooks of limited groups (fewer are left who could help the others on) and of scoped groups. */
  onFewer: (() => void) | undefined = undefined
  onFork: (() => void) | undefined = undefined
  prevGroup: Group | undefined = undefined
  nextGroup: Group | undefined = undefined
  // Forks mostly come from one context: comparing a pointer saves a look-up.
  private lastForker: Context.Context<never> | undefined = undefined
  private lastStart: Start | undefined = undefined
  /** Of tasks that wait without a fiber. */
  lateStart: LateStart | undefined = undefined

  constructor(
    owner: AnyFiber,
    body: AnyEffect | undefined,
    policy: Policy,
    name: string | undefined,
    slots: Slots | undefined
  ) {
    super(body)
    const env = envOf(owner)
    this.policy = policy
    this.slots = slots
    this.parent = nodeOf(owner) ?? env.group
    this.name = name ?? `group:${-this.id}`
    this.clock = wallClockOf(owner)
    this.openedAt = this.clock.currentTimeMillisUnsafe()
    this.env = { group: this, scope: env.scope, held: env.held }
    if (policy.transparent === true) this.taskEnv = env
    else this.taskEnv = env.held === undefined ? this.env : { group: this, scope: env.scope, held: undefined }
    this.register()
  }

  // ---------------------------------------------------------------- forking

  newTask(effect: AnyEffect, name: string | undefined, background: boolean): TaskNode {
    return makeTask(
      this,
      effect,
      name,
      background,
      Math.min(coarseNow(this.clock) - this.openedAt, 0x3fffffff) | 0
    )
  }

  /**
   * Starts a task. The group is open and not being cancelled, and the task has its slot where there is a limit. `by`: the fiber that forks, if it is
   * one.
   */
  spawn(forker: Context.Context<never>, task: TaskNode, by?: AnyFiber): void {
    this.link(task)
    const start = this.startFor(forker)
    if (by === undefined || !task.waitsFirst(start, by)) start(task)
  }

  /** A task that was cancelled before it begins: its program never runs. */
  newStillborn(name: string | undefined, background: boolean, reason: Reason): TaskNode {
    const task = this.newTask(cancelledExit(reason), name, background)
    task.setAsked({ reason, remaining: 0, done: undefined })
    return task
  }

  private startFor(forker: Context.Context<never>): Start {
    if (forker === this.lastForker) return this.lastStart!
    this.lastForker = forker
    const context = envIn(forker) === this.taskEnv ? forker : withEnv(forker, this.taskEnv)
    return (this.lastStart = starter(context))
  }

  /** Why forks do not start at present; undefined when they do. */
  get cancelling(): Reason | undefined {
    return this.asks === undefined || this.asks.length === 0 ? undefined : this.asks[0]!.reason
  }

  // ---------------------------------------------------------------- exits

  /** Called by the task's frame, before anybody else hears of the exit. */
  exited(task: TaskNode, exit: AnyExit): void {
    this.unlink(task)
    let failed: Cause.Cause<unknown> | undefined
    if (exit._tag === "Success") {
      task.end("succeeded", exit)
    } else {
      failed = failureOf(task, exit.cause, task.isAsked)
      if (failed === undefined) task.end("cancelled", exit)
      else task.end("failed", Cause.hasInterruptsOnly(exit.cause) ? Exit.failCause(failed) : exit)
    }
    if (changes.watched) changes.exited(task)
    if (task.starting !== undefined) {
      const starting = task.starting
      task.starting = undefined
      afterExit(task.fiber, () => starting.exited(task))
    } else if (failed !== undefined && this.policy.taskFailed(this, { node: task, cause: failed })) {
      this.end(makeReason(task.fiber, siblingFailed(task)), task.fiber, true)
    }
    if (this.policy.taskExited !== undefined) this.policy.taskExited(task)
    if (task.isAsked) answered(task.asked!, task.fiber)
    if (task.holdsSlot) {
      task.holdsSlot = false
      this.slots!.release()
    }
    if (this.foreground === 0) this.settle(task.fiber)
    else if (this.background === 0 && task.background) this.onFewer?.()
  }

  protected override onExit(exit: AnyExit): void {
    const fiber = this.fiber!
    this.bodyExit = exit
    if (exit._tag === "Failure") {
      const failed = failureOf(this, exit.cause, this.ending)
      if (failed !== undefined) {
        this.record({ node: this, cause: failed })
        const reason =
          this.policy.bodyFailed === "SiblingFailed"
            ? makeReason(fiber, siblingFailed(this))
            : makeReason(fiber, { _tag: "OwnerExited", by: this.path })
        this.end(reason, fiber, true)
      } else if (!this.ending) {
        // The body gave up by itself (`Effect.interrupt`): so do the tasks, and the owner ends as cancelled.
        const reason = reasonOf(exit.cause) ?? makeReason(fiber, { _tag: "Requested", by: this.path })
        this.bodyExit = Exit.failCause(Cause.annotate(exit.cause, annotationsOf(reason)))
        this.end(reason, fiber, true)
      }
    }
    if (this.foreground === 0) this.settle(fiber)
    else this.onFewer?.()
  }

  record(failure: Failure): void {
    if (this.failures === undefined) this.failures = [failure]
    else this.failures.push(failure)
  }

  /** Looks whether the group is done. `from` is the fiber whose exit, most often, may have made it so. */
  settle(from: AnyFiber, exiting = true): void {
    if (this.complete || this.foreground > 0 || this.bodyExit === undefined || this.policy.isBusy()) return
    if (this.background > 0) {
      // They serve the others; with nobody left to serve they end.
      if (!this.ending) this.end(makeReason(from, { _tag: "OwnerExited", by: this.path }), from, exiting)
      return
    }
    this.complete = true
    this.closed = true
    this.unregister()
    forgetContext()
    if (this.onComplete !== undefined) {
      const onComplete = this.onComplete
      if (exiting) afterExit(from, () => enqueue(onComplete))
      else enqueue(onComplete)
    }
  }

  // ---------------------------------------------------------------- cancelling

  /**
   * Cancels tasks and body, for good. `from` is the fiber it comes from; when that one is just exiting, nobody is
   * interrupted before its exit shows.
   */
  end(reason: Reason, from: AnyFiber, exiting: boolean): void {
    if (this.ending) return
    this.ending = true
    const { interrupt } = this.askAll(reason, from, true)
    const run = () =>
      enqueue(() => {
        if (this.bodyExit === undefined && this.fiber !== undefined)
          interruptWith(this.fiber, reason, from.id)
        interrupt()
      })
    if (exiting) afterExit(from, run)
    else run()
  }

  /** Marks the tasks that exist; then `interrupt` interrupts them. For good, or until the ask is taken back out of `asks`. */
  askAll(
    reason: Reason,
    from: AnyFiber,
    forGood: boolean
  ): { readonly ask: Ask; readonly interrupt: () => void } {
    const ask: Ask = { reason, remaining: 0, done: undefined }
    if (forGood) this.endAsk = ask
    const tasks: Array<TaskNode> = []
    for (let task = this.head; task !== undefined; task = task.next) {
      if (task.isAsked) continue
      task.setAsked(forGood ? undefined : ask)
      ask.remaining++
      tasks.push(task)
      if (changes.watched) changes.statusChanged(task)
    }
    if (this.asks === undefined) this.asks = [ask]
    else this.asks.push(ask)
    const interrupt = () => {
      for (let i = 0; i < tasks.length; i++) {
        const task = tasks[i]!
        if (task.exit === undefined) interruptWith(task.fiber, reason, from.id)
      }
    }
    return { ask, interrupt }
  }

  // ---------------------------------------------------------------- the list and the tree

  /** Tasks that have not exited, oldest first. */
  tasks(): Array<TaskNode> {
    const tasks: Array<TaskNode> = []
    for (let task = this.head; task !== undefined; task = task.next) tasks.push(task)
    return tasks
  }

  private link(task: TaskNode): void {
    task.prev = this.tail
    if (this.tail === undefined) this.head = task
    else this.tail.next = task
    this.tail = task
    if (task.background) this.background++
    else this.foreground++
    if (this.onFork !== undefined) this.onFork()
  }

  private unlink(task: TaskNode): void {
    if (task.prev === undefined) this.head = task.next
    else task.prev.next = task.next
    if (task.next === undefined) this.tail = task.prev
    else task.next.prev = task.prev
    task.prev = task.next = undefined
    if (task.background) this.background--
    else this.foreground--
  }

  private register(): void {
    const parent = this.parent
    if (parent === undefined) {
      roots.add(this)
      return
    }
    const first = parent.groups as Group | undefined
    this.nextGroup = first
    if (first !== undefined) first.prevGroup = this
    parent.groups = this
  }

  private unregister(): void {
    const parent = this.parent
    if (parent === undefined) {
      roots.delete(this)
      return
    }
    if (this.prevGroup === undefined) parent.groups = this.nextGroup
    else this.prevGroup.nextGroup = this.nextGroup
    if (this.nextGroup !== undefined) this.nextGroup.prevGroup = this.prevGroup
    this.prevGroup = this.nextGroup = undefined
  }

  pipe() {
    return pipeArguments(this, arguments)
  }
  override toString(): string {
    return `TaskGroup(${this.path})`
  }
  toJSON(): unknown {
    return { _id: "TaskGroup", path: this.path, tasks: this.foreground + this.background }
  }
}

;(Group.prototype as any)["~skein/TaskGroup"] = { _E: (_: never) => _ }

export const isGroup = (u: unknown): u is Group => u instanceof Group

export const cancelledExit = (reason: Reason): Exit.Exit<never> =>
  Exit.failCause(Cause.annotate(Cause.interrupt(), annotationsOf(reason)))

/** Why the others are cancelled. */
export const siblingFailed = (node: Node) =>
  ({ _tag: "SiblingFailed", sibling: node.path, by: node.path }) as const

const answered = (ask: Ask, fiber: AnyFiber): void => {
  if (--ask.remaining !== 0 || ask.done === undefined) return
  const done = ask.done
  afterExit(fiber, () => enqueue(done))
}

/**
 * What of an exit counts as failure: typed errors and defects without the interruptions beside them; nothing when it
 * was cancelled; a defect when it ended interrupted though nobody had asked for it.
 */
export const failureOf = (
  node: Pick<Node, "path" | "fiber">,
  cause: Cause.Cause<unknown>,
  asked: boolean
): Cause.Cause<unknown> | undefined => {
  if (!Cause.hasInterrupts(cause)) return cause
  const failures = cause.reasons.filter((reason) => reason._tag !== "Interrupt")
  if (failures.length > 0) return Cause.fromReasons(failures)
  if (asked || isInterrupted(node.fiber!) || reasonOf(cause) !== undefined) return undefined
  const own = cause.reasons.some((reason) => reason._tag === "Interrupt" && reason.fiberId === node.fiber!.id)
  return own ? undefined : Cause.die(new ForeignInterrupt({ task: node.path }))
}
