/**
 * A token bucket that many callers of {@link Retry.run} share, so that a dead service gets a few percent more load, not
 * several times as much.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { Pipeable } from "effect/Pipeable"
import { pipeArguments } from "effect/Pipeable"

import { monotonicMillis } from "../internal/monotonic.ts"
import { TokenBucket } from "../internal/resilience/tokenBucket.ts"
import { integer, name, options as optionsIn, refuse } from "../internal/validate.ts"

const TypeId = "~skein/RetryBudget" as const

/**
 * What the callers of one service may spend on retries together.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryBudget extends Pipeable {
  readonly [TypeId]: typeof TypeId
}

/**
 * What {@link make} takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Retries in hand at most, and at the start. */
  readonly capacity: number
  /** What each success gives back, in tokens (a retry costs one). Nothing unless given. */
  readonly refillPerSuccess?: number | undefined
  /** What time gives back. Nothing unless given. */
  readonly refillPerSecond?: number | undefined
  readonly name?: string | undefined
}

class RetryBudgetImpl implements RetryBudget {
  readonly [TypeId]: typeof TypeId = TypeId
  readonly bucket: TokenBucket
  constructor(bucket: TokenBucket) {
    this.bucket = bucket
  }
  pipe() {
    return pipeArguments(this, arguments)
  }
}

/**
 * Makes a full budget.
 *
 * **When to use** One for each service that is called, handed to every `Retry.run` and `Hedge.run` against it. With
 * `refillPerSuccess: 0.1` a healthy service gets one retry for ten successes, a dead one gets `capacity` retries and no
 * more; `refillPerSecond` keeps a trickle, so that somebody notices the recovery of a service that is seldom called.
 * With neither, the budget is spent once and for all.
 *
 * **Errors** Dies when `capacity` is no integer >= 0 or a refill is negative or no finite number.
 *
 * **Source** Token-bucket retry throttling as in gRPC (proposal A6) and Finagle's `RetryBudget`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): Effect.Effect<RetryBudget> =>
  Effect.withFiber((fiber) => {
    optionsIn("RetryBudget.make", options)
    name("RetryBudget.make", options.name)
    const settings = {
      name: options.name,
      capacity: integer("RetryBudget.make", "capacity", options.capacity, 0),
      refillPerSuccess: rate("refillPerSuccess", options.refillPerSuccess),
      refillPerSecond: rate("refillPerSecond", options.refillPerSecond)
    }
    return Effect.succeed(new RetryBudgetImpl(new TokenBucket(settings, monotonicMillis(fiber))))
  })

/**
 * The tokens in hand, a fraction included; a retry needs a whole one.
 *
 * @category operations
 * @since 0.1.0
 */
export const available = (self: RetryBudget): Effect.Effect<number> =>
  Effect.withFiber((fiber) => {
    if (!(self instanceof RetryBudgetImpl))
      return refuse("RetryBudget.available", "expected a RetryBudget", self)
    return Effect.succeed(self.bucket.available(monotonicMillis(fiber)))
  })

const rate = (parameter: string, value: number | undefined): number => {
  if (value === undefined) return 0
  if (typeof value === "number" && value >= 0 && value < Infinity) return value
  return refuse("RetryBudget.make", `${parameter} must be a finite number >= 0`, value)
}
