import { Cause, Effect, Exit, Fiber } from "effect"

/** Lets everything that can run without the clock do so. */
export const settle = Effect.forEach([1, 2, 3, 4, 5], () => Effect.yieldNow, { discard: true })

export const failsOf = (exit: Exit.Exit<unknown, unknown>): ReadonlyArray<unknown> =>
  exit._tag === "Failure"
    ? exit.cause.reasons.flatMap((reason) => (reason._tag === "Fail" ? [reason.error] : []))
    : []

export const diesOf = (exit: Exit.Exit<unknown, unknown>): ReadonlyArray<unknown> =>
  exit._tag === "Failure"
    ? exit.cause.reasons.flatMap((reason) => (reason._tag === "Die" ? [reason.defect] : []))
    : []

export const isInterrupted = (exit: Exit.Exit<unknown, unknown>): boolean =>
  exit._tag === "Failure" && Cause.hasInterrupts(exit.cause)

export const isOnlyInterrupted = (exit: Exit.Exit<unknown, unknown>): boolean =>
  exit._tag === "Failure" && Cause.hasInterruptsOnly(exit.cause)

/** A list that effects write to. */
export const journal = () => {
  const lines: Array<string> = []
  return { lines, write: (line: string) => Effect.sync(() => void lines.push(line)) }
}

/** Starts it, lets it settle, interrupts it, and gives its exit. */
export const interrupted = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    yield* settle
    yield* Fiber.interrupt(fiber)
    return yield* Fiber.await(fiber)
  })
