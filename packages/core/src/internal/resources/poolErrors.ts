import * as Data from "effect/Data"
import * as Duration from "effect/Duration"

export interface PoolHolder {
  readonly task: string
  readonly since: Duration.Duration
}

/** Sorted as given: the oldest lease first. */
export const describeHolders = (holders: ReadonlyArray<PoolHolder>): string =>
  holders.map((holder) => `${holder.task} for ${short(holder.since)}`).join(", ")

// Whole milliseconds: a live clock's fractions tell nobody anything.
const short = (duration: Duration.Duration): string =>
  Duration.format(Duration.millis(Math.round(Duration.toMillis(duration))))

export class PoolTimeout
  extends /*#__PURE__*/ Data.TaggedError("PoolTimeout")<{
    readonly pool: string
    readonly waited: Duration.Duration
    readonly holders: ReadonlyArray<PoolHolder>
    /** Resources that were being opened at that moment. */
    readonly opening?: number | undefined
  }>
{
  override get message(): string {
    const held = this.holders.length === 0 ? "held by nobody" : `held by ${describeHolders(this.holders)}`
    const opening = this.opening === undefined || this.opening === 0 ? "" : `; ${this.opening} still opening`
    return `Pool "${this.pool}": no lease within ${short(this.waited)}; ${held}${opening}`
  }
}

export class PoolClosed extends /*#__PURE__*/ Data.TaggedError("PoolClosed")<{ readonly pool: string }> {
  override get message(): string {
    return `Pool "${this.pool}" is closed`
  }
}

export class PoolCloseTimeout
  extends /*#__PURE__*/ Data.TaggedError("PoolCloseTimeout")<{
    readonly pool: string
    readonly timeout: Duration.Duration
    readonly holders: ReadonlyArray<PoolHolder>
    /** Resources whose own opening, check or closing has not ended. */
    readonly busy: number
  }>
{
  override get message(): string {
    const held = this.holders.length === 0 ? "" : `; still held by ${describeHolders(this.holders)}`
    const busy = this.busy === 0 ? "" : `; ${this.busy} still opening or closing`
    return `Pool "${this.pool}": not closed within ${short(this.timeout)}${held}${busy}`
  }
}
