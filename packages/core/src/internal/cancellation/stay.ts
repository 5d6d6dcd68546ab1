/** A scope's work on the fiber of its owner. */
import type * as Cause from "effect/Cause"

import type { AnyExit } from "../effect.ts"
import { Region } from "../region.ts"
import { isOwn } from "./scopeCause.ts"

export interface LocalWork {
  /** Sets its timer. */
  arm(): void
  onLeft(): void
  /** What the owner goes on with when the scope's interruption ended the work; `asked` is for what else it was interrupted. */
  interrupted(cause: Cause.Cause<any>, asked: Cause.Cause<never> | undefined): AnyExit
}

export class Stay extends Region {
  private readonly work: LocalWork
  constructor(work: LocalWork) {
    super()
    this.work = work
  }
  onSuspend(): void {
    this.work.arm()
  }
  protected onLeave(): void {
    this.work.onLeft()
  }
  protected isOwn(reason: Cause.Reason<never>): boolean {
    return isOwn(reason, this.work)
  }
  protected onInterrupted(cause: Cause.Cause<any>, rest: Cause.Cause<never> | undefined): AnyExit {
    return this.work.interrupted(cause, rest)
  }
}
