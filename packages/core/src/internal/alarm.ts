/** One call at a given time on a clock, which can be taken back. */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

import type { AnyExit, AnyFiber } from "./effect.ts"
import { isLive } from "./monotonic.ts"
import { clearTimer, setTimer, Timer } from "./timers.ts"
import type { Sleeper } from "./timers.ts"

/** A timer, or the fiber that sleeps on a clock that is not the live one. */
export type Alarm = Timer | AnyFiber

/** Wakes the sleeper once, `millis` (> 0) from `now`, both on the clock. */
export const setAlarm = (
  fiber: AnyFiber,
  clock: Clock.Clock,
  now: number,
  millis: number,
  sleeper: Sleeper
): Alarm => {
  if (isLive(clock)) return setTimer(now, millis, sleeper)
  const asleep = Effect.runForkWith(fiber.context)(clock.sleep(Duration.millis(millis)))
  asleep.addObserver((exit: AnyExit) => {
    if (exit._tag === "Success") sleeper.onAlarm()
  })
  return asleep
}

export const clearAlarm = (alarm: Alarm): void => {
  if (alarm instanceof Timer) clearTimer(alarm)
  else alarm.interruptUnsafe()
}
