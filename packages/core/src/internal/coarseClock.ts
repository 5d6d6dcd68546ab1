/** The time for ages: read once for all that happens in one turn of the event loop. */
import { platform } from "./wallClock.ts"
import type { WallClock } from "./wallClock.ts"

let now: number | undefined

const forget = (): void => {
  now = undefined
}

/** Milliseconds on the clock; on the platform's as of the first time it is asked for in this turn. */
export const coarseNow = (on: WallClock): number => {
  if (on !== platform) return on.currentTimeMillisUnsafe()
  if (now === undefined) {
    now = Date.now()
    queueMicrotask(forget)
  }
  return now
}
