/**
 * Trying again: only listed errors, a bounded number of times, with growing and jittered pauses, within a total time,
 * a budget and the enclosing deadline.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as Types from "effect/Types"

import { attemptsOf, demandAgain, Disabled, runRetry } from "../internal/resilience/retry.ts"
import { retryAfterMillis } from "../internal/resilience/retryAfter.ts"
import { backoffSchedule, resolve } from "../internal/resilience/retryPolicy.ts"
import type { RawOptions, Settings } from "../internal/resilience/retryPolicy.ts"
import { effect, options as optionsIn, refuse } from "../internal/validate.ts"
import type * as RetryBudget from "./RetryBudget.ts"

/**
 * A failed attempt.
 *
 * @category models
 * @since 0.1.0
 */
export interface Attempt<out E> {
  /** From 1. */
  readonly number: number
  readonly error: E
  /** The pause that follows; zero after the last attempt. */
  readonly delay: Duration.Duration
  /** From the start of the first attempt to the end of this one. */
  readonly elapsed: Duration.Duration
}

/**
 * The errors that the tags select: all of E when none are given.
 *
 * @category models
 * @since 0.1.0
 */
export type Selected<E, K> = [K] extends [never] ? E : E extends { readonly _tag: K } ? E : never

// TypeScript checks the policy once before it has looked into a nested call such as `Effect.map(effect, f)`, with E still
// unknown. "never" for the tags at that moment would be its final answer.
/**
 * The tags that may be listed for errors of type E; any for an unknown E.
 *
 * @category models
 * @since 0.1.0
 */
export type TagsOf<E> = unknown extends E ? string : Types.Tags<E>

/**
 * The backoff: the pause after attempt n is `initial * factor ** (n - 1)`, at most `max`, then jittered.
 *
 * @category models
 * @since 0.1.0
 */
export interface BackoffOptions {
  /** 100 ms unless given. */
  readonly initial?: Duration.Input | undefined
  /** 2 unless given; at least 1. */
  readonly factor?: number | undefined
  /** 5 s unless given. No pause is longer, jitter included. */
  readonly max?: Duration.Input | undefined
  /**
   * "full" (the default): anything up to the pause; "equal": its upper half; "decorrelated": from `initial` to three
   * times the pause before, whatever the `factor`; "none".
   */
  readonly jitter?: "full" | "equal" | "decorrelated" | "none" | undefined
}

/**
 * What {@link run} takes besides {@link Listed}.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<in E, out K extends string, out R = never> extends BackoffOptions {
  /** How many in all, the first included: 10 unless given; `Infinity` is allowed. */
  readonly attempts?: number | undefined
  /** Over all attempts and pauses, 45 s unless given: no retry starts that would begin after it. */
  readonly elapsed?: Duration.Input | undefined
  /** Errors with these tags are retried. With `while` as well, both must agree. */
  readonly tags?: ReadonlyArray<K> | undefined
  readonly while?: ((error: E) => boolean) | undefined
  /**
   * The pause instead of the backoff's: exactly so long, not jittered and not cut to `max`. Past `elapsed` or the
   * enclosing deadline: fails at once.
   */
  readonly retryAfter?: ((error: E) => Option.Option<Duration.Input>) | undefined
  /**
   * Runs before each pause and is part of it. What it opens in its Scope is closed when the pause ends, before the next
   * attempt.
   */
  readonly onRetry?: ((attempt: Attempt<E>) => Effect.Effect<unknown, never, R>) | undefined
  /** Pauses of this schedule, which is given the errors, instead of a backoff; its end is the end of the retries. */
  readonly schedule?: Schedule.Schedule<unknown, E, never, R> | undefined
  readonly budget?: RetryBudget.RetryBudget | undefined
  /** What a retry after this error takes from the budget: 1 unless given, 0 is free. */
  readonly cost?: ((error: E) => number) | undefined
}

/**
 * "Only listed errors": `tags` or `while` must say which.
 *
 * @category models
 * @since 0.1.0
 */
export type Listed<K extends string> =
  | { readonly tags: ReadonlyArray<K> }
  | { readonly while: (error: never) => boolean }

/**
 * @category models
 * @since 0.1.0
 */
export type Policy<E, K extends string, R = never> = Options<E, K, R> & Listed<K>

// Settings of policies that were checked by `policy`; a spread copy is checked again.
const resolved = new WeakMap<object, Settings>()

