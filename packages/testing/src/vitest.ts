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

type ExploreTest = <A, E>(
  name: string,
  program: () => Effect.Effect<A, E>,
  options?: Explore.Options<A, E> & { readonly timeout?: number | undefined }
) => void

type Register = typeof effectIt.skip

const exploreWith =
  (register: Register): ExploreTest =>
  (name, program, options) =>
    register(name, limitOf(options), async ({ signal }) => {
      const exit = await Effect.runPromiseExit(Explore.run(program, options), { signal })
      if (Exit.isSuccess(exit)) return
      const error = Cause.squash(exit.cause)
      if (!(error instanceof Explore.ExploreFailure)) throw error
      const command = `in vitest: SKEIN_SEED='${error.seed}' npx vitest run -t ${JSON.stringify(name)}`
      throw reported(error, error.seed === "" ? error.message : `${error.message}\n${command}`)
    })

const limitOf = (options: { readonly timeout?: number | undefined } | undefined) =>
  options?.timeout === undefined ? {} : { timeout: options.timeout }

/** The stack of a failure that was found by trying says nothing: its message is all there is to print. */
const reported = ({ _tag }: { readonly _tag: string }, message: string): Error => {
  const error = new Error(message)
  error.name = _tag
  error.stack = `${_tag}: ${message}`
  return error
}

type SweepTest = <S, A, E, R>(
  name: string,
  options: InterruptSweep.Options<S, A, E, R> & { readonly timeout?: number | undefined }
) => void

const sweepWith =
  (register: Register): SweepTest =>
  (name, options) =>
    register(name, limitOf(options), async ({ signal }) => {
      // What is not a Scope has to be provided; the declared type is checked where `it.sweep` is used.
      const sweep = InterruptSweep.run(
        options as InterruptSweep.Options<unknown, unknown, unknown, Scope.Scope>
      )
      const exit = await Effect.runPromiseExit(Effect.scoped(sweep), { signal })
      if (Exit.isSuccess(exit)) return
      const error = Cause.squash(exit.cause)
      throw error instanceof InterruptSweep.InterruptSweepFailure ? reported(error, error.message) : error
    })

type VirtualTest = <A, E>(
  name: string,
  effect: () => Effect.Effect<A, E, Scope.Scope>,
  options?: VirtualTime.Options & { readonly timeout?: number | undefined }
) => void

const virtualWith =
  (register: typeof effectIt.live.skip): VirtualTest =>
  (name, effect, options) =>
    // The scope is closed before leaks are looked for.
    register(name, () => VirtualTime.run(Effect.scoped(Effect.suspend(effect)), options), options?.timeout)

/**
 * A function that registers a test, and its variants as `it.effect` of `@effect/vitest` has them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Tester<Test> {
  readonly skip: Test
  readonly only: Test
  /** A test that is to fail. */
  readonly fails: Test
  readonly skipIf: (condition: unknown) => Test
  readonly runIf: (condition: unknown) => Test
}

interface Registers<R> {
  readonly skip: R
  readonly only: R
  readonly fails: R
  readonly skipIf: (condition: any) => R
  readonly runIf: (condition: any) => R
}

const testerOf = <R, Test>(all: R & Registers<R>, make: (register: R) => Test): Test & Tester<Test> =>
  Object.assign(make(all) as Test & object, {
    skip: make(all.skip),
    only: make(all.only),
    fails: make(all.fails),
    skipIf: (condition: unknown) => make(all.skipIf(condition)),
    runIf: (condition: unknown) => make(all.runIf(condition))
  })

/**
 * `it.explore(name, program, options)` registers a test that runs `Explore.run(program, options)`,
 * `it.sweep(name, options)` one that runs `InterruptSweep.run(options)`, and `it.virtual(name, effect, options)` one that
 * runs `VirtualTime.run(Effect.scoped(effect), options)`.
 *
 * @category tests
 * @since 0.1.0
 */
export const it: {
  readonly explore: ExploreTest & Tester<ExploreTest>
  readonly sweep: SweepTest & Tester<SweepTest>
  readonly virtual: VirtualTest & Tester<VirtualTest>
} = {
  explore: testerOf(effectIt, exploreWith),
  sweep: testerOf(effectIt, sweepWith),
  virtual: testerOf(effectIt.live, virtualWith)
}
