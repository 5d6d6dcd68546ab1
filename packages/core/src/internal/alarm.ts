/** One call at a given time on a clock, which can be taken back. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

import type { AnyExit, AnyFiber } from "./effect.ts"

export interface Alarmed {
  readonly onAlarm: () => void
}

/** A timer's handle, or the fiber that sleeps on a clock that is not the live one. */
export type Alarm = ReturnType<typeof setTimeout> | AnyFiber

// A longer `setTimeout` would fire at once; whoever is woken too early sets the alarm again.
const longest = 2 ** 31 - 1

let live: Clock.Clock | undefined

/** The clock whose timers are the platform's. */
export const isLive = (clock: Clock.Clock): boolean =>
  clock === (live ??= Context.get(Context.empty(), Clock.Clock))

const ring = (target: Alarmed): void => target.onAlarm()

/**
 * Calls `target.onAlarm` in `millis` (> 0), in a turn of its own. It may come early on the live clock: timers count from
 * the beginning of the turn they are set in. The timer keeps the process alive: a program that waits for nothing else is
 * to see its deadline, not to end in silence.
 */
export const setAlarm = (fiber: AnyFiber, clock: Clock.Clock, millis: number, target: Alarmed): Alarm => {
  if (isLive(clock)) return setTimeout(ring, Math.min(Math.ceil(millis), longest), target)
  const sleeper = Effect.runForkWith(fiber.context)(clock.sleep(Duration.millis(millis)))
  sleeper.addObserver((exit: AnyExit) => {
    if (exit._tag === "Success") target.onAlarm()
  })
  return sleeper
}

export const clearAlarm = (alarm: Alarm): void => {
  if (typeof alarm === "object" && "interruptUnsafe" in alarm) alarm.interruptUnsafe()
  else clearTimeout(alarm)
}
