import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"
import * as Tracer from "effect/Tracer"
import { evaluatePrimitive } from "@skein/core/unstable/effect"
import type { Prng } from "./prng.ts"

/**
 * The services of an explored program: nothing that reaches outside, and no loggers, which would print once per
 * schedule. `onOperation` costs much, so it is there for a traced run only.
 *
 * @internal
 */
export const contextOf = (
  scheduler: Scheduler.Scheduler,
  clock: Clock.Clock,
  prng: Prng,
  onOperation: ((fiber: Fiber.Fiber<any, any>, operation: unknown) => void) | undefined
): Context.Context<never> => {
  const context = Context.empty().pipe(
    Context.add(Scheduler.Scheduler, scheduler),
    Context.add(Clock.Clock, clock),
    Context.add(Random.Random, {
      nextIntUnsafe: () => prng.bits() - 0x80000000,
      nextDoubleUnsafe: () => prng.fraction()
    }),
    Context.add(Logger.CurrentLoggers, new Set())
  )
  return onOperation === undefined ? context : Context.add(context, Tracer.Tracer, watching(onOperation))
}

const watching = (onOperation: (fiber: Fiber.Fiber<any, any>, operation: unknown) => void): Tracer.Tracer =>
  Tracer.make({
    span: (options) => new Tracer.NativeSpan(options),
    context: <X>(primitive: Tracer.EffectPrimitive<X>, fiber: Fiber.Fiber<any, any>): X => {
      onOperation(fiber, primitive)
      return evaluatePrimitive(primitive, fiber)
    }
  })
