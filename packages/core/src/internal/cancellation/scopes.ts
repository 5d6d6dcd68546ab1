/** The kinds of cancel scope: what each makes of its work's end. */
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { pipeArguments } from "effect/Pipeable"

import type { AnyEffect, AnyExit, AnyFiber } from "../effect.ts"
import { isInterrupted, isInterruptible } from "../effect.ts"
import type { Reason } from "../reason.ts"
import { effect } from "../validate.ts"
import { LocalScope } from "./localScope.ts"
import { Scope } from "./scope.ts"

type Rest = ReadonlyArray<Cause.Reason<any>>

/**
 * A deadline passed before the work was done.
 *
 * @category errors
 * @since 0.1.0
 */
export class DeadlineExceeded extends Data.TaggedError("DeadlineExceeded")<{
  readonly scope: string | undefined
  readonly timeout: Duration.Duration
  /** What the task was suspended on. */
  readonly waitingOn: string | undefined
}> {
  override get message(): string {
    const what = this.scope === undefined ? "not done" : `"${this.scope}" was not done`
    const on = this.waitingOn === undefined ? "" : `; it waited on ${this.waitingOn}`
    return `${what} within ${Duration.format(this.timeout)}${on}`
  }
}

export class FailAfter extends LocalScope {
  readonly operation: string
  private readonly onTimeout: ((error: DeadlineExceeded) => unknown) | undefined

  constructor(
    owner: AnyFiber,
    operation: string,
    effect: AnyEffect,
    millis: number,
    name: string | undefined,
    onTimeout: ((error: DeadlineExceeded) => unknown) | undefined,
    began: number
  ) {
    super(owner, effect, millis, name, began)
    this.operation = operation
    this.onTimeout = onTimeout
  }

  protected onEnd(exit: AnyExit): AnyExit {
    return exit
  }

  protected onCancelled(rest: Rest): AnyExit {
    const error = exceeded(this.name, this.limit, this.waitedOn, this.onTimeout)
    return rest.length === 0
      ? Exit.fail(error)
      : Exit.failCause(Cause.fromReasons([Cause.makeFailReason(error), ...rest]))
  }
}

export const exceeded = (
  scope: string | undefined,
  millis: number,
  waitingOn: string | undefined,
  onTimeout: ((error: DeadlineExceeded) => unknown) | undefined
): unknown => {
  const error = new DeadlineExceeded({ scope, timeout: Duration.millis(Math.max(0, millis)), waitingOn })
  return onTimeout === undefined ? error : onTimeout(error)
}

/** Its effect gives an Option. */
export class MoveOnAfter extends LocalScope {
  readonly operation = "CancelScope.moveOnAfter"

  protected onEnd(exit: AnyExit): AnyExit {
    return exit
  }

  protected onCancelled(rest: Rest): AnyExit {
    return rest.length === 0 ? Exit.succeed(Option.none()) : Exit.failCause(Cause.fromReasons(rest))
  }
}

export const ScopeTypeId = "~skein/CancelScope"

export class Run extends Scope {
  readonly [ScopeTypeId]: typeof ScopeTypeId = ScopeTypeId
  readonly operation = "CancelScope.run"
  private body: ((scope: unknown) => AnyEffect) | undefined

  constructor(
    owner: AnyFiber,
    body: (scope: unknown) => AnyEffect,
    millis: number,
    name: string | undefined
  ) {
    super(owner, Effect.void, millis, name)
    this.body = body
  }

  protected override onStart(): AnyEffect {
    this.effect = undefined
    const body = this.body!
    this.body = undefined
    return effect("CancelScope.run", body(this), "body must return an effect")
  }

  protected onEnd(exit: AnyExit): AnyExit {
    return exit._tag === "Success" ? Exit.succeed({ _tag: "Completed", value: exit.value }) : exit
  }

  protected onCancelled(rest: Rest): AnyExit {
    return rest.length === 0 ? Exit.succeed(cancelled(this.reason!)) : Exit.failCause(Cause.fromReasons(rest))
  }

  pipe() {
    return pipeArguments(this, arguments)
  }

  override toString(): string {
    return this.name === undefined ? "CancelScope" : `CancelScope(${this.name})`
  }
  toJSON(): unknown {
    return { _id: "CancelScope", name: this.name, reason: this.reason }
  }
}

export const cancelled = (reason: Reason) => ({ _tag: "Cancelled" as const, reason })

/** Its bound strikes only when the owner was asked to stop. */
export class Shield extends Scope {
  readonly operation = "CancelScope.shield"

  constructor(owner: AnyFiber, effect: AnyEffect, millis: number, name: string | undefined) {
    super(owner, effect, millis, name)
    this.bounded = true
  }

  protected onEnd(exit: AnyExit): AnyExit {
    return exit
  }

  protected onCancelled(_rest: Rest, exit: AnyExit): AnyExit {
    return exit
  }

  override get converts(): boolean {
    return false
  }

  // An owner that can be interrupted tells when it is; of one that cannot, the bound has to ask.
  protected override onEntered(): void {
    if (!isInterruptible(this.owner)) this.arm()
  }

  protected override onAbandoned(): void {
    this.arm()
  }

  protected override expire(): void {
    if (!isInterrupted(this.owner)) return
    this.look()
    this.abandoned = true
    this.report("held cancellation off for as long as it may and is interrupted now")
    super.onAbandoned()
  }
}

/** What a signal interrupts stays interrupted: the owner ends with the signal's reason. */
export class UnderSignal extends Scope {
  readonly operation = "CancelScope.withSignal"
  private unlisten: (() => void) | undefined = undefined

  constructor(owner: AnyFiber, effect: AnyEffect) {
    super(owner, effect, Infinity, undefined)
  }

  listen(unlisten: () => void): void {
    if (this.exit === undefined) this.unlisten = unlisten
    else unlisten()
  }

  protected override onGone(): void {
    super.onGone()
    this.unlisten?.()
    this.unlisten = undefined
  }

  protected onEnd(exit: AnyExit): AnyExit {
    return exit
  }

  protected onCancelled(_rest: Rest, exit: AnyExit): AnyExit {
    return exit
  }
}