/**
 * A policy to share: the options themselves, checked. Spread it to change a value.
 *
 * **Errors** Throws (inside an Effect: dies) on numbers that cannot be meant, such as `attempts: 0`, and when neither
 * `tags` nor `while` is given.
 *
 * **Example**
 * ```ts
 * const polite = Retry.policy({ tags: ["HttpError"], attempts: 4, initial: "250 millis" })
 * const patient = { ...polite, attempts: 8 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const policy = <E = unknown, const K extends string = never, R = never>(
  options: Options<E, K, R> & Listed<K>
): Policy<E, K, R> => {
  optionsIn("Retry.policy", options)
  const copy = { ...options }
  resolved.set(copy, resolve("Retry.policy", copy as RawOptions))
  return copy
}

/**
 * Runs the effect again when it fails with a listed error; what it fails with in the end is its own last error.
 *
 * **When to use** Around one call that may be repeated. A time limit for each attempt is `CancelScope.failAfter` around
 * the attempt, with "DeadlineExceeded" among the tags. To repeat on results use `Effect.repeat`.
 *
 * **Errors** `E` unchanged. Errors that are not listed pass at once. Of a Cause with several failures the first decides;
 * one that holds a defect or an interruption is never retried. Gives up, with the last error, when `attempts`,
 * `elapsed`, the budget or the schedule is used up, and when the next attempt could not start before the deadline of
 * the enclosing scope: it does not sleep towards a deadline. The failed attempts are in the Cause: {@link attempts}.
 * Dies on numbers that cannot be meant.
 *
 * **Cancellation** Interrupts the attempt or the pause, and is never retried. *Completes anyway* for the budget: the
 * token of a retry goes back while its pause is interrupted, not once the pause is over.
 *
 * **Cost** Nothing is allocated for retrying before the first failure. State belongs to the run, so that one effect
 * can be run by many fibers at once.
 *
 * **Source** Jitter: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog.
 *
 * Every retry is an event of the current span (`skein.retry`) and counted (`skein_retry_retries`,
 * `skein_retry_gave_up` by reason).
 *
 * **Example** `examples/22-retry.ts`
 *
 * @category operations
 * @since 0.1.0
 */
export const run: {
  <E, const K extends TagsOf<E> = never, R2 = never>(
    policy: Options<Selected<Types.NoInfer<E>, K>, K, R2> & Listed<K>
  ): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R | Exclude<R2, Scope.Scope>>
  <A, E, R, const K extends TagsOf<E> = never, R2 = never>(
    self: Effect.Effect<A, E, R>,
    policy: Options<Selected<Types.NoInfer<E>, K>, K, R2> & Listed<K>
  ): Effect.Effect<A, E, R | Exclude<R2, Scope.Scope>>
} = /*#__PURE__*/ dual(
  2,
  (self: Effect.Effect<any, any, any>, policy: RawOptions): Effect.Effect<any, any, any> => {
    try {
      return runRetry(effect("Retry.run", self), resolved.get(policy) ?? resolve("Retry.run", policy))
    } catch (error) {
      return Effect.die(error)
    }
  }
)

/**
 * The failed attempts, from the Cause's annotations, the last with delay zero. Empty for a Cause that did not come out
 * of {@link run}.
 *
 * **Shape / units** Of nested retries, those of the outermost.
 *
 * @category operations
 * @since 0.1.0
 */
export const attempts = <E>(cause: Cause.Cause<E>): ReadonlyArray<Attempt<unknown>> =>
  Cause.isCause(cause) ? attemptsOf(cause) : refuse("Retry.attempts", "expected a Cause", cause)

/**
 * Inside, every {@link run} makes one attempt.
 *
 * **When to use** In tests of what a program does with a failure, which should not have to know how often it is tried.
 *
 * @category testing
 * @since 0.1.0
 */
export const disabled = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(effect("Retry.disabled", self), Disabled, true)

/**
 * Fails with the error and demands another attempt, even where the policy does not list the error. `attempts` and all
 * other bounds of the policy hold.
 *
 * **When to use** Where the operation knows better than its error says: a stale connection, an answer cut short.
 *
 * @category constructors
 * @since 0.1.0
 */
export const again = <E>(error: E): Effect.Effect<never, E> => demandAgain(error)

/**
 * The pauses of a policy as a Schedule without end, for `Effect.repeat`, `Stream.retry` and the like.
 *
 * **Errors** Throws on numbers that cannot be meant.
 *
 * @category constructors
 * @since 0.1.0
 */
export const backoff = (options: BackoffOptions = {}): Schedule.Schedule<Duration.Duration> =>
  backoffSchedule("Retry.backoff", options)

/**
 * What a Retry-After header asks for: seconds, or the time until an HTTP date on the Clock, zero when that has passed.
 * None when the header is absent or malformed.
 *
 * **When to use** Where the response is at hand; keep the result in the error for `retryAfter`.
 *
 * **Source** RFC 9110, sections 10.2.3 and 5.6.7 (all three forms of a date).
 *
 * @category operations
 * @since 0.1.0
 */
export const parseRetryAfter = (
  header: string | undefined
): Effect.Effect<Option.Option<Duration.Duration>> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const text: unknown = header ?? ""
    if (typeof text !== "string") return refuse("Retry.parseRetryAfter", "header must be a string", text)
    return Option.map(Option.fromUndefinedOr(retryAfterMillis(text, now)), Duration.millis)
  })
