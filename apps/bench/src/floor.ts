/** The floor: fibers started with one cached `runForkWith`, one observer for all of them, no owner. */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

import { TaskGroup } from "@skein/core"

export const forkAll = <A, E>(n: number, task: (i: number) => Effect.Effect<A, E>): Effect.Effect<void> =>
  Effect.withFiber((parent) =>
    Effect.callback<void>((resume) => {
      const fork = Effect.runForkWith(parent.context)
      let pending = n
      const observe = () => {
        if (--pending === 0) resume(Effect.void)
      }
      for (let i = 0; i < n; i++) fork(task(i)).addObserver(observe)
    })
  )

/** Forks and hands the fibers back. */
export const start = <A, E>(n: number, task: Effect.Effect<A, E>): Effect.Effect<Array<Fiber.Fiber<A, E>>> =>
  Effect.withFiber((parent) => {
    const fork = Effect.runForkWith(parent.context)
    const fibers: Array<Fiber.Fiber<A, E>> = []
    for (let i = 0; i < n; i++) fibers.push(fork(task))
    return Effect.succeed(fibers)
  })

/** The same as the floor as tasks of one group. */
export const forkTasks = <A, E>(
  n: number,
  task: (i: number) => Effect.Effect<A, E>
): Effect.Effect<void, E> =>
  TaskGroup.run(
    Effect.gen(function* () {
      for (let i = 0; i < n; i++) yield* TaskGroup.fork(task(i))
    })
  )

/** How `forkAll` and `forkTasks` start fibers. */
export type ForkAll = <A, E>(n: number, task: (i: number) => Effect.Effect<A, E>) => Effect.Effect<void, E>
