/** What the operations of a WorkQueue do; those that are made most often are one object. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"

import { enter, stackOf, succeedNow } from "../effect.ts"
import { Operation } from "../operation.ts"
import { StackEntry } from "../stackEntry.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { BatchOfferer, Offerer } from "./handoff.ts"
import { Reading, ReadingOfferer } from "./reading.ts"
import { noEffect, wrongSelf, wrongType } from "../misuse.ts"
import { perTurn } from "../dispatcher.ts"
import { describeFiber } from "../node.ts"
import { integer, InvalidArgument } from "../validate.ts"
import { handlesItself, handling, Joiner, takeMore, WorkState, WorkTaker } from "./workQueue.ts"

export const check = (where: string, self: unknown): WorkState<any> => {
  if (self instanceof WorkState) return self
  throw wrongSelf(where, "a WorkQueue", self)
}

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
    check("WorkQueue.offer", self)
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

export const produce = (self: WorkState<any>, effect: AnyEffect): AnyEffect =>
  Effect.isEffect(effect) ? new Produce(self, effect) : noEffect("WorkQueue.producing", effect)

class Produce extends Operation<any, any, any> {
  readonly self: WorkState<any>
  readonly effect: AnyEffect
  constructor(self: WorkState<any>, effect: AnyEffect) {
    super()
    this.self = self
    this.effect = effect
  }
  protected run(fiber: AnyFiber): AnyEffect {
    check("WorkQueue.producing", this.self)
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

export const offerEach = (self: WorkState<any>, items: Iterable<any>) =>
  Effect.withFiber((fiber): AnyEffect => {
    check("WorkQueue.offerAll", self)
    if (Array.isArray(items)) return offerBatch(self, fiber, items)
    if (typeof (items as Iterable<any> | null | undefined)?.[Symbol.iterator] !== "function")
      throw wrongType("WorkQueue.offerAll", "items", "iterable", items)
    return isSized(items) ? offerBatch(self, fiber, Array.from(items)) : offerRead(self, items)
  }) as Effect.Effect<any, any>

const isSized = (items: Iterable<any>): boolean => {
  const { length, size } = items as { readonly length?: unknown; readonly size?: unknown }
  return Number.isFinite(length) || Number.isFinite(size)
}

const offerBatch = (self: WorkState<any>, fiber: AnyFiber, batch: ReadonlyArray<any>): AnyEffect => {
  if (batch.length === 0) return Effect.void
  if (self.refusal !== undefined) return self.refusal
  let at = 0
  while (at < batch.length && self.open) self.accept(batch[at++])
  if (at < batch.length) {
    if (!handling(fiber, self)) return self.offerers.wait(new BatchOfferer(fiber, self, batch, at))
    while (at < batch.length) self.accept(batch[at++])
  }
  return succeedNow(fiber, undefined)
}

const offerRead = (self: WorkState<any>, items: Iterable<any>): AnyEffect => {
  let reading: Reading<any> | undefined
  const goOn = (fiber: AnyFiber): AnyEffect => {
    reading ??= new Reading(items)
    if (reading.over || self.refusal !== undefined) return reading.conclude(fiber, self)
    const whole = handling(fiber, self)
    if (whole || self.open) {
      if (reading.putInto(self, whole, perTurn)) return reading.conclude(fiber, self)
      // Where there is always room, what is endless would never let go of the thread.
      if (whole || self.open) return next
    }
    return self.offerers.wait(new ReadingOfferer(fiber, self, reading))
  }
  const turn = Effect.withFiber(goOn)
  const next = Effect.andThen(Effect.yieldNow, turn)
  return Effect.onExit(turn, () =>
    reading?.over === false ? Effect.sync(() => reading!.close()) : Effect.void
  )
}

export const takeNow = (self: WorkState<any>) =>
  Effect.withFiber((fiber): AnyEffect => {
    check("WorkQueue.tryTake", self)
    if (self.items.length > 0) {
      self.inHand++
      return succeedNow(fiber, Option.some(self.next()))
    }
    if (self.over !== undefined) return self.over
    const giver = self.giver
    if (giver === undefined) return Effect.succeedNone
    self.unfinished++
    self.inHand++
    return succeedNow(fiber, Option.some(giver.takeNow()))
  }) as Effect.Effect<any, any>

export const takeBatch = (self: WorkState<any>, atMost: number) =>
  Effect.withFiber((fiber): AnyEffect => {
    check("WorkQueue.takeUpTo", self)
    integer("WorkQueue.takeUpTo", "n", atMost, 1, { infinity: true })
    if (self.items.length === 0) return self.over ?? self.waitTo(new WorkTaker(fiber, self, atMost))
    const batch: Array<unknown> = []
    takeMore(self, batch, atMost)
    return succeedNow(fiber, batch)
  }) as Effect.Effect<any, any>

export const joinAll = (self: WorkState<any>) =>
  Effect.withFiber((fiber): AnyEffect => {
    check("WorkQueue.join", self)
    if (self.unfinished === 0) return self.failure ?? Effect.void
    return waitsForItself("WorkQueue.join", fiber, self) ?? self.joiners.wait(new Joiner(fiber, self))
  }) as Effect.Effect<any, any>

/** Dies if the fiber itself is what is unfinished. */
export const waitsForItself = (
  where: string,
  fiber: AnyFiber,
  self: WorkState<any>
): Exit.Exit<never> | undefined => {
  const producing = stackOf(fiber).some((entry) => entry instanceof Producing && entry.self === self)
  const because = producing ? `is producing for ${self.name}` : handlesItself(fiber, self)
  return because === undefined
    ? undefined
    : Exit.die(new InvalidArgument(`${where}: ${describeFiber(fiber)} ${because}, it would wait for itself`))
}
