/** The state of a WorkQueue: a hand-off of items that also counts what is not dealt with. */
import * as Exit from "effect/Exit"

import type { Buffer } from "./buffer.ts"
import { succeedNow } from "../effect.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { envOf, holds } from "../env.ts"
import { Handoff, Taker } from "./handoff.ts"
import type { Holder, Node } from "../node.ts"
import { nodeAbove, nodeOf } from "../node.ts"
import { Holding, Idle, Waiter, WaitQueue } from "../sync/waitQueue.ts"

export class WorkState<A> extends Handoff<A> {
  readonly kind: string = "WorkQueue"
  /** Items that were accepted and not dealt with, and producers that run: what `join` waits for. */
  unfinished = 0
  /** Of these, taken by `take` and its kind: what `done` may still be called for. */
  inHand = 0
  readonly joiners = new WaitQueue<Joiner>()
  /** Consumers that end when there is nothing to do. */
  idlers = 0
  /** The groups of its consumers: what runs below them handles items. */
  readonly consumers = new Set<Node>()
  /** Its consumers' workers. */
  readonly workers = new Set<Waiter>()
  /** Shut down at once: what comes back is dropped too. */
  private dropping = false
  /** What it was failed with. */
  failure: Exit.Exit<never, any> | undefined = undefined
  /** What takers and offerers are told after the end. */
  readonly shutdownExit: () => Exit.Exit<never, any>

  constructor(name: string, capacity: number, items: Buffer<A>, shutdownExit: () => Exit.Exit<never, any>) {
    super(name, capacity, items)
    this.shutdownExit = shutdownExit
  }

  override accept(item: A): void {
    super.accept(item)
    this.unfinished++
  }

  /** So many of `unfinished` are no more. */
  finish(count: number): void {
    this.unfinished -= count
    if (this.unfinished === 0) this.settle()
  }

  override offererLeft(): void {
    if (this.unfinished === 0) this.settle()
  }

  /** Call when the last unfinished thing was dealt with, or somebody came who waits for that. */
  settle(): void {
    for (let joiner = this.joiners.head; joiner !== undefined; joiner = this.joiners.head) {
      this.joiners.grant(joiner)
    }
    if (this.idlers > 0 && this.offerers.length === 0 && this.transit.length === 0) this.close(undefined)
  }

  /** The first call decides how it ends. */
  close(failure: Exit.Exit<never, any> | undefined): void {
    if (this.ending !== undefined) return
    const shutdown = this.shutdownExit()
    this.failure = failure
    this.refuse(shutdown)
    this.end(failure ?? shutdown)
  }

  /** Workers that have an item. */
  handlers(): ReadonlyArray<Holder> {
    const holders: Array<Holder> = []
    for (const worker of this.workers) if (worker.state === Holding) holders.push(worker.describe())
    return holders
  }

  /** Its workers, if each has an item. Who takes by hand is known only while it waits. */
  override whoMakesRoom(): ReadonlyArray<Holder> {
    const handlers = this.handlers()
    return handlers.length === this.workers.size && this.takers.length === 0 ? handlers : []
  }

  override giveBack(item: A, handed: number): void {
    if (this.dropping) this.finish(1)
    else super.giveBack(item, handed)
  }

  override get over(): Exit.Exit<never, any> | undefined {
    return this.dropping ? this.ending : super.over
  }

  /** Forgets what is queued. */
  drop(): void {
    this.dropping = true
    this.tell()
    const dropped = this.items.clear().length
    if (dropped > 0) this.finish(dropped)
  }
}

/** One item, or several, to be acknowledged by `done`. */
export class WorkTaker<A> extends Taker<A> {
  declare readonly queue: WorkState<A>
  /** Undefined: one bare item. Else an array of at most so many. */
  private readonly atMost: number | undefined

  constructor(fiber: AnyFiber, queue: WorkState<A>, atMost: number | undefined) {
    super(fiber, queue)
    this.atMost = atMost
  }

  protected override onServed(fiber: AnyFiber): AnyEffect {
    this.state = Idle
    const { atMost, item, queue } = this
    queue.inHand++
    if (atMost === undefined) return succeedNow(fiber, item)
    const batch = [item as A]
    takeMore(queue, batch, atMost)
    return succeedNow(fiber, batch)
  }
}

/** Fills the batch from the buffer. */
export const takeMore = <A>(queue: WorkState<A>, batch: Array<A>, atMost: number): void => {
  let more = Math.min(atMost - batch.length, queue.items.length)
  queue.inHand += more
  for (; more > 0; more--) batch.push(queue.items.shift())
  if (queue.offerers.head !== undefined) queue.serve()
}

export class Joiner extends Waiter {
  readonly queue: WorkState<any>
  constructor(fiber: AnyFiber, queue: WorkState<any>) {
    super(fiber)
    this.queue = queue
  }
  get operation(): string {
    return "WorkQueue.join"
  }
  get resource(): string {
    return this.queue.name
  }
  /** More may be unfinished; but each of these has to go on. */
  override holders(): ReadonlyArray<Holder> {
    return this.queue.handlers()
  }
  protected onServed(fiber: AnyFiber): AnyEffect {
    this.state = Idle
    return this.queue.failure ?? succeedNow(fiber, undefined)
  }
  protected override onAbandon(): void {}
}

/** Inside a handler of the queue: in its fiber, in one that inherits its context, or in a group that it opened. */
export const handling = (fiber: AnyFiber, queue: WorkState<any>): boolean => {
  if (queue.consumers.size === 0) return false
  const env = envOf(fiber)
  if (holds(env, queue)) return true
  let node: Node | undefined = nodeAbove(fiber) ?? env.group
  for (; node !== undefined; node = node.parent) if (queue.consumers.has(node)) return true
  return false
}

/** Why nothing can be unfinished no more while the fiber waits for that: it handles an item, also in a scope that it entered. */
export const handlesItself = (fiber: AnyFiber, queue: WorkState<any>): string | undefined => {
  const node = queue.consumers.size === 0 ? undefined : nodeOf(fiber)
  return node?.parent !== undefined && queue.consumers.has(node.parent)
    ? `handles an item of ${queue.name}`
    : undefined
}
