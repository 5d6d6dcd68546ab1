/** Counts tasks that have begun: a fiber that starts many yields now and then, so one turn of the loop is not enough. */
import * as Effect from "effect/Effect"

import { setImmediatePromise } from "./work.ts"

export class Started {
  private count = 0

  readonly one = (): void => {
    this.count++
  }

  /** The effect, counted when it begins. */
  counted<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.flatMap(Effect.sync(this.one), () => effect)
  }

  async all(n: number): Promise<void> {
    for (let turn = 0; this.count < n; turn++) {
      if (turn > 10_000) throw new Error(`only ${this.count} of ${n} tasks have begun`)
      await setImmediatePromise()
    }
    this.count = 0
    await setImmediatePromise()
  }
}
