/** The time for ages: read once for all that happens in one turn of the event loop. */
import type { WallClock } from "./wallClock.ts"

let clock: WallClock | undefined
let now = 0

const forget = (): void => {
  clock = undefined
}

/** Milliseconds on the clock, as of the start of this turn. */
export const coarseNow = (on: WallClock): number => {
  if (clock === on) return now
  clock = on
  now = on.currentTimeMillisUnsafe()
  queueMicrotask(forget)
  return now
}
