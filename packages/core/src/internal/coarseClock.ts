/** The time for ages: read once for all that happens without a break. */
import { currentStretch } from "./dispatcher.ts"
import { platform } from "./wallClock.ts"
import type { WallClock } from "./wallClock.ts"

const resolved = /*#__PURE__*/ Promise.resolve()

let now: number | undefined
let readIn = 0

const forget = (): void => {
  now = undefined
}

/** Milliseconds on the clock; on the platform's as of the first time it is asked for since the event loop or a promise had its turn. */
export const coarseNow = (on: WallClock): number => {
  if (on !== platform) return on.currentTimeMillisUnsafe()
  const stretch = currentStretch()
  if (stretch !== readIn) now = undefined
  if (now === undefined) {
    now = Date.now()
    readIn = stretch
    if (stretch === 0) void resolved.then(forget)
  }
  return now
}
