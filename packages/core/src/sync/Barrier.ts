/**
 * So many meet, then all go on together; again and again.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Pipeable } from "effect/Pipeable"
import { pipeArguments } from "effect/Pipeable"

import { succeedNow } from "../internal/effect.ts"
import type { AnyEffect, AnyFiber } from "../internal/effect.ts"
import { integer } from "../internal/validate.ts"
import { nameIn, wrongSelf } from "../internal/misuse.ts"
import { Idle, Waiter, WaitQueue } from "../internal/sync/waitQueue.ts"

const TypeId = "~skein/Barrier"

/**
 * A meeting point for `parties` fibers.
 *
 * @category models
 * @since 0.1.0
 */
export interface Barrier extends Pipeable {
  readonly [TypeId]: typeof TypeId
  readonly name: string
  readonly parties: number
}

/**
 * The others will not come: the barrier was aborted, or reset while one waited.
 *
 * @category errors
 * @since 0.1.0
 */
export class BrokenBarrier
  extends /*#__PURE__*/ Data.TaggedError("BrokenBarrier")<{
    readonly barrier: string
    readonly by: "abort" | "reset"
  }>
{
  override get message(): string {
    return `${this.barrier} was broken by ${this.by}`
  }
}

class BarrierImpl implements Barrier {
  readonly [TypeId]: typeof TypeId = TypeId
  readonly name: string
  readonly parties: number
  broken = false
  /** Those who have arrived, fewer than `parties`. */
  readonly queue = new WaitQueue<Party>()

  constructor(name: string, parties: number) {
    this.name = name
    this.parties = parties
  }

  breakUp(by: "abort" | "reset"): void {
    const exit = this.exit(by)
    for (let party = this.queue.head; party !== undefined; party = this.queue.head) {
      this.queue.reject(party, exit)
    }
  }

  exit(by: "abort" | "reset"): Exit.Exit<never, BrokenBarrier> {
    return Exit.fail(new BrokenBarrier({ barrier: this.name, by }))
  }

  pipe() {
    return pipeArguments(this, arguments)
  }
}

class Party extends Waiter {
  readonly barrier: BarrierImpl
  index = 0
  constructor(fiber: AnyFiber, barrier: BarrierImpl) {
    super(fiber)
    this.barrier = barrier
  }
  get operation(): string {
    return "Barrier.wait"
  }
  get resource(): string {
    return this.barrier.name
  }
  protected onServed(fiber: AnyFiber): AnyEffect {
    this.state = Idle
    return succeedNow(fiber, this.index)
  }
  // Before the last one came it just is one fewer; after that the round is over for the others anyway.
  protected onAbandon(): void {}
}

let unnamed = 0

/**
 * Makes a barrier for so many.
 *
 * **Errors**: dies unless `parties` is an integer of at least 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  parties: number,
  options?: { readonly name?: string | undefined }
): Effect.Effect<Barrier> =>
  Effect.sync(() => {
    integer("Barrier.make", "parties", parties, 1)
    return new BarrierImpl(nameIn("Barrier.make", options) ?? `barrier:${++unnamed}`, parties)
  })

const check = (where: string, self: Barrier): BarrierImpl => {
  if (self instanceof BarrierImpl) return self
  throw wrongSelf(where, "a Barrier", self)
}

/**
 * Waits until `parties` fibers wait, the caller included, and gives the place in the order of arrival: 0 to parties - 1.
 *
 * The last one to arrive does not suspend. Then the next round begins.
 *
 * **Errors**: fails with {@link BrokenBarrier} when the barrier is aborted, or reset meanwhile.
 *
 * **Cancellation**: Cancel-safe: whoever leaves before the round is complete has not arrived; the barrier is not broken. A round
 * that is complete stays so, though one who met there be interrupted before going on.
 *
 * **Example**: `examples/18-coordination.ts`
 *
 * @category operations
 * @since 0.1.0
 */
export const wait = (self: Barrier): Effect.Effect<number, BrokenBarrier> =>
  Effect.withFiber((fiber): AnyEffect => {
    const impl = check("Barrier.wait", self)
    if (impl.broken) return impl.exit("abort")
    const { queue } = impl
    if (queue.length + 1 < impl.parties) return queue.wait(new Party(fiber, impl))
    let index = 0
    for (let party = queue.head; party !== undefined; party = queue.head) {
      party.index = index++
      queue.grant(party)
    }
    return succeedNow(fiber, index)
  }) as Effect.Effect<number, BrokenBarrier>

/**
 * Breaks the barrier: who waits, and who comes later, fails until a {@link reset}.
 *
 * @category operations
 * @since 0.1.0
 */
export const abort = (self: Barrier): Effect.Effect<void> =>
  Effect.sync(() => {
    const impl = check("Barrier.abort", self)
    impl.broken = true
    impl.breakUp("abort")
  })

/**
 * Starts afresh: who waits fails, who comes later meets in a new round. Those whose round is complete are not concerned.
 *
 * @category operations
 * @since 0.1.0
 */
export const reset = (self: Barrier): Effect.Effect<void> =>
  Effect.sync(() => {
    const impl = check("Barrier.reset", self)
    impl.broken = false
    impl.breakUp("reset")
  })

/**
 * Whether the barrier was aborted and not reset.
 *
 * @category observers
 * @since 0.1.0
 */
export const isBroken = (self: Barrier): Effect.Effect<boolean> =>
  Effect.sync(() => check("Barrier.isBroken", self).broken)

/**
 * Who waits, in order of arrival: paths of tasks, or fibers' numbers.
 *
 * @category observers
 * @since 0.1.0
 */
export const statistics = (
  self: Barrier
): Effect.Effect<{ readonly waiting: ReadonlyArray<string>; readonly maxWaiting: number }> =>
  Effect.sync(() => {
    const { queue } = check("Barrier.statistics", self)
    return { waiting: queue.names(), maxWaiting: queue.maxLength }
  })
