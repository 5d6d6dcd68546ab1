/** The pauses between attempts, as numbers: no fiber, no clock. */

export type Jitter = "full" | "equal" | "decorrelated" | "none"

export interface BackoffSettings {
  /** Milliseconds, finite. */
  readonly initial: number
  readonly factor: number
  /** Milliseconds; may be Infinity. */
  readonly max: number
  readonly jitter: Jitter
}

/** State of one run: two runs of the same policy share nothing. */
export class Backoff {
  private readonly settings: BackoffSettings
  private readonly cap: number
  /** The next pause before jitter. */
  private base: number
  /** The last pause handed out; only decorrelated jitter looks at it. */
  private previous: number

  constructor(settings: BackoffSettings) {
    this.settings = settings
    // Growing without a cap would end at Infinity, which is a sleep for ever.
    this.cap = Math.min(settings.max, Number.MAX_SAFE_INTEGER)
    this.base = Math.min(this.cap, settings.initial)
    this.previous = settings.initial
  }

  /** Milliseconds of the next pause. `random` gives numbers in [0, 1). */
  next(random: () => number): number {
    const { factor, initial, jitter } = this.settings
    const base = this.base
    // Capped at each step: the product never leaves the numbers, however many attempts there are.
    this.base = Math.min(this.cap, base * factor)
    const delay = jittered(jitter, base, initial, this.previous, random)
    this.previous = Math.min(this.cap, delay)
    return this.previous
  }
}

const jittered = (
  jitter: Jitter,
  base: number,
  initial: number,
  previous: number,
  random: () => number
): number => {
  switch (jitter) {
    case "none":
      return base
    case "full":
      return random() * base
    case "equal":
      return base / 2 + random() * (base / 2)
    case "decorrelated":
      return initial + random() * Math.max(0, previous * 3 - initial)
  }
}
