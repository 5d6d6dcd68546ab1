import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"

import { platform, wallClockOf } from "./wallClock.ts"

let live: Clock.Clock | undefined

const liveClock = (): Clock.Clock => (live ??= Context.get(Context.empty(), Clock.Clock))

/** The clock whose time and timers are the platform's. */
export const isLive = (clock: Clock.Clock): boolean => clock === liveClock()

/** With timers; for the time of day alone there is `wallClock.ts`, which is much smaller. */
export const clockOf = (fiber: Fiber.Fiber<any, any>): Clock.Clock => {
  const clock = wallClockOf(fiber)
  return clock === platform ? liveClock() : (clock as Clock.Clock)
}

/** Milliseconds with a fraction, on the fiber's clock, from an arbitrary origin: only differences mean something. */
export const monotonicMillis = (fiber: Fiber.Fiber<any, any>): number => millisOf(clockOf(fiber))

/** The same, of a clock. */
export const millisOf = (clock: Clock.Clock): number =>
  // The platform's own reading needs no bigint.
  isLive(clock) ? performance.now() : Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
