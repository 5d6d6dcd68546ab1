/**
 * The time of day on a fiber's clock, to say since when and at what time.
 *
 * Read under the key of Effect's `Clock`: a clock that the program provides, a test's for one, counts here, too. But with a
 * default of its own, since Effect's brings its timers and all of `Duration` into every bundle with a task group.
 */
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"

import { remembered } from "./env.ts"

export interface WallClock {
  currentTimeMillisUnsafe(): number
}

/** Stands for Effect's own, where nobody provided one. */
export const platform: WallClock = { currentTimeMillisUnsafe: () => Date.now() }

export const WallClock: Context.Reference<WallClock> = /*#__PURE__*/ Context.Reference<WallClock>(
  "effect/Clock",
  { defaultValue: () => platform }
)

const find = (context: Context.Context<never>): WallClock => Context.get(context, WallClock)

export const wallClockOf = (fiber: Fiber.Fiber<any, any>): WallClock => remembered(fiber.context, find)

/** Milliseconds since 1970. */
export const wallMillis = (fiber: Fiber.Fiber<any, any>): number =>
  wallClockOf(fiber).currentTimeMillisUnsafe()
