import { Array as Arr, Cause, Clock, Data, Duration, Effect, Exit, Fiber, Logger, Option } from "effect"
import { TestClock } from "effect/testing"

import { CancelReason } from "../../src/index.ts"

export class DbError extends Data.TaggedError("DbError")<{ readonly code: string }> {}

/** Starts the effect and gives its exit together with the time of the test's clock at which it ended. */
export const launch = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.forkChild(
    Effect.flatMap(Effect.exit(self), (exit) => Effect.map(Clock.currentTimeMillis, (at) => ({ exit, at }))),
    { startImmediately: true }
  )

/** The exit of the effect when `seconds` pass while it runs, and the time at which it ended. */
export const ends = <A, E, R>(self: Effect.Effect<A, E, R>, seconds = 60) =>
  Effect.gen(function* () {
    const fiber = yield* launch(self)
    yield* TestClock.adjust(seconds * 1000)
    const exit = fiber.pollUnsafe()
    if (exit === undefined) return yield* Effect.die(new Error(`not ended after ${seconds} s`))
    return yield* exit
  })

/** The reasons in a failed exit, each as text: the defect or error, or the tag of the cancel reason. */
export const inCause = (exit: Exit.Exit<unknown, unknown>): ReadonlyArray<string> => {
  if (Exit.isSuccess(exit)) return []
  return exit.cause.reasons.map((reason) => {
    if (reason._tag === "Fail")
      return `Fail ${(reason.error as { readonly _tag?: string })._tag ?? String(reason.error)}`
    if (reason._tag === "Die")
      return `Die ${reason.defect instanceof Error ? reason.defect.message : String(reason.defect)}`
    const found = CancelReason.fromCause(Cause.fromReasons([reason]))
    return `Interrupt ${Option.match(found, { onNone: () => "?", onSome: (r) => r._tag })}`
  })
}

export const reasonIn = (exit: Exit.Exit<unknown, unknown>): CancelReason.CancelReason | undefined =>
  Exit.isFailure(exit) ? Option.getOrUndefined(CancelReason.fromCause(exit.cause)) : undefined

/** Interrupts the fiber and gives its exit. */
export const interrupted = <A, E>(fiber: Fiber.Fiber<A, E>) =>
  Effect.andThen(Fiber.interrupt(fiber), Fiber.await(fiber))

/** A logger that keeps level and text. */
export const logs = () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel} ${Arr.ensure(message).join(" ")}`)
  })
  return { lines, layer: Logger.layer([logger]) }
}

/** A clock whose time may go on while the thread is blocked: `late` moves it on and wakes nobody, `catchUp` wakes who is due. */
export class BlockedClock implements Clock.Clock {
  private now = 0
  private sleepers: Array<{ readonly at: number; readonly wake: () => void }> = []
  late(millis: number): void {
    this.now += millis
  }
  catchUp(): void {
    const due = this.sleepers.filter((sleeper) => sleeper.at <= this.now).toSorted((a, b) => a.at - b.at)
    this.sleepers = this.sleepers.filter((sleeper) => sleeper.at > this.now)
    for (const sleeper of due) sleeper.wake()
  }
  currentTimeMillisUnsafe = () => this.now
  currentTimeNanosUnsafe = () => BigInt(this.now) * 1_000_000n
  monotonicTimeNanosUnsafe = () => BigInt(this.now) * 1_000_000n
  readonly currentTimeMillis = Effect.sync(this.currentTimeMillisUnsafe)
  readonly currentTimeNanos = Effect.sync(this.currentTimeNanosUnsafe)
  readonly monotonicTimeNanos = Effect.sync(this.monotonicTimeNanosUnsafe)
  sleep(duration: Duration.Duration): Effect.Effect<void> {
    return Effect.callback((resume) => {
      this.sleepers.push({ at: this.now + Duration.toMillis(duration), wake: () => resume(Effect.void) })
    })
  }
}
