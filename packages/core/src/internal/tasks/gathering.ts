/** A fixed set of effects as the tasks of a group without a body: started in order, so many at a time. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

import type { AnyEffect, AnyExit, AnyFiber } from "../effect.ts"
import { Group, siblingFailed } from "./group.ts"
import type { Failure, Policy } from "./group.ts"
import { causeOf } from "./groupPolicy.ts"
import { atOnce, awaitGroup } from "./openGroup.ts"
import { makeReason, reasonOf } from "../reason.ts"
import { ForeignInterrupt, TaskCancelled } from "./taskErrors.ts"
import type { TaskNode } from "./taskNode.ts"
import { enqueue } from "../trampoline.ts"

/** What the exits of the effects make of the whole. */
export interface Rule {
  /** An effect has exited; true when the outcome is decided: the others are cancelled and awaited. */
  readonly exited: (index: number, exit: AnyExit, raw: AnyExit) => boolean
  /** Asked once everything has exited. */
  readonly outcome: () => AnyExit
  /** Failures of effects are outcomes like others, not failures of the whole. */
  readonly lenient?: boolean
}

export interface Options {
  readonly name: string
  readonly concurrency: number
}

export class Gathering implements Policy {
  readonly bodyFailed = "OwnerExited"
  readonly transparent = true
  readonly group: Group
  private readonly owner: AnyFiber
  private readonly effects: ReadonlyArray<AnyEffect> | ((index: number) => AnyEffect)
  private readonly size: number
  private readonly concurrency: number
  private readonly rule: Rule
  private readonly indexes = new Map<TaskNode, number>()
  private next = 0
  private running = 0
  private filling = false
  private decided = false
  /** Failures that are nobody's outcome: defects and failing cleanups of those that were no longer wanted. */
  private stray: Array<Failure> | undefined

  constructor(
    owner: AnyFiber,
    effects: ReadonlyArray<AnyEffect> | ((index: number) => AnyEffect),
    size: number,
    options: Options,
    rule: Rule
  ) {
    this.owner = owner
    this.effects = effects
    this.size = size
    this.concurrency = options.concurrency
    this.rule = rule
    this.group = new Group(owner, undefined, this, options.name, undefined)
  }

  isBusy = (): boolean => false

  taskFailed = (group: Group, failure: Failure): boolean => {
    const late = this.decided || group.ending
    // A contestant that loses by failing is no news. Finalizers do not fail, they die: that is.
    if (this.rule.lenient === true && !(late && Cause.hasDies(failure.cause))) return false
    group.record(failure)
    if (this.decided) (this.stray ??= []).push(failure)
    return false
  }

  taskExited = (task: TaskNode): void => {
    const index = this.indexes.get(task)!
    this.indexes.delete(task)
    this.running--
    if (this.decided || this.group.ending) return this.closeIntake()
    if (this.rule.exited(index, ownExit(task), task.exit!)) {
      this.decided = true
      const reason =
        task.ending === "failed"
          ? makeReason(task.fiber, siblingFailed(task))
          : makeReason(task.fiber, { _tag: "OwnerExited", by: this.group.path })
      this.closeIntake()
      this.group.end(reason, task.fiber, true)
    } else {
      enqueue(() => this.fill())
    }
  }

  /** Starts what may start now. */
  fill(): void {
    if (this.filling) return
    this.filling = true
    while (this.running < this.concurrency && this.next < this.size && !this.decided && !this.group.ending) {
      const index = this.next++
      this.running++
      const task = this.group.newTask(this.effectAt(index), String(index), false)
      this.indexes.set(task, index)
      this.group.spawn(this.owner.context, task)
    }
    this.filling = false
    if (this.next === this.size || this.decided || this.group.ending) this.closeIntake()
  }

  private effectAt(index: number): AnyEffect {
    if (typeof this.effects !== "function") return this.effects[index]!
    const make = this.effects
    return Effect.suspend(() => make(index))
  }

  // With nothing left to start, the group is complete when its last task is.
  private closeIntake(): void {
    if (this.group.bodyExit !== undefined) return
    this.group.bodyExit = Exit.void
    if (this.group.foreground === 0) this.group.settle(this.owner, false)
  }

  outcome(): AnyExit {
    const outcome = this.rule.outcome()
    if (this.stray === undefined) return outcome
    const cleanups = causeOf(this.stray)
    return Exit.failCause(outcome._tag === "Failure" ? Cause.combine(outcome.cause, cleanups) : cleanups)
  }

  /** Runs all; the owner's interruption cancels and awaits them. */
  static run(gathering: Gathering, resume: (exit: AnyExit) => void): Effect.Effect<void> | undefined {
    gathering.fill()
    return awaitGroup(
      gathering.owner,
      gathering.group,
      { cause: (_group, failures) => causeOf(failures) },
      () => resume(gathering.outcome())
    )
  }
}

// Ended interrupted though the gathering did not ask for it: somebody else did, and that must not pass for the owner's
// own interruption.
const ownExit = (task: TaskNode): AnyExit => {
  const exit = task.exit!
  if (exit._tag === "Success") return exit
  const foreign = exit.cause.reasons.some(
    (reason) => reason._tag === "Die" && reason.defect instanceof ForeignInterrupt
  )
  if (task.ending !== "cancelled" && !foreign) return exit
  const reason =
    task.asked?.reason ?? reasonOf(exit.cause) ?? makeReason(task.fiber, { _tag: "Requested", by: undefined })
  return Exit.die(new TaskCancelled({ task: task.path, reason }))
}

export const gather = (
  effects: ReadonlyArray<AnyEffect> | ((index: number) => AnyEffect),
  size: number,
  options: Options,
  rule: () => Rule
): AnyEffect =>
  Effect.withFiber((owner) =>
    atOnce(
      Effect.callback<unknown, unknown>((resume) =>
        Gathering.run(new Gathering(owner, effects, size, options, rule()), resume as (exit: AnyExit) => void)
      )
    )
  )
