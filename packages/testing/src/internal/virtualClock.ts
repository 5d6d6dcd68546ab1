import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { currentFiber } from "@skein/core/unstable/effect"

/** @internal */
export interface Timer {
  /** Milliseconds of virtual time. */
  readonly at: number
  /** Among timers of the same instant the lower rank is due first: sleepers before whoever moves the clock. */
  readonly rank: 0 | 1
  /** Who waits for it, where a fiber does. */
  readonly fiber: Fiber.Fiber<unknown, unknown> | undefined
  readonly fire: () => void
}

const nanosPerMilli = BigInt(1_000_000)

const isDueBefore = (self: Timer, that: Timer): boolean =>
  self.at < that.at || (self.at === that.at && self.rank < that.rank)

/**
 * A clock that stands still until its owner lets the next timer fire. It answers to `TestClock.adjust`,
 * `TestClock.setTime` and `TestClock.withLive` too, so that code written for the `TestClock` runs on it.
 *
 * @internal
 */
export class VirtualClock implements Clock.Clock {
  now = 0
  /** In order of firing, the next one last. */
  private readonly timers: Array<Timer> = []

  get pending(): ReadonlyArray<Timer> {
    return this.timers
  }

  get next(): Timer | undefined {
    return this.timers[this.timers.length - 1]
  }

  add(at: number, rank: 0 | 1, fire: () => void): Timer {
    const timer: Timer = { at, rank, fiber: currentFiber(), fire }
    let index = this.timers.length
    while (index > 0 && !isDueBefore(timer, this.timers[index - 1]!)) index--
    // Those already there and due at the same time stay nearer to the end: first come, first served.
    this.timers.splice(index, 0, timer)
    return timer
  }

  /** Forgets all timers and starts again at 0. */
  reset(): void {
    this.now = 0
    this.timers.length = 0
  }

  remove(timer: Timer): void {
    const index = this.timers.lastIndexOf(timer)
    if (index >= 0) this.timers.splice(index, 1)
  }

  /** Moves time on to the next timer and takes it out. */
  takeNext(): Timer | undefined {
    const timer = this.timers.pop()
    if (timer !== undefined && timer.at > this.now) this.now = timer.at
    return timer
  }

  currentTimeMillisUnsafe(): number {
    return this.now
  }
  currentTimeNanosUnsafe(): bigint {
    const whole = Math.floor(this.now)
    return BigInt(whole) * nanosPerMilli + BigInt(Math.floor((this.now - whole) * 1_000_000))
  }
  monotonicTimeNanosUnsafe(): bigint {
    return this.currentTimeNanosUnsafe()
  }
  readonly currentTimeMillis = Effect.sync(() => this.currentTimeMillisUnsafe())
  readonly currentTimeNanos = Effect.sync(() => this.currentTimeNanosUnsafe())
  readonly monotonicTimeNanos = Effect.sync(() => this.monotonicTimeNanosUnsafe())

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    const millis = Duration.toMillis(duration)
    if (millis <= 0) return Effect.yieldNow
    return Number.isFinite(millis) ? this.waitUntil(() => this.now + millis, 0) : Effect.never
  }

  adjust(duration: Duration.Input): Effect.Effect<void> {
    const millis = Duration.toMillis(Duration.fromInputUnsafe(duration))
    return this.waitUntil(() => this.now + millis, 1)
  }

  setTime(timestamp: number): Effect.Effect<void> {
    return this.waitUntil(() => timestamp, 1)
  }

  withLive<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.provideService(effect, Clock.Clock, Clock.Clock.defaultValue())
  }

  private waitUntil(at: () => number, rank: 0 | 1): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      const timer = this.add(at(), rank, () => resume(Effect.void))
      return Effect.sync(() => this.remove(timer))
    })
  }
}
