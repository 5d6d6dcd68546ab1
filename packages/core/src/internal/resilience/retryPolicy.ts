/** A retry policy with its defaults filled in and its numbers checked, once per policy. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"

import { Backoff } from "./backoff.ts"
import type { BackoffSettings, Jitter } from "./backoff.ts"
import { bucketOf } from "./tokenBucket.ts"
import type { TokenBucket } from "./tokenBucket.ts"
import {
  callable,
  integer,
  InvalidArgument,
  nonNegativeMillis,
  options as optionsIn,
  refuse,
  show
} from "../validate.ts"

export interface BackoffOptions {
  readonly initial?: Duration.Input | undefined
  readonly factor?: number | undefined
  readonly max?: Duration.Input | undefined
  readonly jitter?: Jitter | undefined
}

/** A failed attempt, as handed to hooks and kept in the Cause. */
export interface FailedAttempt {
  readonly number: number
  readonly error: any
  readonly delay: Duration.Duration
  readonly elapsed: Duration.Duration
}

/** The options as the caller wrote them, types erased. */
export interface RawOptions extends BackoffOptions {
  readonly attempts?: number | undefined
  readonly elapsed?: Duration.Input | undefined
  readonly tags?: ReadonlyArray<string> | undefined
  readonly while?: ((error: any) => boolean) | undefined
  readonly retryAfter?: ((error: any) => Option.Option<Duration.Input>) | undefined
  readonly onRetry?: ((attempt: FailedAttempt) => Effect.Effect<unknown, never, any>) | undefined
  readonly schedule?: Schedule.Schedule<unknown, any, never, any> | undefined
  readonly budget?: { readonly bucket: TokenBucket } | undefined
  readonly cost?: ((error: any) => number) | undefined
}

export interface Settings {
  readonly attempts: number
  /** Milliseconds. */
  readonly elapsed: number
  /** Undefined where the options bring a schedule. A Schedule is made of it at the first failure. */
  readonly backoff: BackoffSettings | undefined
  readonly options: RawOptions
}

const jitters: ReadonlyArray<unknown> = ["full", "equal", "decorrelated", "none"]

const backoffSettings = (where: string, options: BackoffOptions): BackoffSettings => {
  optionsIn(where, options)
  const { factor = 2, jitter = "full" } = options
  const initial = options.initial === undefined ? 100 : nonNegativeMillis(where, "initial", options.initial)
  const max = options.max === undefined ? 5_000 : nonNegativeMillis(where, "max", options.max)
  if (initial === Infinity)
    throw new InvalidArgument(`${where}: initial must be a finite duration, got Infinity`)
  if (!(typeof factor === "number" && factor >= 1 && factor < Infinity))
    refuse(where, "factor must be a finite number >= 1", factor)
  if (!jitters.includes(jitter))
    refuse(where, `jitter must be one of ${jitters.map(show).join(", ")}`, jitter)
  return { initial, factor, max, jitter }
}

/** Throws on numbers that cannot be meant. */
export const backoffSchedule = (
  where: string,
  options: BackoffOptions
): Schedule.Schedule<Duration.Duration> => scheduleOf(backoffSettings(where, options))

const scheduleOf = (settings: BackoffSettings): Schedule.Schedule<Duration.Duration> =>
  Schedule.fromStep(
    Effect.sync(() => {
      const backoff = new Backoff(settings)
      return () =>
        Effect.withFiber((fiber) => {
          const random = fiber.getRef(Random.Random)
          const delay = Duration.millis(backoff.next(() => random.nextDoubleUnsafe()))
          return Effect.succeed([delay, delay] as [Duration.Duration, Duration.Duration])
        })
    })
  )

/** What gives the pauses. */
export const pausesOf = (settings: Settings): Schedule.Schedule<unknown, any, never, any> =>
  settings.options.schedule ?? scheduleOf(settings.backoff!)

const functions = ["while", "retryAfter", "onRetry", "cost"] as const
const backoffParameters = ["initial", "factor", "max", "jitter"] as const

/** Throws on what cannot be meant. */
export const resolve = (where: string, options: RawOptions): Settings => {
  optionsIn(where, options)
  const { tags } = options
  if (tags !== undefined && !(Array.isArray(tags) && tags.every((tag) => typeof tag === "string")))
    refuse(where, "tags must be an array of strings", tags)
  for (const parameter of functions)
    if (options[parameter] !== undefined) callable(where, parameter, options[parameter])
  bucketOf(where, options.budget)
  if (options.schedule !== undefined && !Schedule.isSchedule(options.schedule))
    refuse(where, "schedule must be a Schedule", options.schedule)
  const attempts =
    options.attempts === undefined ? 10 : integer(where, "attempts", options.attempts, 1, { infinity: true })
  const elapsed =
    options.elapsed === undefined ? 45_000 : nonNegativeMillis(where, "elapsed", options.elapsed)
  if (options.tags === undefined && options.while === undefined) {
    throw new InvalidArgument(`${where}: tags or while must say which errors are retried, got neither`)
  }
  if (options.schedule === undefined) {
    return { attempts, elapsed, backoff: backoffSettings(where, options), options }
  }
  for (const parameter of backoffParameters) {
    if (options[parameter] !== undefined) {
      throw new InvalidArgument(
        `${where}: ${parameter} must be absent where a schedule is given, got ${show(options[parameter])}`
      )
    }
  }
  return { attempts, elapsed, backoff: undefined, options }
}
