/** Interrupting the work of scopes inside scopes. */
import type * as Context from "effect/Context"

import { isRunning } from "../effect.ts"
import type { AnyFiber } from "../effect.ts"
import { enqueue } from "../trampoline.ts"

const maxNesting = 32
let nesting = 0

/** It takes effect before the call returns, unless that would overflow the stack. */
export const interruptSoon = (
  fiber: AnyFiber,
  by: number | undefined,
  annotations: Context.Context<never>
): void => {
  // A running fiber is only marked, and must be marked now: it may be the one that asks.
  if (isRunning(fiber)) return fiber.interruptUnsafe(by, annotations)
  if (nesting >= maxNesting) return enqueue(() => fiber.interruptUnsafe(by, annotations))
  nesting++
  try {
    fiber.interruptUnsafe(by, annotations)
  } finally {
    nesting--
  }
}
