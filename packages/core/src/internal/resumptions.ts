/** What all queues of those who wait have in common once somebody's turn has come. */
import type * as Fiber from "effect/Fiber"

import { allowance, rethrow, soon } from "./dispatcher.ts"

/** Somebody who was handed what it waited for. */
export interface Resumable {
  readonly fiber: Fiber.Fiber<any, any>
  /** Its turn to run has come, unless it has left meanwhile. */
  resume(): void
}

/** Those who were handed something by one and the same: resumed soon, in the order in which they were. */
export class Resumptions {
  private waiting: Array<Resumable> = []
  private scheduled = false

  /** `serial`: as for {@link soon}. */
  add(one: Resumable, serial: boolean): void {
    this.waiting.push(one)
    if (!this.scheduled) this.schedule(serial)
  }

  private schedule(serial: boolean): void {
    this.scheduled = true
    try {
      soon(this.waiting[0]!.fiber, this.flush, serial)
    } catch (error) {
      // The next one's turn is that of all.
      this.scheduled = false
      throw error
    }
  }

  // Those who come during the flush wait for the next one.
  private readonly flush = (): void => {
    const batch = this.waiting
    const count = allowance(batch[0]!.fiber, batch.length)
    this.scheduled = false
    this.waiting = count === batch.length ? [] : batch.slice(count)
    if (count < batch.length) this.schedule(false)
    for (let i = 0; i < count;) {
      try {
        while (i < count) batch[i++]!.resume()
      } catch (error) {
        rethrow(error)
      }
    }
  }
}
