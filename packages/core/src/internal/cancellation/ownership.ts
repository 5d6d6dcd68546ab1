/** An owner's wait for work in a fiber of its own. */
import type * as Cause from "effect/Cause"

import { stackOf } from "../effect.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { Obligation } from "../obligation.ts"

export interface OwnedWork {
  readonly fiber: AnyFiber | undefined
  /** What the owner goes on with when the work has ended. */
  outcome(): AnyEffect
  /** What it does when it is interrupted. */
  leave(cause: Cause.Cause<any>): AnyEffect
}

export class Ownership extends Obligation {
  readonly work: OwnedWork
  constructor(work: OwnedWork) {
    super()
    this.work = work
  }
  protected onMet(): AnyEffect {
    return this.work.outcome()
  }
  protected leave(cause: Cause.Cause<any>): AnyEffect {
    return this.work.leave(cause)
  }
}

/** The fiber that this one waits for, or that that one waits for, and so on. */
export const innermost = (fiber: AnyFiber): AnyFiber => {
  for (;;) {
    const top: unknown = stackOf(fiber).at(-1)
    if (!(top instanceof Ownership)) return fiber
    fiber = top.work.fiber!
  }
}
