import type * as Fiber from "effect/Fiber"
import type * as Scheduler from "effect/Scheduler"
import type { Machine } from "./machine.ts"

const machines = new WeakMap<Scheduler.Scheduler, Machine>()

/** @internal */
export const register = (scheduler: Scheduler.Scheduler, machine: Machine): void => {
  machines.set(scheduler, machine)
}

/** The machine that runs this fiber; undefined outside an explored program. @internal */
export const machineOf = (fiber: Fiber.Fiber<unknown, unknown>): Machine | undefined =>
  machines.get(fiber.cache.scheduler)
