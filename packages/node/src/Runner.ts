/**
 * The entry point of a program: runs it, shuts it down in order, and says why when it cannot go on.
 *
 * Exit codes: 0 success; 1 failure, defect, an uncaught exception or an unhandled rejection (or what the error carries
 * under `Runtime.errorExitCode`); 128 + the signal's number (130 SIGINT, 143 SIGTERM) when main was cancelled by it; 141
 * when the reader of standard output has gone; 70 deadlock; 124 the clean-up did not end in time.
 */
import { CancelScope } from "@skein/core"
import type { CancelReason } from "@skein/core"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Option from "effect/Option"

import { Run } from "./internal/runner/run.ts"
import type { RunOptions } from "./internal/runner/run.ts"
import * as state from "./internal/runner/state.ts"
import * as validate from "./internal/validate.ts"

/**
 * Where a run stands: `running`, then at the first signal `draining`, then `cancelling`, then `abandoned`.
 *
 * @category models
 * @since 0.1.0
 */
export type Phase = state.Phase

/**
 * How the program runs and ends.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly shutdown?:
    | {
        /**
         * After the first signal: how long work may go on with the intake stopped. Default: 10 seconds for a program that
         * heeds the shutdown ({@link forever}, {@link shutdownRequested}, {@link untilShutdown}), else none.
         */
        readonly drain?: Duration.Input | undefined
        /** Then: how long cancelled work may clean up before what is stuck is reported and the process exits. Default 10 seconds. */
        readonly cancel?: Duration.Input | undefined
      }
    | undefined
  /** Default SIGINT and SIGTERM. */
  readonly signals?: ReadonlyArray<NodeJS.Signals> | undefined
  /** One dispatcher for all fibers: faster, and priorities become global. Default false. */
  readonly sharedDispatcher?: boolean | undefined
  /** The exit code of a main that ended: by itself, or cancelled. */
  readonly exitCode?: ((exit: Exit.Exit<unknown, unknown>) => number) | undefined
  /** The signal that prints the task tree to standard error, SIGUSR2 for one. Default: none does. */
  readonly dump?: NodeJS.Signals | undefined
  /**
   * How long tasks may wait for each other, while something else keeps the process alive, before that ends the program.
   * They are reported after a second or two; the rest is for timeouts inside the cycle. Default 30 seconds.
   */
  readonly deadlock?: Duration.Input | undefined
}

/**
 * Runs a program as the process: its end is the end of the process.
 *
 * **When to use**: once, as the last thing the entry module does.
 *
 * **Shape / units**: the first signal stops the intake; after `drain` everything is cancelled with reason `Shutdown`; after
 * `cancel` what is stuck is reported and the process exits. Another signal goes to the next phase at once. A program of
 * which nothing can ever go on is reported with who waits for whom, cancelled, and exits with 70. What the Runner says goes
 * through the program's loggers, or to standard error when it has set none.
 *
 * **Errors**: main's failure is printed with its cause; uncaught exceptions and unhandled rejections cancel the program.
 *
 * **Example**: `examples/01-run.ts`
 *
 * @category running
 * @since 0.1.0
 */
export const main: {
  (options: Options): <A, E>(effect: Effect.Effect<A, E>) => void
  <A, E>(effect: Effect.Effect<A, E>, options?: Options): void
} = dual(
  (args) => Effect.isEffect(args[0]),
  (effect: Effect.Effect<unknown, unknown>, options?: Options): void =>
    new Run(runOptions(options)).start(effect)
)

/**
 * The phase of this run; `running` where no Runner runs the program.
 *
 * @category shutdown
 * @since 0.1.0
 */
export const phase: Effect.Effect<Phase> = Effect.map(
  Effect.service(state.Current),
  (run) => run?.phase ?? "running"
)

/**
 * Returns when intake is to stop: at the first signal. Keeps the process alive meanwhile. Never returns where no Runner runs
 * the program.
 *
 * **When to use**: to stop what cannot be interrupted into stopping, a server of another library. For accept loops
 * {@link untilShutdown}.
 *
 * **Cancellation**: *Cancel-safe*.
 *
 * @category shutdown
 * @since 0.1.0
 */
export const shutdownRequested: Effect.Effect<CancelReason.CancelReason> = Effect.flatMap(
  Effect.service(state.Current),
  (run) =>
    Effect.callback<CancelReason.CancelReason>((resume) => {
      if (run?.reason !== undefined) return resume(Effect.succeed(run.reason))
      const release = state.keepAlive()
      const forget = run?.onRequest((reason) => {
        release()
        resume(Effect.succeed(reason))
      })
      return Effect.sync(() => {
        release()
        forget?.()
      })
    })
)

/**
 * Waits for the shutdown and keeps the process alive: what to write instead of `Effect.never`.
 *
 * **Cancellation**: *Cancel-safe*.
 *
 * @category shutdown
 * @since 0.1.0
 */
export const forever: Effect.Effect<void> = Effect.asVoid(shutdownRequested)

/**
 * Runs until intake is to stop, then is cancelled with reason Shutdown: None. Does not start once that was asked.
 *
 * **When to use**: for accept loops. Work that was accepted belongs into a group outside of it.
 *
 * **Cancellation**: *Cancel-safe*, as far as the effect is; a result it had produced already is kept.
 *
 * @category shutdown
 * @since 0.1.0
 */
export const untilShutdown = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<Option.Option<A>, E, R> =>
  Effect.flatMap(Effect.service(state.Current), (run) => {
    if (run === undefined) return Effect.asSome(effect)
    if (run.reason !== undefined) return Effect.succeedNone
    return CancelScope.run((scope) => {
      const forget = run.onRequest((reason) => void Effect.runSync(CancelScope.cancel(scope, reason)))
      return Effect.ensuring(effect, Effect.sync(forget))
    }).pipe(
      Effect.map(
        CancelScope.match({
          onCompleted: (value: A) => Option.some(value),
          onCancelled: () => Option.none<A>()
        })
      )
    )
  })

const runOptions = (options: Options = {}): RunOptions => {
  const where = "Runner.main"
  const { drain } = options.shutdown ?? {}
  return {
    drain: drain === undefined ? undefined : validate.millis(where, "shutdown.drain", drain),
    cancel: validate.millis(where, "shutdown.cancel", options.shutdown?.cancel ?? "10 seconds"),
    signals: options.signals ?? ["SIGINT", "SIGTERM"],
    sharedDispatcher: options.sharedDispatcher ?? false,
    dump: options.dump,
    deadlock: validate.millis(where, "deadlock", options.deadlock ?? "30 seconds"),
    exitCode: options.exitCode
  }
}
