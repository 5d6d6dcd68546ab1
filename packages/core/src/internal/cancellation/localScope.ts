/** A scope that is told of nothing but its deadline: its work can run on the owner's own fiber. */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Exit from "effect/Exit"

import { contAll, interruptedCause } from "../effect.ts"
import type { AnyEffect, AnyExit, AnyFiber } from "../effect.ts"
import { hearInterruption } from "../hearInterruption.ts"
import { monotonicMillis } from "../monotonic.ts"
import { Operation } from "../operation.ts"
import { runPlain, runsPlain } from "../plain.ts"
import type { Rest } from "../plain.ts"
import { TypeId as ReasonKey } from "../reason.ts"
import type { Reason } from "../reason.ts"
import { admitsRegion, enterRegion, leaveRegion } from "../region.ts"
import type { Region } from "../region.ts"
import { outsideReason, Scope } from "./scope.ts"
import type { Failure } from "./scope.ts"
import { isOwn, ScopeKey, scopeOf } from "./scopeCause.ts"

let entered = 0

/** Nobody hears of the owner's interruption before it has unwound, unless he asks to. */
export abstract class LocalScope extends Scope implements Region {
  private unhear: (() => void) | undefined = undefined
  /** Of two on one fiber the later one is inside the other, whatever their contexts say. */
  private order = 0

  override get isHere(): boolean {
    return this.fiber === this.owner
  }

  override enter(): AnyEffect {
    const { owner } = this
    return admitsRegion(owner) ? this.stay(undefined) : super.enter()
  }

  /** The work runs on the owner's fiber, above the `place` in its stack, if that is not the top. */
  stay(place: number | undefined): AnyEffect {
    const { owner } = this
    const effect = this.onStart(owner)
    this.fiber = owner
    this.order = ++entered
    return enterRegion(owner, this, this.inside(), effect, place)
  }

  onSuspend(): void {
    this.arm()
  }

  [contAll](fiber: AnyFiber): ((result: any) => AnyEffect) | undefined {
    return leaveRegion(fiber, this)
  }

  onLeave(): void {
    this.exit = Exit.void
    this.unhear?.()
    this.onGone()
    this.fiber = undefined
  }

  ends(reason: Cause.Reason<never>): boolean {
    return isOwn(reason, this)
  }

  onInterrupted(cause: Cause.Cause<any>, asked: Cause.Cause<never> | undefined): AnyExit {
    const rest = cause.reasons.filter((reason) => reason._tag !== "Interrupt")
    if (asked !== undefined) return Exit.failCause(Cause.fromReasons([...asked.reasons, ...rest]))
    try {
      return this.onCancelled(rest, Exit.failCause(cause) as Failure)
    } catch (defect) {
      return Exit.die(defect)
    }
  }

  protected override onHearing(): void {
    if (this.isHere) this.unhear ??= hearInterruption(this.owner, (annotations) => this.onAsked(annotations))
  }

  /** The owner, on which the work runs, is asked to stop. */
  private onAsked(annotations: Context.Context<never> | undefined): void {
    if (this.encloses(annotations?.mapUnsafe.get(ScopeKey))) return
    this.tell((annotations?.mapUnsafe.get(ReasonKey) as Reason | undefined) ?? outsideReason(this.owner))
  }

  // Not for the sake of a scope inside this one.
  protected override get isAbandoned(): boolean {
    if (!this.isHere || this.exit !== undefined) return this.abandoned
    return interruptedCause(this.owner)?.reasons.some((reason) => !this.encloses(scopeOf(reason))) === true
  }

  private encloses(scope: unknown): boolean {
    return scope instanceof LocalScope && scope.fiber === this.fiber && scope.order >= this.order
  }
}

/** Makes a scope for what is left of the effect, if that is not done at once. */
class EnterLocalScope extends Operation<any, any, any> implements Rest {
  private readonly effect: AnyEffect
  private readonly make: MakeLocalScope
  constructor(effect: AnyEffect, make: MakeLocalScope) {
    super()
    this.effect = effect
    this.make = make
  }
  protected run(owner: AnyFiber): AnyEffect {
    const began = monotonicMillis(owner)
    if (admitsRegion(owner) && runsPlain(owner)) return runPlain(owner, this.effect, this, began)
    return this.make(owner, this.effect, began).enter()
  }
  onRest(owner: AnyFiber, rest: AnyEffect, place: number, began: number): AnyEffect {
    return this.make(owner, rest, began).stay(place)
  }
}

/** `began`: milliseconds on the owner's clock. */
type MakeLocalScope = (owner: AnyFiber, effect: AnyEffect, began: number) => LocalScope

export const enterLocalScope = (effect: AnyEffect, make: MakeLocalScope): AnyEffect =>
  new EnterLocalScope(effect, make)
