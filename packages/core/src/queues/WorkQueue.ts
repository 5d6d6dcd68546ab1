/**
 * A queue of work: what is taken is acknowledged when it is dealt with, so that one can wait for all of it.
 *
 * Effect's `Queue` hands items over; this one also knows what became of them. Use Effect's where nobody asks.
 */
import type * as Arr from "effect/Array"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type * as Order from "effect/Order"
import type { Pipeable } from "effect/Pipeable"
import { pipeArguments } from "effect/Pipeable"
import type * as Types from "effect/Types"

import { makeBuffer } from "../internal/queues/buffer.ts"
import { succeedNow } from "../internal/effect.ts"
import type { AnyEffect } from "../internal/effect.ts"
import { integer, InvalidArgument, options as optionsIn } from "../internal/validate.ts"
import {
  check,
  joinAll,
  Offer,
  offerEach,
  produce,
  Take,
  takeBatch,
  takeNow
} from "../internal/queues/workOperations.ts"
import { nameIn, wrongSelf } from "../internal/misuse.ts"
import { WorkState } from "../internal/queues/workQueue.ts"

export { consume } from "./consume.ts"
export type { ConsumeAllOptions, ConsumeOptions } from "./consume.ts"

const TypeId = "~skein/WorkQueue"

/**
 * A queue of items `A`. `E` is what a producer may {@link fail} it with.
 *
 * @category models
 * @since 0.1.0
 */
export interface WorkQueue<in out A, in out E = never> extends Pipeable {
  readonly [TypeId]: { readonly _A: Types.Invariant<A>; readonly _E: Types.Invariant<E> }
  readonly name: string
  readonly capacity: number
}

/**
 * In which order items are handed out, and the queue's name.
 *
 * **Shape / units**: with an `Order` the smallest is next, equals in order of arrival. Default "fifo".
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<in A> {
  readonly order?: "fifo" | "lifo" | Order.Order<A> | undefined
  readonly name?: string | undefined
}

/**
 * What a queue looks like at one moment.
 *
 * **Shape / units**: `size` counts queued items; `unfinished` also those taken and not acknowledged, and producers
 * ({@link producing}) that run. `offering` and `taking` are paths of the tasks that wait, in order of service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Statistics {
  readonly size: number
  readonly unfinished: number
  readonly maxSize: number
  readonly offering: ReadonlyArray<string>
  readonly taking: ReadonlyArray<string>
}

/**
 * The queue takes nothing any more, or has nothing left and never will.
 *
 * @category errors
 * @since 0.1.0
 */
export class QueueShutdown
  extends /*#__PURE__*/ Data.TaggedError("QueueShutdown")<{ readonly queue: string }>
{
  override get message(): string {
    return `${this.queue} was shut down`
  }
}

class WorkQueueImpl extends WorkState<any> implements WorkQueue<any, any> {
  readonly [TypeId] = { _A: (a: any) => a, _E: (e: any) => e }
  readonly takeOne = new Take(this)

  pipe() {
    return pipeArguments(this, arguments)
  }
}

let unnamed = 0

const make = (where: string, capacity: number, options: Options<any> | undefined): Effect.Effect<any> =>
  Effect.sync(() => {
    const name = nameIn(where, options) ?? `queue:${++unnamed}`
    const order: unknown = options?.order
    if (order !== undefined && order !== "fifo" && order !== "lifo" && typeof order !== "function") {
      throw new InvalidArgument(`${where}: order must be "fifo", "lifo" or an Order, got ${String(order)}`)
    }
    let exit: Exit.Exit<never, QueueShutdown> | undefined
    return new WorkQueueImpl(
      name,
      capacity,
      makeBuffer(options?.order),
      () => (exit ??= Exit.fail(new QueueShutdown({ queue: name })))
    )
  })

/**
 * Makes a queue that holds at most `capacity` items; offers beyond that wait.
 *
 * **Shape / units**: with capacity 0 every item goes from hand to hand.
 *
 * **Errors**: dies unless `capacity` is an integer of at least 0.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bounded = <A, E = never>(
  capacity: number,
  options?: Options<A>
): Effect.Effect<WorkQueue<A, E>> =>
  Effect.suspend(() =>
    make("WorkQueue.bounded", integer("WorkQueue.bounded", "capacity", capacity, 0), options)
  )

/**
 * Makes a queue of any size: offers never wait.
 *
 * **When to use**: when something else bounds the work; else {@link bounded}.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unbounded = <A, E = never>(options?: Options<A>): Effect.Effect<WorkQueue<A, E>> =>
  make("WorkQueue.unbounded", Infinity, options)

/**
 * Puts an item in, waiting for room.
 *
 * **Errors**: fails with {@link QueueShutdown} when the queue is shut down or failed, also while it waits. The item is not in then.
 *
 * **Cancellation**: Cancel-safe. Interrupted, the item is not in, even when room was found for it in that moment. (Completes
 * anyway, once a {@link tryTake} has taken the item of a queue with capacity 0.)
 *
 * **Ordering**: who waits first is served first. A handler of {@link consume} does not wait for room in its own queue.
 *
 * **Cost**: O(1), O(log n) with an `Order`; does not yield when there is room.
 *
 * @category operations
 * @since 0.1.0
 */
