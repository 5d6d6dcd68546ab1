/**
 * Notices a blocked event loop, and says which task blocked it, for how long and where.
 *
 * A timer beats; a thread of its own watches the beat and, when it stays away, asks the running code through an inspector
 * session who it is. Nothing is added to what fibers do. Off the main thread, and where Node has no inspector, only the
 * duration is known.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import { Monitor } from "./internal/loop/monitor.ts"
import type { Segment } from "./internal/loop/segments.ts"
import * as validate from "./internal/validate.ts"

/**
 * The event loop did nothing else for a while.
 *
 * @category models
 * @since 0.1.0
 */
export interface Blocked {
  readonly duration: Duration.Duration
  /** Path of the task that ran meanwhile; None for code outside of tasks. */
  readonly task: Option.Option<string>
  /** Where it was when it was asked, innermost call first. */
  readonly stack: Option.Option<string>
}

/**
 * When to report, and to whom.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Default 50 ms. */
  readonly threshold?: Duration.Input | undefined
  /** Default: logged at Warning. */
  readonly onBlocked?: ((blocked: Blocked) => Effect.Effect<void>) | undefined
}

/**
 * Watches the event loop as long as the scope is open.
 *
 * **When to use**: in a program that is run; {@link layer} is the same as a layer, {@link changes} as a stream.
 *
 * **Shape / units**: whoever ran for the threshold without a break is reported, each on its own when several did after each
 * other; when none did alone, the longest stands for the whole. Durations are right to about a third of the threshold.
 *
 * **Cancellation**: *Cancel-safe*.
 *
 * **Cost**: off nothing. On, a thread that sleeps, and a timer three times per threshold, together 1.1 to 1.4 % of
 * a core at 50 ms; fibers run as fast as without.
 *
 * **Example**: `examples/19-blocked-loop.ts`
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options?: Options): Effect.Effect<void, never, Scope.Scope> => {
  const onBlocked = options?.onBlocked ?? log
  return Effect.gen(function* () {
    const queue = yield* Queue.sliding<Blocked>(buffer)
    yield* watch(options, queue)
    // oxlint-disable-next-line skein/no-unowned-fork -- it cannot fail, and is no task of the program
    yield* Effect.forkScoped(Effect.forever(Effect.flatMap(Queue.take(queue), report(onBlocked))))
  })
}

const buffer = 128

/** Once it returns, blocking is noticed. */
const watch = <E>(
  options: Pick<Options, "threshold"> | undefined,
  queue: Queue.Queue<Blocked, E>
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(
      () => new Monitor(thresholdOf(options), (segment) => Queue.offerUnsafe(queue, toBlocked(segment)))
    ),
    (monitor) => Effect.promise(() => monitor.stop())
  ).pipe(Effect.flatMap((monitor) => Effect.promise(() => monitor.watching)))

/** A handler that dies must not end the watch. */
const report =
  (onBlocked: (blocked: Blocked) => Effect.Effect<void>) =>
  (blocked: Blocked): Effect.Effect<void> =>
    Effect.catchCause(onBlocked(blocked), (cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause)
        : Effect.logError("LoopMonitor: onBlocked failed", cause)
    )

const thresholdOf = (options: Pick<Options, "threshold"> | undefined): number => {
  const threshold = validate.millis("LoopMonitor", "threshold", options?.threshold ?? "50 millis")
  if (threshold >= 1) return threshold
  throw new validate.InvalidArgument(`LoopMonitor: threshold must be at least 1 ms, got ${threshold} ms`)
}

/**
 * {@link make} as a layer.
 *
 * @category constructors
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<never> => Layer.effectDiscard(make(options))

/**
 * What blocked the event loop, while the stream is run.
 *
 * **Ordering**: as it happened; a slow consumer loses the oldest of more than 128.
 *
 * @category constructors
 * @since 0.1.0
 */
export const changes = (options?: Pick<Options, "threshold">): Stream.Stream<Blocked> =>
  Stream.callback<Blocked>((queue) => watch(options, queue), { bufferSize: buffer, strategy: "sliding" })

const toBlocked = ({ duration, stack, task }: Segment): Blocked => ({
  duration: Duration.millis(Math.round(duration)),
  task: Option.fromUndefinedOr(task),
  stack: Option.fromUndefinedOr(stack)
})

const internalFrame = /node:|\/node_modules\/effect\/|<anonymous>/

/** "at file:line:column" of the innermost call that is neither Node's nor Effect's. */
const lineOf = (stack: string): string => {
  const line = stack.split("\n").find((frame) => !internalFrame.test(frame))
  return line === undefined ? "" : ` ${line.trim()}`
}

const log = ({ duration, stack, task }: Blocked): Effect.Effect<void> =>
  Effect.logWarning(
    `Event loop blocked for ${Duration.toMillis(duration)} ms by ${Option.getOrElse(task, () => "code outside of tasks")}` +
      Option.match(stack, { onNone: () => "", onSome: lineOf })
  )
