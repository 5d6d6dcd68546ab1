/** A token bucket: filled by successes and by time, emptied by retries. Time is handed in, in milliseconds. */

import { refuse } from "../validate.ts"

export interface TokenBucketSettings {
  readonly name: string | undefined
  readonly capacity: number
  readonly refillPerSuccess: number
  readonly refillPerSecond: number
}

/** Of a `RetryBudget`, where there is one. */
export const bucketOf = (where: string, budget: unknown): TokenBucket | undefined => {
  if (budget === undefined) return undefined
  const bucket =
    typeof budget === "object" && budget !== null && "bucket" in budget ? budget.bucket : undefined
  return bucket instanceof TokenBucket ? bucket : refuse(where, "budget must be a RetryBudget", budget)
}

// Ten refills of 0.1 must make a token.
const rounding = 1e-9

export class TokenBucket {
  readonly settings: TokenBucketSettings
  private tokens: number
  private at: number

  constructor(settings: TokenBucketSettings, now: number) {
    this.settings = settings
    this.tokens = settings.capacity
    this.at = now
  }

  available(now: number): number {
    this.refill(now)
    return this.tokens
  }

  /** All or nothing. */
  take(cost: number, now: number): boolean {
    this.refill(now)
    if (this.tokens + rounding < cost) return false
    this.tokens = Math.max(0, this.tokens - cost)
    return true
  }

  give(tokens: number): void {
    this.tokens = Math.min(this.settings.capacity, this.tokens + tokens)
  }

  private refill(now: number): void {
    if (now <= this.at) return
    this.give(((now - this.at) / 1_000) * this.settings.refillPerSecond)
    this.at = now
  }
}