export const offer: {
  <A>(item: A): <E>(self: WorkQueue<A, E>) => Effect.Effect<void, QueueShutdown>
  <A, E>(self: WorkQueue<A, E>, item: Types.NoInfer<A>): Effect.Effect<void, QueueShutdown>
} = /*#__PURE__*/ dual(
  2,
  (self: WorkQueueImpl, item: unknown): Effect.Effect<void, QueueShutdown> => new Offer(self, item)
)

/**
 * Puts the items in one after the other, waiting for room.
 *
 * **Shape / units**: `items` may be endless: what is no array, nor has a `length` or `size`, is read as there is room, one item ahead.
 * (Where there is always room, in an unbounded queue and for a handler of {@link consume}, it is read on and on, others in between,
 * until it is interrupted or refused.) Its iterator is closed when not all is in.
 *
 * **Errors**: fails with {@link QueueShutdown} when the queue is shut down or failed, also while it waits. Dies of what the iterator
 * throws; what was read before is in.
 *
 * **Cancellation**: Not cancel-safe: interrupted (or refused), some first items are in, the rest are not, and one may have been read
 * that is not in.
 *
 * **Ordering**: keeps its place in the queue of those who wait until the last item is in.
 *
 * @category operations
 * @since 0.1.0
 */
export const offerAll: {
  <A>(items: Iterable<A>): <E>(self: WorkQueue<A, E>) => Effect.Effect<void, QueueShutdown>
  <A, E>(self: WorkQueue<A, E>, items: Iterable<Types.NoInfer<A>>): Effect.Effect<void, QueueShutdown>
} = dual(2, (self: WorkQueueImpl, items: Iterable<unknown>): Effect.Effect<void, QueueShutdown> =>
  offerEach(self, items)
)

/**
 * Puts the item in if there is room and nobody waits for it; else false.
 *
 * **Errors**: fails with {@link QueueShutdown}.
 *
 * **Cancellation**: Cancel-safe.
 *
 * @category operations
 * @since 0.1.0
 */
export const tryOffer: {
  <A>(item: A): <E>(self: WorkQueue<A, E>) => Effect.Effect<boolean, QueueShutdown>
  <A, E>(self: WorkQueue<A, E>, item: Types.NoInfer<A>): Effect.Effect<boolean, QueueShutdown>
} = /*#__PURE__*/ dual(
  2,
  (self: WorkQueueImpl, item: unknown): Effect.Effect<boolean, QueueShutdown> =>
    Effect.withFiber((fiber): AnyEffect => {
      check("WorkQueue.tryOffer", self)
      if (self.refusal !== undefined) return self.refusal
      const open = self.open
      if (open) self.accept(item)
      return succeedNow(fiber, open)
    }) as Effect.Effect<boolean, QueueShutdown>
)

/**
 * Takes the next item, waiting for one. To be acknowledged with {@link done}.
 *
 * **When to use**: by hand; {@link consume} takes, acknowledges and ends by itself.
 *
 * **Errors**: when nothing is left, fails with {@link QueueShutdown}, or with what the queue was failed with.
 *
 * **Cancellation**: Cancel-safe. An item handed over in the moment of the interruption goes to the next taker, or back to where it
 * was.
 *
 * **Ordering**: who waits first is served first, also against {@link tryTake}.
 *
 * **Cost**: O(1), O(log n) with an `Order`; does not yield when there is an item.
 *
 * @category operations
 * @since 0.1.0
 */
export const take = <A, E>(self: WorkQueue<A, E>): Effect.Effect<A, E | QueueShutdown> =>
  (self as unknown as WorkQueueImpl | undefined)?.takeOne ??
  Exit.die(wrongSelf("WorkQueue.take", "a WorkQueue", self))

/**
 * Takes the next item if there is one that nobody waits for; else None.
 *
 * **Errors**: when nothing is left, fails with {@link QueueShutdown}, or with what the queue was failed with.
 *
 * **Cancellation**: Cancel-safe.
 *
 * @category operations
 * @since 0.1.0
 */
export const tryTake = <A, E>(self: WorkQueue<A, E>): Effect.Effect<Option.Option<A>, E | QueueShutdown> =>
  takeNow(self as unknown as WorkQueueImpl)

/**
 * Takes at least one item, waiting for it, and at most `n` of those that are there. Each is to be acknowledged.
 *
 * **Errors**: when nothing is left, fails with {@link QueueShutdown}, or with what the queue was failed with. Dies unless `n` is an
 * integer of at least 1, or Infinity.
 *
 * **Cancellation**: Cancel-safe.
 *
 * **Cost**: one step for all items.
 *
 * @category operations
 * @since 0.1.0
 */
