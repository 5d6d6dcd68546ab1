/**
 * Items from senders to receivers, whose ends know of each other: the last sender gone ends the receivers, the last
 * receiver gone fails the senders.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type { Pipeable } from "effect/Pipeable"
import { pipeArguments } from "effect/Pipeable"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Types from "effect/Types"

import { ChannelState, End, Receiving, Sending, wrongEnd } from "../internal/queues/channel.ts"
import { succeedNow } from "../internal/effect.ts"
import { Operation } from "../internal/operation.ts"
import type { AnyEffect, AnyFiber } from "../internal/effect.ts"
import { nameIn, wrongType } from "../internal/misuse.ts"
import { integer } from "../internal/validate.ts"

const SenderTypeId = "~skein/MemoryChannel/Sender"
const ReceiverTypeId = "~skein/MemoryChannel/Receiver"

/**
 * The end that sends.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sender<in A> extends Pipeable {
  readonly [SenderTypeId]: Types.Contravariant<A>
}

/**
 * The end that receives.
 *
 * @category models
 * @since 0.1.0
 */
export interface Receiver<out A> extends Pipeable {
  readonly [ReceiverTypeId]: Types.Covariant<A>
}

/**
 * Nobody can receive any more: all receivers are closed. The item is still the sender's.
 *
 * @category errors
 * @since 0.1.0
 */
export class ChannelBroken
  extends /*#__PURE__*/ Data.TaggedError("ChannelBroken")<{ readonly channel: string }>
{
  override get message(): string {
    return `${this.channel} has no receivers any more`
  }
}

/**
 * A name, and who gets what was sent and can no longer be received. (An item whose send was cancelled or refused is the sender's.)
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<A> {
  readonly name?: string | undefined
  readonly onUndelivered?: ((item: A) => Effect.Effect<void>) | undefined
}

/**
 * What a channel looks like at one moment.
 *
 * **Shape / units**: `sending` and `receiving` are paths of the tasks that wait, in order of service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Statistics {
  readonly buffered: number
  readonly maxBuffered: number
  readonly capacity: number
  readonly senders: number
  readonly receivers: number
  readonly sending: ReadonlyArray<string>
  readonly receiving: ReadonlyArray<string>
}

class ChannelImpl extends ChannelState {
  readonly onUndelivered: (item: any) => Effect.Effect<void>

  constructor(name: string, capacity: number, onUndelivered: (item: any) => Effect.Effect<void>) {
    super(
      name,
      capacity,
      () => Exit.fail(new ChannelBroken({ channel: name })),
      // Its receiver was interrupted when all were closed: nobody's fiber is left to run the hook in.
      (item, fiber) => void Effect.runForkWith(fiber.context)(deliver([item], this.onUndelivered))
    )
    this.onUndelivered = onUndelivered
  }
}

class SenderImpl extends End implements Sender<any> {
  readonly [SenderTypeId] = (_: any) => {}
  declare readonly channel: ChannelImpl
  pipe() {
    return pipeArguments(this, arguments)
  }
}

class ReceiverImpl extends End implements Receiver<any> {
  readonly [ReceiverTypeId] = (_: never) => _
  declare readonly channel: ChannelImpl
  readonly receiveOne = new Receive(this)
  pipe() {
    return pipeArguments(this, arguments)
  }
}

let unnamed = 0

/**
 * Makes a channel that holds at most `capacity` items, with an end of each kind. Ends are closed by hand ({@link close}), or by a
 * scope ({@link scoped}).
 *
 * **Shape / units**: with capacity 0 a send returns when the item has been received.
 *
 * **Errors**: dies unless `capacity` is an integer of at least 0, or Infinity.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <A>(
  capacity: number,
  options?: Options<A>
): Effect.Effect<readonly [sender: Sender<A>, receiver: Receiver<A>]> =>
  Effect.sync(() => {
    integer("MemoryChannel.make", "capacity", capacity, 0, { infinity: true })
    const onUndelivered = options?.onUndelivered ?? (() => Effect.void)
    if (typeof onUndelivered !== "function")
      throw wrongType("MemoryChannel.make", "onUndelivered", "a function", onUndelivered)
    const name = nameIn("MemoryChannel.make", options) ?? `channel:${++unnamed}`
    const channel = new ChannelImpl(name, capacity, onUndelivered)
    return [new SenderImpl(channel, "sender"), new ReceiverImpl(channel, "receiver")] as const
  })

const check = (operation: string, self: unknown, wanted = "sender or receiver"): SenderImpl => {
  if (self instanceof End) return self as SenderImpl
  throw wrongEnd(operation, wanted, self)
}

class Send extends Operation<void, ChannelBroken> {
  readonly end: SenderImpl
  readonly item: any
  constructor(end: SenderImpl, item: any) {
    super()
    this.end = end
    this.item = item
  }
  protected run(fiber: AnyFiber): AnyEffect {
    const { end, item } = this
    const channel = check("send", end, "sender").use("send", "sender")
    if (channel.refusal !== undefined) return channel.refusal
    if (!channel.open) return channel.offerers.wait(new Sending(fiber, end, item))
    channel.accept(item)
    return succeedNow(fiber, undefined)
  }
}

/**
 * Sends an item, waiting for room, or with capacity 0 for a receiver.
 *
 * **Errors**: fails with {@link ChannelBroken} when all receivers are closed, also while it waits. Dies when this end is closed, also
 * while it waits.
 *
 * **Cancellation**: Cancel-safe: interrupted, the item was not sent. (Completes anyway, once a {@link tryReceive} has taken it
 * without a buffer.)
 *
 * **Ordering**: who waits first is served first, also against {@link trySend}.
 *
 * @category operations
 * @since 0.1.0
 */
