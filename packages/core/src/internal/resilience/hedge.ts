/** Copies of one effect, each in a fiber of its own: the first that succeeds wins, the others are cancelled and awaited. */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"

import { clearAlarm, setAlarm } from "../alarm.ts"
import type { Alarm } from "../alarm.ts"
import { afterExit, interruptedCause, start } from "../effect.ts"
import { Operation } from "../operation.ts"
import type { AnyEffect, AnyExit, AnyFiber } from "../effect.ts"
import { clockOf, millisOf } from "../monotonic.ts"
import { waitingFrameOf, WaitingFrame } from "../node.ts"
import type { Node, Wait } from "../node.ts"
import { Obligation } from "../obligation.ts"
import { interruptWith, makeReason, reasonOf } from "../reason.ts"
import type { Reason } from "../reason.ts"
import { attributed, left } from "../cancellation/scopeCause.ts"
import { spanEvent } from "./spanEvent.ts"
import type { TokenBucket } from "./tokenBucket.ts"
import { enqueue } from "../trampoline.ts"

export interface HedgeSettings {
  /** Milliseconds; Infinity for never. */
  readonly after: number
  readonly copies: number
  readonly name: string | undefined
  readonly bucket: TokenBucket | undefined
}

const copiesStarted = /*#__PURE__*/ Metric.counter("skein_hedge_copies", {
  description: "Further copies that were started, the first not counted",
  incremental: true
})
const copiesRefused = /*#__PURE__*/ Metric.counter("skein_hedge_refused", {
  description: "Further copies that the budget did not allow",
  incremental: true
})

class Copy extends WaitingFrame {
  wait: Wait | undefined = undefined
  readonly up: WaitingFrame | undefined
  readonly node: Node | undefined
  private readonly race: Race

  constructor(race: Race, effect: AnyEffect) {
    super(effect)
    this.race = race
    this.up = waitingFrameOf(race.owner)
    this.node = this.up?.node
  }

  protected override onExit(exit: AnyExit): void {
    this.race.exited(this, exit)
  }
}

class Race extends Obligation {
  readonly owner: AnyFiber
  private readonly effect: AnyEffect
  private readonly settings: HedgeSettings
  private readonly clock: Clock.Clock
  private readonly running = new Set<Copy>()
  /** Copies started or refused. */
  private due = 1
  private alarm: Alarm | undefined = undefined
  /** Of the winner, or the defect that ended it. */
  private decision: AnyExit | undefined = undefined
  /** What failed before the decision, in order of time. */
  private failures: Array<Cause.Reason<any>> = []
  /** Defects of losers' cleanup. */
  private defects: Array<Cause.Reason<any>> = []
  /** The owner was interrupted. */
  private abandoned = false
  /** Resumes the owner; undefined while the first copy takes its first steps. */
  private settled: (() => void) | undefined = undefined

  constructor(owner: AnyFiber, effect: AnyEffect, settings: HedgeSettings) {
    super()
    this.owner = owner
    this.effect = effect
    this.settings = settings
    this.clock = clockOf(owner)
  }

  enter(): AnyEffect {
    this.begin()
    if (this.running.size > 0) this.arm()
    // Not before: further copies may be started, and end, at once, and the owner is not parked yet.
    if (this.running.size === 0) return this.outcome()
    this.settled = () => this.meet(this.owner)
    return this.park(this.owner)
  }

  private begin(): void {
    const copy = new Copy(this, this.effect)
    this.running.add(copy)
    start(this.owner.context, copy)
  }

  // ---------------------------------------------------------------- further copies

  private arm(): void {
    const { after, copies } = this.settings
    if (this.due >= copies || after === Infinity || this.decision !== undefined) return
    if (after === 0) return this.onAlarm()
    this.alarm = setAlarm(this.owner, this.clock, millisOf(this.clock), after, this)
  }

