/** The time for ages: read once for all that happens in one turn of the event loop. */
import type * as Clock from "effect/Clock"

let clock: Clock.Clock | undefined
let now = 0

const forget = (): void => {
  clock = undefined
}

/** Milliseconds on the clock, as of the start of this turn. */
export const coarseNow = (on: Clock.Clock): number => {
  if (clock === on) return now
  clock = on
  now = on.currentTimeMillisUnsafe()
  queueMicrotask(forget)
  return now
}
