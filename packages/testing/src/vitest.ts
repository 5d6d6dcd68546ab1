/**
 * `it.explore`, `it.sweep` and `it.virtual` for vitest. An entry point of its own, so that vitest stays an optional peer.
 *
 * @since 0.1.0
 */
import { it as effectIt } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as Explore from "./Explore.ts"
import * as InterruptSweep from "./InterruptSweep.ts"
import * as VirtualTime from "./VirtualTime.ts"

const explore = <A, E>(
  name: string,
  program: () => Effect.Effect<A, E>,
  options?: Explore.Options<A, E> & { readonly timeout?: number | undefined }
): void => {
  const timeout = options?.timeout
  effectIt(name, timeout === undefined ? {} : { timeout }, async ({ signal }) => {
    const exit = await Effect.runPromiseExit(Explore.run(program, options), { signal })
    if (Exit.isSuccess(exit)) return
    const error = Cause.squash(exit.cause)
    throw error instanceof Explore.ExploreFailure ? reported(error, name) : error
  })
}

/** The stack of a failure that was found by trying says nothing: its message is all there is to print. */
const reported = (failure: Explore.ExploreFailure, name: string): Error => {
  const command =
    failure.seed === ""
      ? ""
      : `\nin vitest: SKEIN_SEED='${failure.seed}' npx vitest run -t ${JSON.stringify(name)}`
  const error = new Error(failure.message + command)
  error.name = "ExploreFailure"
  error.stack = `${error.name}: ${error.message}`
  return error
}

const sweep = <S, A, E, R>(name: string, options: InterruptSweep.Options<S, A, E, R>): void => {
  // What is not a Scope has to be provided; the declared type is checked where `it.sweep` is used.
  effectIt.effect(name, () => InterruptSweep.run(options as InterruptSweep.Options<S, A, E, Scope.Scope>))
}

const virtual = <A, E>(
  name: string,
  effect: () => Effect.Effect<A, E, Scope.Scope>,
  options?: VirtualTime.Options & { readonly timeout?: number | undefined }
): void => {
  // The scope is closed before leaks are looked for.
  effectIt.live(name, () => VirtualTime.run(Effect.scoped(Effect.suspend(effect)), options), options?.timeout)
}

/**
 * `it.explore(name, program, options)` registers a test that runs `Explore.run(program, options)`,
 * `it.sweep(name, options)` one that runs `InterruptSweep.run(options)`, and `it.virtual(name, effect, options)` one that
 * runs `VirtualTime.run(Effect.scoped(effect), options)`.
 *
 * @category tests
 * @since 0.1.0
 */
export const it: {
  readonly explore: typeof explore
  readonly sweep: typeof sweep
  readonly virtual: typeof virtual
} = { explore, sweep, virtual }