export const send: {
  <A>(item: A): (self: Sender<A>) => Effect.Effect<void, ChannelBroken>
  <A>(self: Sender<A>, item: Types.NoInfer<A>): Effect.Effect<void, ChannelBroken>
} = /*#__PURE__*/ dual(
  2,
  (self: SenderImpl, item: unknown): Effect.Effect<void, ChannelBroken> => new Send(self, item)
)

/**
 * Sends the item if there is room and nobody waits for it; else false.
 *
 * **Errors**: fails with {@link ChannelBroken} when all receivers are closed. Dies when this end is closed.
 *
 * **Cancellation**: Cancel-safe.
 *
 * @category operations
 * @since 0.1.0
 */
export const trySend: {
  <A>(item: A): (self: Sender<A>) => Effect.Effect<boolean, ChannelBroken>
  <A>(self: Sender<A>, item: Types.NoInfer<A>): Effect.Effect<boolean, ChannelBroken>
} = /*#__PURE__*/ dual(
  2,
  (self: SenderImpl, item: unknown): Effect.Effect<boolean, ChannelBroken> =>
    Effect.withFiber((fiber): AnyEffect => {
      const channel = check("trySend", self, "sender").use("trySend", "sender")
      if (channel.refusal !== undefined) return channel.refusal
      const open = channel.open
      if (open) channel.accept(item)
      return succeedNow(fiber, open)
    }) as Effect.Effect<boolean, ChannelBroken>
)

class Receive extends Operation<any, Cause.Done> {
  readonly end: End
  constructor(end: End) {
    super()
    this.end = end
  }
  protected run(fiber: AnyFiber): AnyEffect {
    const channel = this.end.use("receive", "receiver")
    if (channel.items.length > 0) return succeedNow(fiber, channel.next())
    return channel.over ?? channel.waitTo(new Receiving(fiber, this.end))
  }
}

/**
 * Receives the next item, waiting for one.
 *
 * **Errors**: fails with Effect's own end marker when all senders are closed and nothing is left. Dies when this end is closed, also
 * while it waits.
 *
 * **Cancellation**: Cancel-safe. An item handed over in the moment of the interruption goes to the next receiver, or back in
 * front; nobody is told of the end before.
 *
 * **Ordering**: who waits first is served first, also against {@link tryReceive}.
 *
 * @category operations
 * @since 0.1.0
 */
export const receive = <A>(self: Receiver<A>): Effect.Effect<A, Cause.Done> =>
  (self as unknown as ReceiverImpl | undefined)?.receiveOne ?? Exit.die(wrongEnd("receive", "receiver", self))

