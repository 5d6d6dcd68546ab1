import type * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"

import { evaluate } from "./effect.ts"
import type { AnyEffect, AnyFiber } from "./effect.ts"

/** An effect that is one object and one step of the run loop; `run` is called anew at each evaluation. */
export abstract class Operation<
  A,
  E = never,
  R = never
> extends (Effectable.Class as unknown as abstract new <A, E, R>() => Effect.Effect<A, E, R>)<A, E, R> {
  protected abstract run(fiber: AnyFiber): AnyEffect

  [evaluate](fiber: AnyFiber): AnyEffect {
    return this.run(fiber)
  }
}
