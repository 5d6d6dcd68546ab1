import * as Clock from "effect/Clock"
import type * as Fiber from "effect/Fiber"

/** Milliseconds with a fraction, on the fiber's clock, from an arbitrary origin: only differences mean something. */
export const monotonicMillis = (fiber: Fiber.Fiber<any, any>): number =>
  Number(fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()) / 1_000_000
