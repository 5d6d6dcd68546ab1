/**
 * A limit on how many use something at once and on how many wait for it: what comes on top is turned away at once.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type { Pipeable } from "effect/Pipeable"
import { pipeArguments } from "effect/Pipeable"

import { Operation } from "../internal/operation.ts"
import type { AnyEffect, AnyFiber } from "../internal/effect.ts"
import { Lease, Permits } from "../internal/sync/permits.ts"
import {
  effect as effectIn,
  integer,
  name as nameIn,
  options as optionsIn,
  refuse
} from "../internal/validate.ts"

const TypeId = "~skein/Bulkhead" as const

/**
 * At most `concurrency` at once and `queue` waiting, first come, first served; beyond that, an error.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bulkhead extends Pipeable {
  readonly [TypeId]: typeof TypeId
  readonly name: string
}

/**
 * What a bulkhead looks like at one moment.
 *
 * **Shape / units**: `holders` and `waiting` are paths of tasks, `waiting` in order of service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Statistics {
  readonly concurrency: number
  readonly queue: number
  readonly holders: ReadonlyArray<string>
  readonly waiting: ReadonlyArray<string>
  readonly maxWaiting: number
  /** How many were turned away so far. */
  readonly rejected: number
}

/**
 * Turned away: all places are taken, the waiting ones too.
 *
 * @category errors
 * @since 0.1.0
 */
export class BulkheadFull
  extends /*#__PURE__*/ Data.TaggedError("BulkheadFull")<{
    readonly bulkhead: string
    readonly concurrency: number
    readonly queue: number
  }>
{
  override get message(): string {
    return `${this.bulkhead} is full: ${this.concurrency} running, ${this.queue} waiting`
  }
}

class BulkheadImpl extends Permits implements Bulkhead {
  readonly [TypeId]: typeof TypeId = TypeId
  /** Of the queue; `total` is how many may run. */
  readonly capacity: number
  rejected = 0

  constructor(name: string, concurrency: number, capacity: number) {
    super("Bulkhead.run", name, concurrency)
    this.capacity = capacity
  }

  pipe() {
    return pipeArguments(this, arguments)
  }
}

const check = (where: string, bulkhead: Bulkhead): BulkheadImpl =>
  bulkhead instanceof BulkheadImpl ? bulkhead : refuse(where, "expected a Bulkhead", bulkhead)

let unnamed = 0

/**
 * Makes an empty bulkhead.
 *
 * **When to use**: one for each service that is called, so that a slow one cannot take all of a program's fibers, memory
 * and patience. Where waiting without bound is right, use `Semaphore`.
 *
 * **Errors**: dies unless `concurrency` is an integer of at least 1 and `queue` one of at least 0; either may be Infinity.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly concurrency: number
  readonly queue: number
  readonly name?: string | undefined
}): Effect.Effect<Bulkhead> =>
  Effect.sync(() => {
    optionsIn("Bulkhead.make", options)
    nameIn("Bulkhead.make", options.name)
    integer("Bulkhead.make", "concurrency", options.concurrency, 1, { infinity: true })
    integer("Bulkhead.make", "queue", options.queue, 0, { infinity: true })
    return new BulkheadImpl(options.name ?? `bulkhead:${++unnamed}`, options.concurrency, options.queue)
  })

class Run extends Operation<any, any, any> {
  readonly self: BulkheadImpl
  readonly effect: AnyEffect
  constructor(self: BulkheadImpl, effect: AnyEffect) {
    super()
    this.self = self
    this.effect = effect
  }
  protected run(fiber: AnyFiber): AnyEffect {
    const self = this.self
    if (self.available(1)) {
      const lease = new Lease(fiber, self, 1, this.effect)
      self.take(lease)
      lease.hold()
      return this.effect
    }
    if (self.queue.length < self.capacity) return self.queue.wait(new Lease(fiber, self, 1, this.effect))
    self.rejected++
    return Effect.fail(
      new BulkheadFull({ bulkhead: self.name, concurrency: self.total, queue: self.capacity })
    )
  }
}

/**
 * Runs the effect when there is room, waits for a place in the queue when there is one, else fails at once.
 *
 * **Errors**: `BulkheadFull`, without having started the effect.
 *
 * **Cancellation**: Cancel-safe. Interrupted while waiting, it leaves the queue; a place handed to it in that moment goes
 * to the next.
 *
 * **Ordering**: first come, first served.
 *
 * **Cost**: O(1); with room it neither suspends nor yields.
 *
 * @category operations
 * @since 0.1.0
 */
export const run: {
  (bulkhead: Bulkhead): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | BulkheadFull, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, bulkhead: Bulkhead): Effect.Effect<A, E | BulkheadFull, R>
} = /*#__PURE__*/ dual(
  2,
  (self: AnyEffect, bulkhead: Bulkhead): AnyEffect =>
    new Run(check("Bulkhead.run", bulkhead), effectIn("Bulkhead.run", self))
)

/**
 * Who runs, who waits, how many were turned away.
 *
 * @category operations
 * @since 0.1.0
 */
export const statistics = (self: Bulkhead): Effect.Effect<Statistics> =>
  Effect.sync(() => {
    const { capacity, holders, queue, rejected, total } = check("Bulkhead.statistics", self)
    return {
      concurrency: total,
      queue: capacity,
      holders: holders.names(),
      waiting: queue.names(),
      maxWaiting: queue.maxLength,
      rejected
    }
  })
