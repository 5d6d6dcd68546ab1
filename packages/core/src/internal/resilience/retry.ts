/** The retry loop. All state belongs to one run; nothing is allocated for it before the first failure. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"

import { remainingOf } from "../cancellation/deadline.ts"
import { Operation } from "../operation.ts"
import type { AnyEffect, AnyFiber } from "../effect.ts"
import { monotonicMillis } from "../monotonic.ts"
import { beginWait, endWait } from "../node.ts"
import type { Wait } from "../node.ts"
import { pausesOf } from "./retryPolicy.ts"
import type { FailedAttempt, Settings } from "./retryPolicy.ts"
import { spanEvent } from "./spanEvent.ts"
import { effect, millis, refuse, verdict } from "../validate.ts"

/** True inside `Retry.disabled`. */
export const Disabled: Context.Reference<boolean> = /*#__PURE__*/ Context.Reference<boolean>(
  "~skein/Retry/Disabled",
  {
    defaultValue: () => false
  }
)

const AttemptsKey = "~skein/Retry/Attempts"
const AgainKey = "~skein/Retry/Again"
const againAnnotations = Context.makeUnsafe<never>(new Map([[AgainKey, true]]))

export const demandAgain = <E>(error: E): Effect.Effect<never, E> =>
  Effect.failCause(Cause.annotate(Cause.fail(error), againAnnotations))

export const attemptsOf = (cause: Cause.Cause<unknown>): ReadonlyArray<FailedAttempt> => {
  for (const reason of cause.reasons) {
    const attempts = reason.annotations.get(AttemptsKey)
    if (attempts !== undefined) return attempts as ReadonlyArray<FailedAttempt>
  }
  return []
}

/** Why no further attempt was made. */
type GaveUp = "attempts" | "elapsed" | "deadline" | "budget" | "schedule"

const retried = /*#__PURE__*/ Metric.counter("skein_retry_retries", {
  description: "Retries that were scheduled",
  incremental: true
})
const gaveUp = (reason: GaveUp) =>
  Metric.counter("skein_retry_gave_up", {
    description: "Runs that stopped with an error that would have been retried",
    incremental: true,
    attributes: { reason }
  })
const gaveUpBecause: Record<GaveUp, Metric.Counter<number>> = {
  attempts: gaveUp("attempts"),
  elapsed: gaveUp("elapsed"),
  deadline: gaveUp("deadline"),
  budget: gaveUp("budget"),
  schedule: gaveUp("schedule")
}

const nameOf = (error: any): string =>
  typeof error === "object" && error !== null ? String(error._tag ?? error.name ?? "Error") : typeof error

class RetryOperation extends Operation<any, any, any> {
  private readonly self: AnyEffect
  private readonly settings: Settings

  constructor(self: AnyEffect, settings: Settings) {
    super()
    this.self = self
    this.settings = settings
  }

  protected run(fiber: AnyFiber): AnyEffect {
    const startedAt = monotonicMillis(fiber)
    return Effect.catchCause(this.self, (cause): AnyEffect =>
      new Run(this.self, this.settings, fiber, startedAt).failed(cause)
    )
  }
}

export const runRetry = (self: AnyEffect, settings: Settings): AnyEffect => {
  const operation = new RetryOperation(self, settings)
  const bucket = settings.options.budget?.bucket
  if (bucket === undefined || bucket.settings.refillPerSuccess === 0) return operation
  return Effect.map(operation, (value) => {
    bucket.give(bucket.settings.refillPerSuccess)
    return value
  })
}

type Step = (now: number, error: unknown) => Pull.Pull<[unknown, Duration.Duration], never, unknown, any>

class Run {
  private readonly settings: Settings
  private readonly fiber: AnyFiber
  private readonly startedAt: number
  private readonly attempt: AnyEffect
  private readonly attempts: Array<FailedAttempt> = []
  private step: Step | undefined = undefined

  constructor(self: AnyEffect, settings: Settings, fiber: AnyFiber, startedAt: number) {
    this.settings = settings
    this.fiber = fiber
    this.startedAt = startedAt
    this.attempt = Effect.catchCause(self, (cause) => this.failed(cause))
  }

  failed(cause: Cause.Cause<any>): AnyEffect {
    const failure = onlyFailures(cause)
    if (failure === undefined) return this.attempts.length === 0 ? Effect.failCause(cause) : this.fail(cause)
    const error = failure.error
    const number = this.attempts.length + 1
    const elapsed = monotonicMillis(this.fiber) - this.startedAt
    this.record(number, error, 0, elapsed)
    const again = failure.annotations.has(AgainKey) || this.selected(error)
    if (!again || this.fiber.getRef(Disabled)) return this.fail(cause)
    if (number >= this.settings.attempts) return this.giveUp(cause, "attempts")
    return Effect.suspend(() => this.delay(cause, error, elapsed))
  }

  private selected(error: any): boolean {
    const { tags, while: condition } = this.settings.options
    if (tags !== undefined && !(typeof error === "object" && error !== null && tags.includes(error._tag)))
      return false
    return condition === undefined || verdict("Retry.run", "while", condition(error))
  }

  private record(number: number, error: unknown, delay: number, elapsed: number): FailedAttempt {
    const attempt = { number, error, delay: Duration.millis(delay), elapsed: Duration.millis(elapsed) }
    this.attempts[number - 1] = attempt
    return attempt
  }

