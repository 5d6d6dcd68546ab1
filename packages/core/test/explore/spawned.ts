import { Explore } from "@skein/testing"
import { Cause, Effect, Exit } from "effect"
import type { Fiber } from "effect"

/** Each under a name, all forked. */
export const spawn = <A, E>(name: string, tasks: ReadonlyArray<Effect.Effect<A, E>>) =>
  Effect.forEach(tasks, (task, i) => Effect.forkChild(Explore.named(task, `${name} ${i}`)))

/** Forked one after the other, each when the one before it waits. */
export const inTurn = <A, E>(name: string, tasks: ReadonlyArray<Effect.Effect<A, E>>) =>
  Effect.forEach(tasks, (task, i) =>
    Effect.tap(Effect.forkChild(Explore.named(task, `${name} ${i}`)), () => Explore.waitAllBlocked)
  )

export const hasEnded = (fiber: Fiber.Fiber<unknown, unknown>): boolean => fiber.pollUnsafe() !== undefined

export const wasInterrupted = (fiber: Fiber.Fiber<unknown, unknown>): boolean => {
  const exit = fiber.pollUnsafe()
  return exit !== undefined && Exit.hasInterrupts(exit)
}

export const sorted = <A>(items: ReadonlyArray<A>): ReadonlyArray<A> => items.toSorted()

/** What it died of, if anything. */
export const throwDefects = (fibers: ReadonlyArray<Fiber.Fiber<unknown, unknown>>): void => {
  for (const fiber of fibers) {
    const exit = fiber.pollUnsafe()
    if (exit !== undefined && Exit.isFailure(exit) && Exit.hasDies(exit)) throw Cause.squash(exit.cause)
  }
}
