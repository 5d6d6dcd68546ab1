/** A worker of `consume`: takes item after item and handles it, as one entry on its fiber's stack. */
import * as Effect from "effect/Effect"

import { enter, Operation } from "../effect.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { envOf, withEnv } from "../env.ts"
import type { Env } from "../env.ts"
import { Taker } from "./handoff.ts"
import { Holding, Idle } from "../sync/waitQueue.ts"
import type { WorkState } from "./workQueue.ts"

/** Takes and handles until the queue has ended; an item that it took is acknowledged whatever becomes of it. */
export class Work<A> extends Operation<void, any, any> {
  readonly queue: WorkState<A>
  readonly handler: (item: A) => AnyEffect
  /** Where the consumer was called: forks of a handler go to that group. */
  readonly outer: Env

  constructor(queue: WorkState<A>, handler: (item: A) => AnyEffect, outer: Env) {
    super()
    this.queue = queue
    this.handler = handler
    this.outer = outer
  }

  protected run(fiber: AnyFiber): AnyEffect {
    const held = { resource: this.queue, parent: undefined }
    fiber.setContext(withEnv(fiber.context, { group: this.outer.group, scope: envOf(fiber).scope, held }))
    const worker = new Worker(fiber, this.queue, this.handler)
    enter(fiber, worker)
    return worker.goOn(fiber)
  }
}

class Worker<A> extends Taker<A> {
  declare readonly queue: WorkState<A>
  private readonly handler: (item: A) => AnyEffect
  private readonly handled: () => AnyEffect

  constructor(fiber: AnyFiber, queue: WorkState<A>, handler: (item: A) => AnyEffect) {
    super(fiber, queue)
    this.handler = handler
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

  protected override onServed(_fiber: AnyFiber): AnyEffect {
    this.state = Holding
    return Effect.flatMap(this.handler(this.item as A), this.handled)
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