  /** Asks the schedule for the pause; `retryAfter` overrules its length, not its end. */
  private delay(cause: Cause.Cause<any>, error: unknown, elapsed: number): AnyEffect {
    if (this.step === undefined) {
      return Effect.flatMap(Schedule.toStep(pausesOf(this.settings)), (step) => {
        this.step = step
        return this.delay(cause, error, elapsed)
      })
    }
    const now = this.fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
    return Pull.matchEffect(this.step(now, error), {
      onSuccess: ([, delay]) =>
        this.pause(cause, error, elapsed, this.obeyed(error) ?? Duration.toMillis(delay)),
      onFailure: (failure) => Effect.failCause(failure),
      onDone: () => this.giveUp(cause, "schedule")
    })
  }

  private obeyed(error: unknown): number | undefined {
    const after = this.settings.options.retryAfter?.(error)
    if (after === undefined) return undefined
    if (!Option.isOption(after))
      return refuse("Retry.run", "the result of retryAfter must be an Option", after)
    if (Option.isNone(after)) return undefined
    // A date that has passed is a pause of nothing.
    return Math.max(0, millis("Retry.run", "the result of retryAfter", after.value))
  }

  private pause(cause: Cause.Cause<any>, error: unknown, elapsed: number, delay: number): AnyEffect {
    const late = this.tooLate(elapsed, delay)
    if (late !== undefined) return this.giveUp(cause, late)
    const bucket = this.settings.options.budget?.bucket
    const cost = bucket === undefined ? 0 : this.costOf(error)
    if (bucket === undefined || cost === 0) {
      return Effect.flatMap(this.paused(error, elapsed, delay), () =>
        this.again(cause, error, elapsed, delay)
      )
    }
    let paid = false
    // The finalizer is in place before the token is taken: interrupted in the pause, the retry did not happen.
    const paused = Effect.onExit(
      Effect.suspend(() => {
        paid = bucket.take(cost, monotonicMillis(this.fiber))
        return paid ? this.paused(error, elapsed, delay) : Effect.void
      }),
      (exit) => (exit._tag === "Failure" && paid ? Effect.sync(() => bucket.give(cost)) : Effect.void)
    )
    return Effect.flatMap(paused, () =>
      paid ? this.again(cause, error, elapsed, delay) : this.giveUp(cause, "budget")
    )
  }

  private paused(error: unknown, elapsed: number, delay: number): AnyEffect {
    const onRetry = this.settings.options.onRetry
    const attempt = this.record(this.attempts.length, error, delay, elapsed)
    retried.updateUnsafe(1, this.fiber.context)
    spanEvent(this.fiber, "skein.retry", {
      attempt: attempt.number,
      error: nameOf(error),
      delayMillis: delay
    })
    return onRetry === undefined ? this.sleep(delay) : this.hooked(onRetry(attempt), delay)
  }

  /** The next attempt, unless a slow `onRetry` has used up the time. */
  private again(cause: Cause.Cause<any>, error: unknown, elapsed: number, delay: number): AnyEffect {
    if (this.settings.options.onRetry === undefined) return this.attempt
    const now = monotonicMillis(this.fiber) - this.startedAt
    const late = now > elapsed + delay ? this.tooLate(now, 0) : undefined
    if (late === undefined) return this.attempt
    this.record(this.attempts.length, error, 0, elapsed)
    return this.giveUp(cause, late)
  }

  private costOf(error: unknown): number {
    const cost = this.settings.options.cost?.(error) ?? 1
    if (typeof cost === "number" && cost >= 0 && cost < Infinity) return cost
    return refuse("Retry.run", "the result of cost must be a finite number >= 0", cost)
  }

  /** What a retry that starts `delay` from now would violate. */
  private tooLate(elapsed: number, delay: number): "elapsed" | "deadline" | undefined {
    if (elapsed + delay > this.settings.elapsed || delay === Infinity) return "elapsed"
    // At the deadline itself the attempt would be cancelled before it did anything.
    return delay >= remainingOf(this.fiber) ? "deadline" : undefined
  }

  /** What the hook opened is closed when the pause ends; the time it takes is part of the pause. */
  private hooked(hook: AnyEffect, delay: number): AnyEffect {
    const from = monotonicMillis(this.fiber)
    return Effect.scoped(
      Effect.flatMap(effect("Retry.run", hook, "onRetry must return an effect"), () =>
        this.sleep(Math.max(0, delay - (monotonicMillis(this.fiber) - from)))
      )
    )
  }

  private sleep(millis: number): AnyEffect {
    const clock = this.fiber.getRef(Clock.Clock)
    const wait: Wait = {
      operation: "Retry.run",
      resource: `pause after attempt ${this.attempts.length}`,
      since: clock.currentTimeMillisUnsafe(),
      holders: () => []
    }
    beginWait(this.fiber, wait)
    return Effect.onExit(clock.sleep(Duration.millis(millis)), () =>
      Effect.sync(() => endWait(this.fiber, wait))
    )
  }

  private giveUp(cause: Cause.Cause<any>, reason: GaveUp): AnyEffect {
    gaveUpBecause[reason].updateUnsafe(1, this.fiber.context)
    spanEvent(this.fiber, "skein.retry.gave_up", { attempts: this.attempts.length, reason })
    return this.fail(cause)
  }

  private fail(cause: Cause.Cause<any>): AnyEffect {
    const annotations = Context.makeUnsafe<never>(new Map([[AttemptsKey, this.attempts]]))
    return Effect.failCause(Cause.annotate(cause, annotations, { overwrite: true }))
  }
}

/** The first failure of a Cause that holds nothing but failures. */
const onlyFailures = (cause: Cause.Cause<any>): Cause.Fail<any> | undefined => {
  let first: Cause.Fail<any> | undefined
  for (const reason of cause.reasons) {
    if (reason._tag !== "Fail") return undefined
    first ??= reason
  }
  return first
}