export const takeUpTo: {
  (n: number): <A, E>(self: WorkQueue<A, E>) => Effect.Effect<Arr.NonEmptyArray<A>, E | QueueShutdown>
  <A, E>(self: WorkQueue<A, E>, n: number): Effect.Effect<Arr.NonEmptyArray<A>, E | QueueShutdown>
} = /*#__PURE__*/ dual(
  2,
  (self: WorkQueueImpl, n: number): Effect.Effect<Arr.NonEmptyArray<any>, QueueShutdown> => takeBatch(self, n)
)

/**
 * Acknowledges one taken item: it has been dealt with.
 *
 * **Errors**: dies, and changes nothing, when every taken item has been acknowledged. Items of {@link consume} are its own.
 *
 * @category operations
 * @since 0.1.0
 */
export const done = <A, E>(self: WorkQueue<A, E>): Effect.Effect<void> =>
  Effect.sync(() => {
    const impl = check("WorkQueue.done", self)
    if (impl.inHand === 0) {
      throw new InvalidArgument(`WorkQueue.done: every item taken from ${impl.name} is acknowledged already`)
    }
    impl.inHand--
    impl.finish(1)
  })

/**
 * Waits until nothing is unfinished: every item offered so far has been dealt with, or dropped by a shutdown.
 *
 * **Errors**: fails, once nothing is unfinished, with what the queue was failed with. Dies in a handler of {@link consume}, whose
 * item is unfinished, and inside of {@link producing}: it would wait for itself.
 *
 * **Cancellation**: Cancel-safe.
 *
 * @category operations
 * @since 0.1.0
 */
export const join = <A, E>(self: WorkQueue<A, E>): Effect.Effect<void, E> =>
  joinAll(self as unknown as WorkQueueImpl)

/**
 * Ends the queue: offers fail, also those that wait; takers get what is left, then {@link QueueShutdown}.
 *
 * **Shape / units**: `immediate` drops what is left; it counts as dealt with. May follow a shutdown without it, or a
 * {@link fail}, whose error stays.
 *
 * **Ordering**: nobody is told of the end while an item is on its way to a taker: if that one is interrupted, another gets it. With
 * nobody there to get it, it is left like others, and {@link join} waits until it is taken or dropped.
 *
 * @category operations
 * @since 0.1.0
 */
export const shutdown = <A, E>(
  self: WorkQueue<A, E>,
  options?: { readonly immediate?: boolean | undefined }
): Effect.Effect<void> =>
  Effect.sync(() => {
    const impl = check("WorkQueue.shutdown", self)
    if (options !== undefined) optionsIn("WorkQueue.shutdown", options)
    impl.close(undefined)
    if (options?.immediate === true) impl.drop()
  })

/**
 * Ends the queue with an error: offers fail with {@link QueueShutdown}; takers get what is left, then the error.
 *
 * **Shape / units**: no effect on a queue that has ended already.
 *
 * @category operations
 * @since 0.1.0
 */
export const fail: {
  <E>(error: E): <A>(self: WorkQueue<A, E>) => Effect.Effect<void>
  <A, E>(self: WorkQueue<A, E>, error: E): Effect.Effect<void>
} = /*#__PURE__*/ dual(2, (self: WorkQueueImpl, error: unknown): Effect.Effect<void> =>
  Effect.sync(() => check("WorkQueue.fail", self).close(Exit.fail(error)))
)

/**
 * Runs the effect as unfinished work: {@link join}, and {@link consume} until "idle", wait for it.
 *
 * **When to use**: for producers that run beside the handlers, which could otherwise find the queue idle too early.
 *
 * **Cancellation**: Cancel-safe.
 *
 * @category operations
 * @since 0.1.0
 */
export const producing: {
  <A, E>(self: WorkQueue<A, E>): <B, E2, R>(effect: Effect.Effect<B, E2, R>) => Effect.Effect<B, E2, R>
  <A, E, B, E2, R>(self: WorkQueue<A, E>, effect: Effect.Effect<B, E2, R>): Effect.Effect<B, E2, R>
} = ((self: WorkQueueImpl, effect?: AnyEffect) =>
  effect === undefined ? (effect: AnyEffect) => produce(self, effect) : produce(self, effect)) as any

/**
 * How many items are queued.
 *
 * @category observers
 * @since 0.1.0
 */
export const size = <A, E>(self: WorkQueue<A, E>): Effect.Effect<number> =>
  Effect.sync(() => check("WorkQueue.size", self).items.length)

/**
 * What is queued and unfinished, and who waits.
 *
 * @category observers
 * @since 0.1.0
 */
export const statistics = <A, E>(self: WorkQueue<A, E>): Effect.Effect<Statistics> =>
  Effect.sync(() => {
    const impl = check("WorkQueue.statistics", self)
    return {
      size: impl.items.length,
      unfinished: impl.unfinished,
      maxSize: impl.maxSize,
      offering: [...impl.transit.names(), ...impl.offerers.names()],
      taking: impl.takers.names()
    }
  })
