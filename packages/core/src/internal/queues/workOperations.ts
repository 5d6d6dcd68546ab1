/** The operations of a WorkQueue that are worth an object of their own. */
import * as Effect from "effect/Effect"

import { enter, Operation, StackEntry, succeedNow } from "../effect.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { Offerer } from "./handoff.ts"
import { handling, WorkTaker } from "./workQueue.ts"
import type { WorkState } from "./workQueue.ts"

export class Offer extends Operation<void, any> {
  readonly self: WorkState<any>
  readonly item: any
  constructor(self: WorkState<any>, item: any) {
    super()
    this.self = self
    this.item = item
  }
  protected run(fiber: AnyFiber): AnyEffect {
    const { item, self } = this
    if (self.refusal !== undefined) return self.refusal
    if (!self.open && !handling(fiber, self)) return self.offerers.wait(new Offerer(fiber, self, item))
    self.accept(item)
    return succeedNow(fiber, undefined)
  }
}

export class Take extends Operation<any, any> {
  readonly self: WorkState<any>
  constructor(self: WorkState<any>) {
    super()
    this.self = self
  }
  protected run(fiber: AnyFiber): AnyEffect {
    const { self } = this
    if (self.items.length === 0) return self.over ?? self.waitTo(new WorkTaker(fiber, self, undefined))
    self.inHand++
    return succeedNow(fiber, self.next())
  }
}

export class Produce extends Operation<any, any, any> {
  readonly self: WorkState<any>
  readonly effect: AnyEffect
  constructor(self: WorkState<any>, effect: AnyEffect) {
    super()
    this.self = self
    this.effect = effect
  }
  protected run(fiber: AnyFiber): AnyEffect {
    this.self.unfinished++
    enter(fiber, new Producing(this.self))
    return this.effect
  }
}

/** While it is on the stack, something is being produced. */
class Producing extends StackEntry {
  readonly self: WorkState<any>
  constructor(self: WorkState<any>) {
    super()
    this.self = self
  }
  protected onResume(): AnyEffect {
    return Effect.void
  }
  protected onLeave(): void {
    this.self.finish(1)
  }
}
