/**
 * `it.sweep` for vitest. An entry point of its own, so that vitest stays an optional peer.
 *
 * @since 0.1.0
 */
import { it as effectIt } from "@effect/vitest"
import type * as Scope from "effect/Scope"
import * as InterruptSweep from "./InterruptSweep.ts"

const sweep = <S, A, E, R>(name: string, options: InterruptSweep.Options<S, A, E, R>): void => {
  // What is not a Scope has to be provided; the declared type is checked where `it.sweep` is used.
  effectIt.effect(name, () => InterruptSweep.run(options as InterruptSweep.Options<S, A, E, Scope.Scope>))
}

/**
 * `it.sweep(name, options)` registers a test that runs `InterruptSweep.run(options)`.
 *
 * @category tests
 * @since 0.1.0
 */
export const it: {
  readonly sweep: <S, A, E, R>(name: string, options: InterruptSweep.Options<S, A, E, R>) => void
} = { sweep }
