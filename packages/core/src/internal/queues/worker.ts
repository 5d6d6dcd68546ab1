/** A worker of `consume`: takes item after item and handles it, as one entry on its fiber's stack. */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"

import { enter, evaluatePrimitive } from "../effect.ts"
import { Operation } from "../operation.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { envOf, withEnv } from "../env.ts"
import type { Env } from "../env.ts"
import { Taker } from "./handoff.ts"
import { Holding, Idle } from "../sync/waitQueue.ts"
import { canRun, noEffect } from "../misuse.ts"
import type { WorkState } from "./workQueue.ts"

/** What is done with an item. */
export interface Handling<A> {
  readonly handler: (item: A) => AnyEffect
  /** Told of an item whose handler failed, which is then no failure of the worker's. */
  readonly report: ((item: A, cause: Cause.Cause<any>) => AnyEffect) | undefined
}

/** Takes and handles until the queue has ended; an item that it took is acknowledged whatever becomes of it. */
export class Work<A> extends Operation<void, any, any> {
  readonly queue: WorkState<A>
  readonly handling: Handling<A>
  /** Where the consumer was called: forks of a handler go to that group. */
  readonly outer: Env

  constructor(queue: WorkState<A>, handling: Handling<A>, outer: Env) {
    super()
    this.queue = queue
    this.handling = handling
    this.outer = outer
  }

  protected run(fiber: AnyFiber): AnyEffect {
    const held = { resource: this.queue, parent: undefined }
    fiber.setContext(withEnv(fiber.context, { group: this.outer.group, scope: envOf(fiber).scope, held }))
    const worker = new Worker(fiber, this.queue, this.handling)
    this.queue.workers.add(worker)
    enter(fiber, worker)
    return worker.goOn(fiber)
  }
}

class Worker<A> extends Taker<A> {
  declare readonly queue: WorkState<A>
  private readonly handling: Handling<A>
  private readonly handled: () => AnyEffect

  constructor(fiber: AnyFiber, queue: WorkState<A>, handling: Handling<A>) {
    super(fiber, queue)
    this.handling = handling
    const handled = new Handled(this)
    this.handled = () => handled
  }

  override get operation(): string {
    return "WorkQueue.consume"
  }

  /** The entry is on top of the stack; an item it had has been handled. */
  goOn(fiber: AnyFiber): AnyEffect {
    const { queue } = this
    if (this.state === Holding) queue.finish(1)
    this.state = Idle
    if (queue.items.length > 0) {
      this.item = queue.next()
      return this.onServed(fiber)
    }
    this.item = undefined
    return queue.over === undefined ? queue.waitToAgain(this) : Effect.void
  }

  // The handler's first step is taken in this one: parked in between and interrupted there, the item would be acknowledged
  // though no handler had begun it.
  protected override onServed(fiber: AnyFiber): AnyEffect {
    this.state = Holding
    const item = this.item as A
    const { handler, report } = this.handling
    if (report === undefined)
      return step(step(Effect.flatMap(begin(handler, item), this.handled), fiber), fiber)
    const reporting = Effect.catchCause(attempt(handler, item), (cause) => {
      const reported = report(item, cause)
      return Effect.isEffect(reported) ? reported : refused("onFailure", reported)
    })
    return step(step(step(Effect.flatMap(reporting, this.handled), fiber), fiber), fiber)
  }

  protected override onLeave(fiber: AnyFiber): void {
    this.queue.workers.delete(this)
    super.onLeave(fiber)
  }

  // The handler failed or was interrupted.
  protected override onRelease(): void {
    this.queue.finish(1)
  }

  protected override onResume(fiber: AnyFiber): AnyEffect {
    // The end of the queue is no failure of the worker's.
    if (this.rejection === undefined) return super.onResume(fiber)
    this.rejection = Effect.void as any
    return super.onResume(fiber)
  }
}

/** What the run loop would do next, now. What is no effect it has to refuse. */
const step = (effect: AnyEffect, fiber: AnyFiber): AnyEffect =>
  Effect.isEffect(effect) ? (evaluatePrimitive(effect as any, fiber) as AnyEffect) : effect

const begin = <A>(handler: (item: A) => AnyEffect, item: A): AnyEffect => {
  const effect = handler(item)
  return canRun(effect) ? effect : refused("handler", effect)
}

const refused = (parameter: string, got: unknown): AnyEffect =>
  noEffect("WorkQueue.consume", got, `what ${parameter} returns`)

const attempt = <A>(handler: (item: A) => AnyEffect, item: A): AnyEffect => {
  try {
    return begin(handler, item)
  } catch (error) {
    return Effect.die(error)
  }
}

class Handled extends Operation<void> {
  readonly worker: Worker<any>
  constructor(worker: Worker<any>) {
    super()
    this.worker = worker
  }
  protected run(fiber: AnyFiber): AnyEffect {
    return this.worker.goOn(fiber)
  }
}
