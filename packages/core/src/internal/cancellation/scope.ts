/**
 * The mechanism of every cancel scope. The scope is what the context of its work says of deadlines, and the frame of the
 * fiber that the work runs on.
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

import { clearAlarm, setAlarm } from "../alarm.ts"
import type { Alarm } from "../alarm.ts"
import { deadlineReason } from "./deadline.ts"
import { describeWait } from "../describeWait.ts"
import { afterExit, exitNow, interruptedCause, isInterruptible, start } from "../effect.ts"
import { Operation } from "../operation.ts"
import type { AnyEffect, AnyExit, AnyFiber } from "../effect.ts"
import { envOf, withEnv, withScope } from "../env.ts"
import type { EnclosingScope } from "../env.ts"
import { clockOf, millisOf } from "../monotonic.ts"
import { beginWait, endWait, waitingFrameOf, WaitingFrame } from "../node.ts"
import type { Node, Wait } from "../node.ts"
import { annotationsOf, makeReason, reasonOf, TypeId as ReasonKey } from "../reason.ts"
import type { Reason } from "../reason.ts"
import { attributed, isOwn, left, ScopeKey } from "./scopeCause.ts"
import { enqueue } from "../trampoline.ts"
import { interruptSoon } from "./interruptSoon.ts"
import { innermost, Ownership } from "./ownership.ts"

// Two deadlines closer than this are equal: then the outer one converts.
const tolerance = 1

export type Failure = Exit.Failure<any, any>

export abstract class Scope extends WaitingFrame implements EnclosingScope {
  wait: Wait | undefined = undefined
  override readonly owner: AnyFiber
  readonly name: string | undefined
  readonly parent: EnclosingScope | undefined
  readonly up: WaitingFrame | undefined
  /** The owner's context. */
  readonly outside: Context.Context<never>
  /** Milliseconds; Infinity without a deadline. */
  protected readonly limit: number
  readonly clock: Clock.Clock
  /** The deadline while nobody is being cancelled. */
  protected due: number
  /** Deadlines further out do not count inside. */
  protected bounded: boolean
  /** Why this scope was cancelled, by its deadline or by hand; the first reason stays. */
  reason: Reason | undefined = undefined
  exit: AnyExit | undefined = undefined
  /** What the work waited on when the deadline passed. */
  waitedOn: string | undefined = undefined
  /** The owner was interrupted. */
  protected abandoned = false
  private alarm: Alarm | undefined = undefined
  /** When it last left the turn to an enclosing scope: not twice at one time, for a clock may stand still. */
  private gaveWay = -Infinity
  /** Resumes the owner; undefined while the work runs for the first time. */
  private settled: (() => void) | undefined = undefined
  private stuck: Wait | undefined = undefined
  private hearing: Set<(reason: Reason) => void> | undefined = undefined

  /** `began` is on the owner's clock. */
  constructor(
    owner: AnyFiber,
    effect: AnyEffect | undefined,
    limit: number,
    name: string | undefined,
    began?: number
  ) {
    super(effect)
    this.owner = owner
    this.name = name
    this.limit = limit
    this.outside = owner.context
    this.clock = clockOf(owner)
    this.due = limit === Infinity ? Infinity : (began ?? millisOf(this.clock)) + limit
    this.parent = envOf(owner).scope
    this.up = waitingFrameOf(owner)
    // A deadline outside of an uninterruptible region does not reach in; those of two clocks cannot be compared.
    this.bounded =
      !isInterruptible(owner) || (this.parent instanceof Scope && this.parent.clock !== this.clock)
  }

  get node(): Node | undefined {
    return this.up?.node
  }

  /** The work runs on the owner's fiber. */
  get isHere(): boolean {
    return false
  }

  // Contexts live longer than the scope that is in them: one that has ended is as if it had never been.
  get deadline(): number {
    return this.exit !== undefined || this.isAbandoned ? Infinity : this.due
  }

  override get shields(): boolean {
    return this.exit === undefined && (this.bounded || this.isAbandoned)
  }

  /** Whether the work is interrupted when the deadline passes; a shield's is only a bound. */
  get converts(): boolean {
    return true
  }

  /** For messages: "CancelScope.failAfter". */
  abstract readonly operation: string

  /** What the owner goes on with when the work ended by itself. */
  protected abstract onEnd(exit: AnyExit): AnyExit

  /** What it goes on with when this scope's own interruption ended the work; `rest` is what else is in the Cause. */
  protected abstract onCancelled(rest: ReadonlyArray<Cause.Reason<any>>, exit: Failure): AnyExit

  now(): number {
    return millisOf(this.clock)
  }

  get left(): number {
    return this.deadline === Infinity ? Infinity : this.deadline - this.now()
  }

  // ---------------------------------------------------------------- the owner's side

  /** Starts the work, within the step of the owner that makes it responsible for the work. Return what it returns to the run loop. */
  enter(): AnyEffect {
    const owner = this.owner
    start(this.inside(), this)
    if (this.exit !== undefined) return exitNow(owner, this.outcome())
    if (this.due !== Infinity && this.reason === undefined) {
      // The deadline may have passed while the work ran for the first time: then the work may be over now.
      this.onEntered()
      if (this.exit !== undefined) return exitNow(owner, this.outcome())
    }
    const ownership = new Ownership(this)
    this.settled = () => ownership.meet(owner)
    return ownership.park(owner)
  }

  /** The context of the work. */
  protected inside(): Context.Context<never> {
    return withEnv(this.outside, withScope(envOf(this.owner), this))
  }

  protected onEntered(): void {
    this.arm()
  }

  protected override onExit(exit: AnyExit): void {
    this.exit = exit
    this.onGone()
    if (this.settled !== undefined) afterExit(this.fiber!, () => enqueue(this.settled!))
  }

  /** The work has ended. */
  protected onGone(): void {
    this.disarm()
    if (this.stuck !== undefined) endWait(this.owner, this.stuck)
  }

  /** The owner was interrupted: the work too, and the owner waits for it. */
  leave(cause: Cause.Cause<any>): AnyEffect {
    if (this.exit !== undefined) return left(cause, this.exit)
    return Effect.callback<any, any, any>((resume) => {
      if (this.exit !== undefined) return resume(left(cause, this.exit))
      this.settled = () => resume(left(cause, this.exit!))
      this.abandoned = true
      this.onAbandoned()
    })
  }

  protected onAbandoned(): void {
    this.release()
    this.tell(reasonOf(interruptedCause(this.owner)!) ?? outsideReason(this.owner))
    this.passOn()
  }

  /** Interrupts the work for the reasons the owner is interrupted for. */
  protected passOn(): void {
    for (const interrupt of interruptedCause(this.owner)?.reasons ?? []) {
      if (interrupt._tag !== "Interrupt") continue
      const annotations = new Map(interrupt.annotations)
      if (!annotations.has(ReasonKey)) {
        annotations.set(ReasonKey, outsideReason(this.owner))
      }
      this.interrupt(interrupt.fiberId, Context.makeUnsafe(annotations))
    }
  }

  // ---------------------------------------------------------------- cancelling

  /** False when the work has ended or was cancelled before. `by` is the fiber that asks. */
  cancel(reason: Reason, by: number | undefined): boolean {
    if (this.exit !== undefined || this.reason !== undefined || this.isAbandoned) return false
    this.reason = reason
    this.release()
    this.tell(reason)
    const annotations = new Map(annotationsOf(reason).mapUnsafe)
    annotations.set(ScopeKey, this)
    this.interrupt(by, Context.makeUnsafe(annotations))
    return true
  }

  /** Calls `hear` when the work is asked to stop; not when it was already: then whoever wants to hear is cleanup. */
  onCancel(hear: (reason: Reason) => void): void {
    if (this.exit !== undefined || this.reason !== undefined || this.isAbandoned) return
    ;(this.hearing ??= new Set()).add(hear)
    this.onHearing()
  }

  /** Somebody wants to hear when the work is asked to stop. */
  protected onHearing(): void {}

  offCancel(hear: (reason: Reason) => void): void {
    this.hearing?.delete(hear)
  }

  protected tell(reason: Reason): void {
    const hearing = this.hearing
    if (hearing === undefined) return
    this.hearing = undefined
    for (const hear of hearing) hear(reason)
  }

  // From here on what runs is cleanup, and cleanup has no deadline.
  private release(): void {
    this.disarm()
    this.due = Infinity
    this.bounded = true
  }

  /** The owner was interrupted: what runs now is cleanup. */
  protected get isAbandoned(): boolean {
    return this.abandoned
  }

  private interrupt(by: number | undefined, annotations: Context.Context<never>): void {
    interruptSoon(this.fiber!, by, annotations)
  }

  // ---------------------------------------------------------------- the deadline

  /** Milliseconds from now. */
  reschedule(millis: number): void {
    if (this.reason !== undefined || this.abandoned) return
    this.disarm()
    this.due = this.now() + millis
    if (millis <= 0) this.expire()
    else if (this.settled !== undefined) this.arm()
  }

  arm(): void {
    if (this.due === Infinity) return
    const now = this.now()
    const left = this.due - now
    if (left <= 0) this.onAlarm()
    else this.alarm = setAlarm(this.owner, this.clock, now, left, this)
  }

  protected disarm(): void {
    const alarm = this.alarm
    if (alarm === undefined) return
    this.alarm = undefined
    clearAlarm(alarm)
  }

  onAlarm(): void {
    this.alarm = undefined
    if (this.exit !== undefined || this.reason !== undefined) return
    if (this.isHere && this.isAbandoned) return
    const outer = this.bounded ? Infinity : convertingDeadline(this.parent)
    const now = this.now()
    if (outer <= this.due + tolerance && now > this.gaveWay) {
      // It is the other scope's turn; should it be moved before it acts, this one comes back to it.
      this.gaveWay = now
      this.alarm = setAlarm(this.owner, this.clock, now, Math.max(outer - now, 0) + tolerance, this)
      return
    }
    this.expire()
  }

  protected expire(): void {
    const reason = deadlineReason(this.owner, this.name, this.due - this.now())
    const blocked = this.look()
    this.cancel(reason, undefined)
    if (blocked) this.reportStuck()
  }

  /** Notes what the work waits on; true where it cannot be interrupted. */
  protected look(): boolean {
    const fiber = innermost(this.fiber!)
    const wait = this.isHere && this.up !== undefined ? this.up.wait : this.wait
    this.waitedOn =
      wait === undefined || wait.over === true
        ? (fiber.cache.span as { readonly name?: string } | undefined)?.name
        : describeWait(wait)
    return !isInterruptible(fiber)
  }

  protected report(what: string): void {
    const named = this.name === undefined ? this.operation : `${this.operation} "${this.name}"`
    const where = this.node === undefined ? "" : ` in ${this.node.path}`
    const on = this.waitedOn === undefined ? "" : `; it waits on ${this.waitedOn}`
    Effect.runForkWith(this.owner.context)(Effect.logWarning(`${named}${where} ${what}${on}`))
  }

  private reportStuck(): void {
    if (this.exit !== undefined) return
    this.report("is past its deadline, but its work cannot be interrupted now")
    if (this.up !== undefined && this.up.wait === undefined) {
      this.stuck = {
        operation: this.operation,
        resource: this.name ?? "past its deadline",
        since: this.clock.currentTimeMillisUnsafe(),
        holders: () => []
      }
      beginWait(this.owner, this.stuck)
    }
  }

  // ---------------------------------------------------------------- the outcome

  outcome(): AnyEffect {
    const exit = this.exit!
    if (exit._tag === "Success") return this.onEnd(exit)
    if (!Cause.hasInterrupts(exit.cause)) return this.onEnd(exit)
    if (this.reason !== undefined && exit.cause.reasons.some((reason: any) => isOwn(reason, this))) {
      // Other interruptions in it are what followed from this one, unless somebody asked the fiber itself.
      const asked = interruptedCause(this.fiber!)?.reasons ?? []
      const rest = exit.cause.reasons.filter((reason: any) => reason._tag !== "Interrupt")
      for (const reason of asked) if (!isOwn(reason, this)) rest.push(reason)
      try {
        return this.onCancelled(rest, exit)
      } catch (defect) {
        return Exit.die(defect)
      }
    }
    return this.onEnd(Exit.failCause(attributed(this.fiber!, exit.cause)))
  }
}

export const outsideReason = (fiber: AnyFiber): Reason =>
  makeReason(fiber, { _tag: "Requested", by: undefined })

/** The earliest enclosing deadline that will cancel what is inside of it. */
const convertingDeadline = (scope: EnclosingScope | undefined): number => {
  let deadline = Infinity
  for (; scope !== undefined; scope = scope.parent) {
    if (scope.deadline < deadline && (!(scope instanceof Scope) || scope.converts)) deadline = scope.deadline
    if (scope.shields) break
  }
  return deadline
}

class EnterScope extends Operation<any, any, any> {
  private readonly make: (owner: AnyFiber) => Scope
  constructor(make: (owner: AnyFiber) => Scope) {
    super()
    this.make = make
  }
  protected run(owner: AnyFiber): AnyEffect {
    return this.make(owner).enter()
  }
}

export const enterScope = (make: (owner: AnyFiber) => Scope): AnyEffect => new EnterScope(make)
