import { Cause, Effect, Exit, Fiber } from "effect"

/** Lets every other fiber run until all are blocked. */
export const settle: Effect.Effect<void> = Effect.repeat(Effect.yieldNow, { times: 30 })

/** Forks, and lets it run until it is blocked. */
export const spawn = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.tap(Effect.forkChild(effect), () => settle)

/** Interrupts without letting anybody run before or after. */
export const interruptNow = (fiber: Fiber.Fiber<any, any>): Effect.Effect<void> =>
  Effect.sync(() => fiber.interruptUnsafe())

/** The message of the defect that an exit died of, or how else it ended. */
export const defect = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "success"
  const die = exit.cause.reasons.find(Cause.isDieReason)
  return die === undefined ? Cause.pretty(exit.cause) : (die.defect as Error).message
}

/** Dies of what? */
export const defectOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<string, never, R> =>
  Effect.map(Effect.exit(effect), defect)

/** Adds to the log. */
export const note =
  <A>(log: Array<A>) =>
  (entry: A): Effect.Effect<void> =>
    Effect.sync(() => void log.push(entry))

export const interrupted = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
