/**
 * A flag that one sets and others wait for.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { Pipeable } from "effect/Pipeable"
import { pipeArguments } from "effect/Pipeable"

import { succeedNow } from "../internal/effect.ts"
import type { AnyEffect, AnyFiber } from "../internal/effect.ts"
import { nameIn, wrongSelf } from "../internal/misuse.ts"
import { Idle, Waiter, WaitQueue } from "../internal/sync/waitQueue.ts"

const TypeId = "~skein/Event"

/**
 * Set or not.
 *
 * @category models
 * @since 0.1.0
 */
export interface Event extends Pipeable {
  readonly [TypeId]: typeof TypeId
  readonly name: string
}

class EventImpl implements Event {
  readonly [TypeId]: typeof TypeId = TypeId
  readonly name: string
  set = false
  readonly queue = new WaitQueue<EventWaiter>()

  constructor(name: string) {
    this.name = name
  }
  pipe() {
    return pipeArguments(this, arguments)
  }
}

const check = (where: string, self: Event): EventImpl => {
  if (self instanceof EventImpl) return self
  throw wrongSelf(where, "an Event", self)
}

class EventWaiter extends Waiter {
  readonly event: EventImpl
  constructor(fiber: AnyFiber, event: EventImpl) {
    super(fiber)
    this.event = event
  }
  get operation(): string {
    return "Event.wait"
  }
  get resource(): string {
    return this.event.name
  }
  protected onServed(fiber: AnyFiber): AnyEffect {
    this.state = Idle
    return succeedNow(fiber, undefined)
  }
  // Being woken takes nothing from anybody.
  protected onAbandon(): void {}
}

let unnamed = 0

/**
 * Makes an event that is not set.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options?: { readonly name?: string | undefined }): Effect.Effect<Event> =>
  Effect.sync(() => makeUnsafe(options))

/**
 * Makes an event synchronously.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeUnsafe = (options?: { readonly name?: string | undefined }): Event =>
  new EventImpl(nameIn("Event.make", options) ?? `event:${++unnamed}`)

/**
 * Sets the event and wakes who waits for it. False if it was set already.
 *
 * **Ordering**: the waiters go on in order of waiting, after the setter's next suspension. They go on though the event be cleared
 * before that; one that is cancelled before that does not.
 *
 * @category operations
 * @since 0.1.0
 */
export const set = (self: Event): Effect.Effect<boolean> => Effect.sync(() => fire("Event.set", self))

/**
 * The same as {@link set}, for callbacks outside of fibers.
 *
 * @category operations
 * @since 0.1.0
 */
export const setUnsafe = (self: Event): boolean => fire("Event.setUnsafe", self)

const fire = (where: string, self: Event): boolean => {
  const impl = check(where, self)
  if (impl.set) return false
  impl.set = true
  const { queue } = impl
  for (let waiter = queue.head; waiter !== undefined; waiter = queue.head) queue.grant(waiter)
  return true
}

/**
 * Clears the event: who waits from now on waits for the next {@link set}. False if it was not set.
 *
 * @category operations
 * @since 0.1.0
 */
export const clear = (self: Event): Effect.Effect<boolean> =>
  Effect.sync(() => {
    const impl = check("Event.clear", self)
    const was = impl.set
    impl.set = false
    return was
  })

/**
 * Waits until the event is set; does not suspend when it is.
 *
 * **Cancellation**: Cancel-safe.
 *
 * **Cost**: O(1), also to give up.
 *
 * **Example**: `examples/17-event.ts`
 *
 * @category operations
 * @since 0.1.0
 */
export const wait = (self: Event): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const impl = check("Event.wait", self)
    return impl.set ? Effect.void : impl.queue.wait(new EventWaiter(fiber, impl))
  }) as Effect.Effect<void>

/**
 * Whether the event is set.
 *
 * @category observers
 * @since 0.1.0
 */
export const isSet = (self: Event): Effect.Effect<boolean> =>
  Effect.sync(() => check("Event.isSet", self).set)

/**
 * Who waits, in order: paths of tasks, or fibers' numbers.
 *
 * @category observers
 * @since 0.1.0
 */
export const statistics = (
  self: Event
): Effect.Effect<{ readonly waiting: ReadonlyArray<string>; readonly maxWaiting: number }> =>
  Effect.sync(() => {
    const { queue } = check("Event.statistics", self)
    return { waiting: queue.names(), maxWaiting: queue.maxLength }
  })
