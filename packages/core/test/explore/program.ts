import { strict as assert } from "node:assert"

import { Explore } from "@skein/testing"
import { Cause, Effect, Exit, Fiber } from "effect"

/** A small program that is run under many schedules, with interruptions. */
export interface Explored {
  /** The module, a colon, and what holds. */
  readonly name: string
  /** What of the public interface it uses, as `Module.operation`. */
  readonly operations: ReadonlyArray<string>
  /** Made anew for each schedule. Dies when something is wrong. */
  readonly program: () => Effect.Effect<unknown, unknown>
  readonly options?: {
    /** Default both. */
    readonly modes?: ReadonlyArray<Mode>
    /** False where an interrupted party leaves the others waiting by its nature. Default true. */
    readonly interrupts?: boolean
  }
}

export type Mode = "resumes" | "ops"

export const modesOf = (explored: Explored): ReadonlyArray<Mode> =>
  explored.options?.modes ?? ["resumes", "ops"]

export const primitiveOf = (explored: Explored): string => explored.name.slice(0, explored.name.indexOf(":"))

export const optionsOf = (explored: Explored, mode: Mode, schedules: number): Explore.Options => ({
  mode,
  schedules,
  interrupts: explored.options?.interrupts ?? true
})

/** Something to give back; both ends suspend. */
export const held = () => {
  const state = { open: 0 }
  const work = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.andThen(
        Effect.yieldNow,
        Effect.sync(() => state.open++)
      ),
      () => effect,
      () =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => state.open--)
        )
    )
  /** Everything was given back, also when the program itself was interrupted. */
  const balanced = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.onExit(effect, () => Effect.sync(() => assert.equal(state.open, 0, "still open")))
  return { state, work, balanced }
}

/** Counts who is inside. */
export const room = (capacity: number) => {
  let inside = 0
  return (weight: number) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        inside += weight
        if (inside > capacity) throw new Error(`${inside} inside, ${capacity} allowed`)
      }),
      () => Effect.yieldNow,
      () => Effect.sync(() => (inside -= weight))
    )
}

/**
 * Each in a fiber of its own, under a name. When one is interrupted the others go on: whoever is needed by the others is
 * not to be among them. Gives how each ended; dies when one died, or when more were interrupted than the one.
 */
export const apart = <A, E>(tasks: ReadonlyArray<Effect.Effect<A, E>>, name = "task") =>
  Effect.acquireUseRelease(
    Effect.forEach(tasks, (task, i) => Effect.forkChild(Explore.named(task, `${name} ${i}`))),
    (fibers) =>
      Effect.gen(function* () {
        const exits: Array<Exit.Exit<A, E>> = []
        for (const fiber of fibers) {
          const exit = yield* Fiber.await(fiber)
          if (Exit.isFailure(exit) && Exit.hasDies(exit)) return yield* Effect.die(Cause.squash(exit.cause))
          exits.push(exit)
        }
        assert.ok(exits.filter(Exit.hasInterrupts).length <= 1, "interrupted together with another")
        return exits
      }),
    Fiber.interruptAll
  )

export const later = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.andThen(Effect.yieldNow, effect)

/** `Module.a`, `Module.b`, ... */
export const of = (module: string, ...names: ReadonlyArray<string>) =>
  names.map((name) => `${module}.${name}`)
