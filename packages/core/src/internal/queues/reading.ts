/** Offers from an iterator of any length, of which no more is read than there is room for, and one item. */
import * as Exit from "effect/Exit"

import { succeedNow } from "../effect.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { Offerer } from "./handoff.ts"
import type { Handoff } from "./handoff.ts"

/** An iterator, read one item ahead: so it is known to be at its end before there is room for more. */
export class Reading<A> {
  item: A | undefined = undefined
  /** Nothing is left to be read, or the iterator threw. */
  over = false
  private failure: Exit.Exit<never> | undefined = undefined
  private readonly iterator: Iterator<A>

  constructor(items: Iterable<A>) {
    this.iterator = items[Symbol.iterator]()
    this.advance()
  }

  /** It may be another fiber's step in which an item is taken: what the iterator throws is for who offers. */
  advance(): void {
    try {
      const next = this.iterator.next()
      this.over = next.done === true
      this.item = next.value
    } catch (error) {
      this.over = true
      this.item = undefined
      this.failure = Exit.die(error)
    }
  }

  /**
   * Puts in all there is space for, or `whole` regardless, but no more than `atMost`; false when there is more. The iterator
   * itself may have ended the queue.
   */
  putInto(queue: Handoff<A>, whole = false, atMost = Infinity): boolean {
    for (let left = atMost; !this.over && queue.refusal === undefined; left--) {
      if (left === 0 || (!whole && queue.space <= 0)) return false
      queue.accept(this.item!)
      this.advance()
    }
    return true
  }

  /** After `putInto` said that there is no more. */
  conclude(fiber: AnyFiber, queue: Handoff<A>): AnyEffect {
    if (this.failure !== undefined) return this.failure
    return this.over ? succeedNow(fiber, undefined) : queue.refusal!
  }

  /** Lets the iterator clean up, which may throw. */
  close(): void {
    if (this.over) return
    this.over = true
    this.iterator.return?.()
  }
}

/** Puts in one item after the other as it is read; keeps its place in between. */
export class ReadingOfferer<A> extends Offerer<A> {
  private readonly reading: Reading<A>

  constructor(fiber: AnyFiber, queue: Handoff<A>, reading: Reading<A>) {
    super(fiber, queue, reading.item!)
    this.reading = reading
  }

  override get wants(): number {
    return Infinity
  }

  override takeNow(): A {
    const { reading } = this
    const item = reading.item!
    reading.advance()
    if (reading.over) super.takeNow()
    return item
  }

  protected override put(): boolean {
    return this.reading.putInto(this.queue)
  }

  protected override conclude(fiber: AnyFiber): AnyEffect {
    return this.reading.conclude(fiber, this.queue)
  }
}
