/** A retry policy with its defaults filled in and its numbers checked, once per policy. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"

import { Backoff } from "./backoff.ts"
import type { BackoffSettings, Jitter } from "./backoff.ts"
import type { TokenBucket } from "./tokenBucket.ts"
import { integer, InvalidArgument, millis } from "../validate.ts"

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

const pause = (where: string, parameter: string, input: Duration.Input): number => {
  const value = millis(where, parameter, input)
  if (value < 0)
    throw new InvalidArgument(`${where}: ${parameter} must be a duration >= 0, got ${show(input)}`)
  return value
}

const show = (input: unknown): string => (typeof input === "string" ? JSON.stringify(input) : String(input))

const backoffSettings = (where: string, options: BackoffOptions): BackoffSettings => {
  const { factor = 2, jitter = "full" } = options
  const initial = options.initial === undefined ? 100 : pause(where, "initial", options.initial)
  const max = options.max === undefined ? 5_000 : pause(where, "max", options.max)
  if (initial === Infinity)
    throw new InvalidArgument(`${where}: initial must be a finite duration, got Infinity`)
  if (!(factor >= 1 && factor < Infinity)) {
    throw new InvalidArgument(`${where}: factor must be a finite number >= 1, got ${show(factor)}`)
  }
  if (!jitters.includes(jitter)) {
    throw new InvalidArgument(
      `${where}: jitter must be one of ${jitters.map(show).join(", ")}, got ${show(jitter)}`
    )
  }
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

const backoffParameters = ["initial", "factor", "max", "jitter"] as const

/** Throws on numbers that cannot be meant. */
export const resolve = (where: string, options: RawOptions): Settings => {
  const attempts =
    options.attempts === undefined ? 10 : integer(where, "attempts", options.attempts, 1, { infinity: true })
  const elapsed = options.elapsed === undefined ? 45_000 : pause(where, "elapsed", options.elapsed)
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