  onAlarm(): void {
    this.alarm = undefined
    if (this.decision !== undefined || this.abandoned || this.running.size === 0) return
    this.due++
    const { bucket, name } = this.settings
    const allowed = bucket === undefined || bucket.take(1, millisOf(this.clock))
    ;(allowed ? copiesStarted : copiesRefused).updateUnsafe(1, this.owner.context)
    spanEvent(this.owner, allowed ? "skein.hedge" : "skein.hedge.refused", { name, copy: this.due })
    if (allowed) this.begin()
    this.arm()
  }

  private disarm(): void {
    if (this.alarm === undefined) return
    clearAlarm(this.alarm)
    this.alarm = undefined
  }

  // ---------------------------------------------------------------- exits

  /** The copy's fiber does not show its exit yet. */
  exited(copy: Copy, exit: AnyExit): void {
    this.running.delete(copy)
    if (this.decision === undefined && !this.abandoned) this.judge(copy.fiber!, exit)
    else if (exit._tag === "Failure") this.defects.push(...exit.cause.reasons.filter(Cause.isDieReason))
    if (this.running.size > 0) return
    this.disarm()
    if (this.settled !== undefined) afterExit(copy.fiber!, () => enqueue(this.settled!))
  }

  private judge(fiber: AnyFiber, exit: AnyExit): void {
    if (exit._tag === "Success") {
      const bucket = this.settings.bucket
      if (bucket !== undefined) bucket.give(bucket.settings.refillPerSuccess)
    } else if (!Cause.hasDies(exit.cause)) {
      this.failures.push(...attributed(fiber, exit.cause).reasons)
      return
    }
    this.decision = exit
    this.disarm()
    if (this.running.size === 0) return
    const named = this.settings.name === undefined ? "" : ` ${JSON.stringify(this.settings.name)}`
    const label = `Hedge.run${named}: another copy came first`
    const reason = makeReason(this.owner, { _tag: "Requested", label })
    afterExit(fiber, () => this.cancel(reason))
  }

  private cancel(reason: Reason): void {
    enqueue(() => {
      for (const copy of [...this.running]) interruptWith(copy.fiber!, reason, this.owner.id)
    })
  }

  private outcome(): AnyExit {
    if (this.decision === undefined) {
      // Interruptions stay only where there is nothing else: nobody asked these copies to stop.
      const failed = this.failures.filter((reason) => reason._tag !== "Interrupt")
      return Exit.failCause(Cause.fromReasons(failed.length > 0 ? failed : this.failures))
    }
    if (this.defects.length === 0) return this.decision
    const first = this.decision._tag === "Failure" ? this.decision.cause.reasons : []
    return Exit.failCause(Cause.fromReasons([...first, ...this.defects]))
  }

  // ---------------------------------------------------------------- the owner

  protected onMet(): AnyEffect {
    return this.outcome()
  }

  /** The owner was interrupted: the copies too, and it waits for them. */
  protected leave(cause: Cause.Cause<any>): AnyEffect {
    this.abandoned = true
    this.disarm()
    const ending = (): AnyEffect =>
      left(cause, this.defects.length === 0 ? Exit.void : Exit.failCause(Cause.fromReasons(this.defects)))
    if (this.running.size === 0) return ending()
    return Effect.callback<any, any, any>((resume) => {
      if (this.running.size === 0) return resume(ending())
      this.settled = () => resume(ending())
      const asked = interruptedCause(this.owner)
      this.cancel((asked && reasonOf(asked)) ?? makeReason(this.owner, { _tag: "OwnerExited" }))
    })
  }
}

class HedgeOperation extends Operation<any, any, any> {
  private readonly effect: AnyEffect
  private readonly settings: HedgeSettings
  constructor(effect: AnyEffect, settings: HedgeSettings) {
    super()
    this.effect = effect
    this.settings = settings
  }
  protected run(owner: AnyFiber): AnyEffect {
    return new Race(owner, this.effect, this.settings).enter()
  }
}

export const runHedge = (effect: AnyEffect, settings: HedgeSettings): AnyEffect =>
  settings.copies === 1 && settings.bucket === undefined ? effect : new HedgeOperation(effect, settings)