/**
 * Receives the next item if there is one; else None.
 *
 * **Errors**: fails with Effect's own end marker when all senders are closed and nothing is left. Dies when this end is closed.
 *
 * **Cancellation**: Cancel-safe.
 *
 * @category operations
 * @since 0.1.0
 */
export const tryReceive = <A>(self: Receiver<A>): Effect.Effect<Option.Option<A>, Cause.Done> =>
  Effect.withFiber((fiber): AnyEffect => {
    const channel = check("tryReceive", self, "receiver").use("tryReceive", "receiver")
    if (channel.items.length > 0) return succeedNow(fiber, Option.some(channel.next()))
    if (channel.over !== undefined) return channel.over
    const giver = channel.giver
    return giver === undefined ? Effect.succeedNone : succeedNow(fiber, Option.some(giver.takeNow()))
  }) as Effect.Effect<Option.Option<A>, Cause.Done>

/**
 * One more end of the same kind, to be closed for itself.
 *
 * **Errors**: dies when this end is closed.
 *
 * @category operations
 * @since 0.1.0
 */
export const clone: {
  <A>(self: Sender<A>): Effect.Effect<Sender<A>>
  <A>(self: Receiver<A>): Effect.Effect<Receiver<A>>
} = ((self: SenderImpl | ReceiverImpl) =>
  Effect.sync(() => {
    check("clone", self).use("clone")
    return self.side === "sender"
      ? new SenderImpl(self.channel, "sender")
      : new ReceiverImpl(self.channel, "receiver")
  })) as any

/**
 * Closes this end; again does nothing. What waits through it dies.
 *
 * The last sender's closing ends the receivers once nothing is left; the last receiver's fails the senders, and what is left goes to
 * `onUndelivered`.
 *
 * **Cancellation**: Completes anyway, the calls of `onUndelivered` included. What such a call dies of is logged.
 *
 * @category operations
 * @since 0.1.0
 */
export const close = (self: Sender<never> | Receiver<unknown>): Effect.Effect<void> =>
  Effect.uninterruptible(
    Effect.suspend(() => {
      const end = check("close", self)
      return deliver(end.channel.close(end), end.channel.onUndelivered)
    })
  )

const deliver = (
  items: ReadonlyArray<unknown>,
  onUndelivered: (item: any) => Effect.Effect<void>
): Effect.Effect<void> =>
  Effect.forEach(
    items,
    (item) =>
      Effect.flatMap(Effect.exit(Effect.suspend(() => onUndelivered(item))), (exit) =>
        Exit.isFailure(exit)
          ? Effect.logError("MemoryChannel: onUndelivered failed", exit.cause)
          : Effect.void
      ),
    { discard: true }
  )

/**
 * Hands the end to the surrounding scope, which closes it.
 *
 * @category operations
 * @since 0.1.0
 */
export const scoped = <End extends Sender<never> | Receiver<unknown>>(
  self: End
): Effect.Effect<End, never, Scope.Scope> =>
  Effect.suspend(() => {
    check("scoped", self)
    return Effect.as(
      Effect.addFinalizer(() => close(self)),
      self
    )
  })

/**
 * What is buffered, how many ends are open, and who waits.
 *
 * @category observers
 * @since 0.1.0
 */
export const statistics = (self: Sender<never> | Receiver<unknown>): Effect.Effect<Statistics> =>
  Effect.sync(() => {
    const { channel } = check("statistics", self)
    return {
      buffered: channel.items.length,
      maxBuffered: channel.maxSize,
      capacity: channel.capacity,
      senders: channel.senders,
      receivers: channel.receivers,
      sending: [...channel.transit.names(), ...channel.offerers.names()],
      receiving: channel.takers.names()
    }
  })

/**
 * What is received, as a stream, one item at a time. Owns the receiver: closes it when the stream ends, however it ends.
 *
 * @category conversions
 * @since 0.1.0
 */
export const stream = <A>(self: Receiver<A>): Stream.Stream<A> =>
  self instanceof ReceiverImpl
    ? Stream.ensuring(Stream.fromEffectRepeat(receive(self)), close(self))
    : Stream.die(wrongEnd("stream", "receiver", self))
