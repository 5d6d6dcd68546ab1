import type * as Cause from "effect/Cause"
import type * as Fiber from "effect/Fiber"
import type * as Tracer from "effect/Tracer"

/**
 * The parts of Effect's fiber that a controlled run reads and that `Fiber.Fiber` does not declare. Only this file names
 * private fields.
 *
 * @internal
 */
export interface FiberInternals extends Fiber.Fiber<any, any> {
  readonly _stack: ReadonlyArray<Frame | undefined>
  readonly _interruptedCause: Cause.Cause<never> | undefined
  _asyncContext: unknown
}

/** Something on a fiber's stack, or an operation: in part plain data, in part functions. @internal */
export type Frame = Readonly<Record<string, unknown>>

/** @internal */
export const internalsOf = (fiber: Fiber.Fiber<any, any>): FiberInternals => fiber as FiberInternals

/** Innermost last. @internal */
export const stackOf = (fiber: FiberInternals): ReadonlyArray<Frame | undefined> => fiber._stack

/** Where an operation keeps what it will call, or what is called with its result. @internal */
export const functionKeys = [
  "~effect/Effect/args",
  "payload",
  "register",
  "~effect/Effect/successCont"
] as const

/** Has the fiber go on in the async context it finds, instead of the one it was suspended in. @internal */
export const dropAsyncContext = (fiber: FiberInternals): void => {
  fiber._asyncContext = undefined
}

/** What a tracer does with an operation that it only looks at. @internal */
export const evaluate = <X>(operation: Tracer.EffectPrimitive<X>, fiber: Fiber.Fiber<any, any>): X =>
  operation["~effect/Effect/evaluate"](fiber)

/** The fiber whose run loop is innermost on the JavaScript stack. @internal */
export const currentFiber = (): FiberInternals | undefined =>
  (globalThis as any)["~effect/Fiber/currentFiber"]
