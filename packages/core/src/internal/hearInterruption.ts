/** Hearing that a fiber is asked to stop in the moment in which it is, also where it cannot be interrupted. */
import type * as Context from "effect/Context"

import type { AnyFiber } from "./effect.ts"

type Hear = (annotations: Context.Context<never> | undefined) => void

const listening = new WeakMap<AnyFiber, Set<Hear>>()

/** Called before the fiber unwinds, with what the interruption is annotated with. What it gives takes that back. */
export const hearInterruption = (fiber: AnyFiber, hear: Hear): (() => void) => {
  const all = listening.get(fiber) ?? listen(fiber)
  all.add(hear)
  return () => all.delete(hear)
}

const listen = (fiber: AnyFiber): Set<Hear> => {
  const all = new Set<Hear>()
  listening.set(fiber, all)
  const { interruptUnsafe } = fiber
  const heard: typeof interruptUnsafe = (by, annotations) => {
    if (fiber.pollUnsafe() === undefined) for (const hear of [...all]) hear(annotations)
    interruptUnsafe.call(fiber, by, annotations)
  }
  Object.assign(fiber, { interruptUnsafe: heard })
  return all
}
