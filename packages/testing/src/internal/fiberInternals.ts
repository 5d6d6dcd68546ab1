import type * as Cause from "effect/Cause"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"

/**
 * The parts of Effect's fiber that a controlled run reads and that `Fiber.Fiber` does not declare. Only this
 * folder may use them.
 *
 * @internal
 */
export interface FiberInternals extends Fiber.Fiber<any, any> {
  interruptible: boolean
  readonly _stack: ReadonlyArray<any>
  readonly _exit: Exit.Exit<any, any> | undefined
  readonly _interruptedCause: Cause.Cause<never> | undefined
  readonly _running: boolean
  _asyncContext: unknown
  readonly _parent: FiberInternals | undefined
  evaluate(effect: unknown): void
}

/** @internal */
export const internalsOf = (fiber: Fiber.Fiber<any, any>): FiberInternals => fiber as FiberInternals

/** The fiber whose run loop is innermost on the JavaScript stack. @internal */
export const currentFiber = (): FiberInternals | undefined =>
  (globalThis as any)["~effect/Fiber/currentFiber"]
