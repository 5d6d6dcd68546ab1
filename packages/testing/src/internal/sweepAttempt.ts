import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"

import type { AnyFiber } from "@skein/core/unstable/effect"
import type { World } from "./world.ts"

/**
 * Where one attempt interrupts the subject: parked before operation `at`, or between the `at`-th and the next task
 * of the run queue, when all fibers are parked or suspended by themselves.
 *
 * @internal
 */
export type Point =
  | { readonly _tag: "Operation"; readonly at: number }
  | { readonly _tag: "Boundary"; readonly at: number }

/** @internal */
export type Ending<A, E> =
  | { readonly _tag: "Ended"; readonly exit: Exit.Exit<A, E> }
  /** Nothing can run, and the subject, interrupted for it, still does not end. */
  | { readonly _tag: "Stuck" }
  /** More operations than allowed. */
  | { readonly _tag: "Endless" }

/** @internal */
export interface Attempt<A, E> {
  readonly ending: Ending<A, E>
  /** The point at which it was interrupted, as counted then; undefined when the subject ended before it. */
  readonly hit: number | undefined
  /** The last operation begun before the interruption; how many there were where none came. */
  readonly operation: number
  readonly interrupted: boolean
}

interface Counters {
  operations: number
  boundaries: number
  target: number
  hit: number | undefined
  operation: number
  /** False once the interruption was sent: the operations of its cleanup are no points. */
  armed: boolean
  endless: boolean
}

/**
 * Runs the subject once and interrupts it at `point`.
 *
 * A fiber that was resumed by another one is never parked before its first operation: Effect hands the value over
 * in that very operation, so that an interruption there cannot happen, and would only lose the value. The target
 * moves on to the next operation; what lies before the resumption is a boundary.
 *
 * @internal
 */
export const attempt = async <A, E, R>(options: {
  readonly world: World
  readonly context: Context.Context<R>
  readonly subject: Effect.Effect<A, E, R>
  readonly point: Point
  readonly maxOperations: number
  readonly grace: number
  /** Told which fiber is parked, or suspended, at the point. */
  readonly onHit?: ((fiber: AnyFiber) => void) | undefined
}): Promise<Attempt<A, E>> => {
  const { point, world } = options
  const counters: Counters = {
    operations: 0,
    boundaries: 0,
    target: point.at,
    hit: undefined,
    operation: 0,
    armed: true,
    endless: false
  }
  let root: AnyFiber | undefined = undefined
  const hit = (at: number, operation: number, fiber: AnyFiber): void => {
    options.onHit?.(fiber)
    counters.armed = false
    counters.hit = at
    counters.operation = operation
  }

  const shouldYield = (fiber: Fiber.Fiber<unknown, unknown>): boolean => {
    root ??= fiber
    const index = counters.operations++
    if (counters.operations > options.maxOperations) {
      counters.endless = true
      // Parked for good, or the loop that never ends would keep the thread.
      world.parkWith(() => () => {})
      return true
    }
    if (point._tag === "Operation" && counters.armed && index === counters.target) {
      if (fiber.currentOpCount === 1 && index > 0) {
        counters.target++
      } else {
        hit(index, index, fiber)
        world.parkWith((task) => () => {
          root!.interruptUnsafe()
          task()
        })
        return true
      }
    }
    return fiber.currentOpCount >= fiber.cache.maxOpsBeforeYield
  }
  world.onBoundary = () => {
    if (counters.armed && point._tag === "Boundary" && counters.boundaries++ === counters.target) {
      hit(counters.target, counters.operations - 1, root!)
      root!.interruptUnsafe()
    }
  }

  const fiber = world.fork(options.subject, options.context, shouldYield)
  let exit = await exitUnlessEndless(world, fiber, counters, options.grace)
  if (exit === undefined && counters.armed && !counters.endless) {
    // Waits for something that never comes: the interruption while suspended is the last point there is.
    options.onHit?.(fiber)
    counters.armed = false
    counters.operation = counters.operations - 1
    fiber.interruptUnsafe()
    exit = await exitUnlessEndless(world, fiber, counters, options.grace)
  }
  world.onBoundary = undefined
  const ending: Ending<A, E> =
    exit !== undefined ? { _tag: "Ended", exit } : { _tag: counters.endless ? "Endless" : "Stuck" }
  const interrupted = !counters.armed
  const operation = interrupted ? counters.operation : counters.operations
  return { ending, hit: counters.hit, operation, interrupted }
}

const exitUnlessEndless = <A, E>(
  world: World,
  fiber: Fiber.Fiber<A, E>,
  counters: Counters,
  grace: number
): Promise<Exit.Exit<A, E> | undefined> => world.exitOf(fiber, grace, () => counters.endless)
