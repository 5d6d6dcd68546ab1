/**
 * A fixed set of effects, run together: all of them, the first, the first few. All are tasks of a group of their own and
 * show in the task tree; what is no longer wanted is cancelled and awaited before the result is seen. A fork inside goes
 * to the caller's group.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import type * as Option from "effect/Option"
import type { Predicate, Refinement } from "effect/Predicate"
import type * as Stream from "effect/Stream"
import type * as Types from "effect/Types"

import type { AnyEffect } from "../internal/effect.ts"
import { gather } from "../internal/tasks/gathering.ts"
import type { Rule } from "../internal/tasks/gathering.ts"
import * as rules from "../internal/tasks/gatherRules.ts"
import { gatherStream } from "../internal/tasks/gatherStream.ts"
import { callable, effect, InvalidArgument, integer, iterable, name as nameIn } from "../internal/validate.ts"
import { options as optionsIn, refuse, verdict } from "../internal/validate.ts"

type EffectAny = Effect.Effect<any, any, any>
type Collection = Iterable<EffectAny> | Record<string, EffectAny>
type ExitOf<T> = T extends Effect.Effect<infer A, infer E, infer _R> ? Exit.Exit<A, E> : never
type Values<T> = T extends unknown ? T[keyof T] : never

/**
 * Options of all operations.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** How many run at once, at least 1; they are started in input order. Default: "unbounded". */
  readonly concurrency?: Types.Concurrency | undefined
  /** The group's name in the task tree. Default: the operation's, "all" and the like. */
  readonly name?: string | undefined
}

/**
 * What `settled` gives.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Settled<Arg extends Collection> = [Arg] extends [ReadonlyArray<EffectAny>]
  ? Effect.Effect<
      Arg[number] extends never ? [] : { -readonly [K in keyof Arg]: ExitOf<Arg[K]> },
      never,
      Effect.Services<Arg[number]>
    >
  : [Arg] extends [Iterable<infer Eff>]
    ? Effect.Effect<Array<ExitOf<Eff>>, never, Effect.Services<Eff>>
    : Effect.Effect<{ -readonly [K in keyof Arg]: ExitOf<Arg[K]> }, never, Effect.Services<Values<Arg>>>

// ---------------------------------------------------------------- arguments

interface Input {
  readonly effects: ReadonlyArray<AnyEffect>
  readonly shape: (values: Array<unknown>) => unknown
}

// What data-first calls begin with.
const isObject = (u: unknown): boolean => typeof u === "object" && u !== null

const isIterable = (u: object): u is Iterable<EffectAny> => Symbol.iterator in u

const inputOf = (where: string, collection: Collection): Input => {
  const isCollection = typeof collection === "object" && collection !== null && !Effect.isEffect(collection)
  if (!isCollection || collection instanceof Promise)
    return refuse(where, "expected a collection of effects", collection)
  if (isIterable(collection))
    return { effects: checked(where, Array.from(collection)), shape: (values) => values }
  const keys = Object.keys(collection)
  return {
    effects: checked(where, Object.values(collection)),
    shape: (values) => Object.fromEntries(keys.map((key, index) => [key, values[index]]))
  }
}

const checked = (where: string, effects: ReadonlyArray<EffectAny>): ReadonlyArray<EffectAny> => {
  effects.forEach((effect, index) => {
    if (!Effect.isEffect(effect)) refuse(where, `element ${index} must be an effect`, effect)
  })
  return effects
}

const nonEmpty = (where: string, effects: Iterable<EffectAny>): ReadonlyArray<EffectAny> => {
  const input = inputOf(where, effects).effects
  if (input.length === 0)
    throw new InvalidArgument(`${where}: effects must hold at least one effect, got none`)
  return input
}

const settings = (where: string, name: string, options: Options | undefined) => {
  if (options !== undefined) optionsIn(where, options)
  const { concurrency = "unbounded" } = options ?? {}
  nameIn(where, options?.name)
  const limit =
    concurrency === "unbounded" ? Infinity : integer(where, "concurrency", concurrency, 1, { infinity: true })
  return { name: options?.name ?? name, concurrency: limit }
}

/** Arguments are looked at when the effect runs, so that wrong ones die there; an iterable is read once for each run. */
const deferred = (make: () => AnyEffect): any => Effect.suspend(make)

const contest = (
  operation: string,
  effects: Iterable<EffectAny>,
  options: Options | undefined,
  rule: (size: number) => Rule
): any =>
  deferred(() => {
    const where = `Gather.${operation}`
    const contestants = nonEmpty(where, effects)
    return gather(contestants, contestants.length, settings(where, operation, options), () =>
      rule(contestants.length)
    )
  })

// ---------------------------------------------------------------- operations

/**
 * Runs all and gives their values in the shape of the input: tuple, record or array, in input order. The first failure
 * cancels the others.
 *
 * **When to use** where one failure makes the rest useless. `settled` keeps all outcomes.
 *
 * **Errors** those of the effects; what fails after the first while being cancelled follows it in the Cause. An effect that
 * somebody else interrupted makes it die with `Task.TaskCancelled`. Empty input gives the empty shape.
 *
 * **Cancellation** Cancel-safe: interrupted, it cancels and awaits all.
 *
 * **Source** Python's `asyncio.gather`, with the losers awaited.
 *
 * **Example** see `examples/03-gather.ts`
 *
 * @category operations
 * @since 0.1.0
 */
export const all = <const Arg extends Collection>(
  effects: Arg,
  options?: Options
): Effect.All.Return<Arg, {}> =>
  deferred(() => {
    const { effects: inputs, shape } = inputOf("Gather.all", effects)
    return gather(inputs, inputs.length, settings("Gather.all", "all", options), () => rules.all(shape))
  })

/**
 * Runs all and gives an Exit of each, in the shape of the input. One failure hides no other result.
 *
 * **Errors** none. Interruption of the owner is not absorbed.
 *
 * **Cancellation** Cancel-safe: interrupted, it cancels and awaits all.
 *
 * **Source** Python's `asyncio.gather(return_exceptions=True)`.
 *
 * **Example** see `examples/04-settled.ts`
 *
 * @category operations
 * @since 0.1.0
 */
export const settled = <const Arg extends Collection>(effects: Arg, options?: Options): Settled<Arg> =>
  deferred(() => {
    const { effects: inputs, shape } = inputOf("Gather.settled", effects)
    return gather(inputs, inputs.length, settings("Gather.settled", "settled", options), () =>
      rules.settled(shape)
    )
  }) as never

/**
 * The first to exit, well or badly; the others are cancelled and awaited.
 *
 * **Errors** those of the winner. A failing cleanup of a loser takes the winner's place. Empty input dies.
 *
 * **Cancellation** Cancel-safe: interrupted, it cancels and awaits all.
 *
 * @category operations
 * @since 0.1.0
 */
export const race = <Eff extends EffectAny>(
  effects: Iterable<Eff>,
  options?: { readonly name?: string | undefined }
): Effect.Effect<Effect.Success<Eff>, Effect.Error<Eff>, Effect.Services<Eff>> =>
  contest("race", effects, options, () => rules.race())

/**
 * The first success; the others are cancelled and awaited. When there is none, all failures are in one Cause, in order of
 * time. A defect ends it at once.
 *
 * **Cancellation** Cancel-safe: interrupted, it cancels and awaits all.
 *
 * **Source** JavaScript's `Promise.any`, Java's `StructuredTaskScope.ShutdownOnSuccess`.
 *
 * **Example** see `examples/06-wait.ts`
 *
 * @category operations
 * @since 0.1.0
 */
export const firstSuccess = <Eff extends EffectAny>(
  effects: Iterable<Eff>,
  options?: Options
): Effect.Effect<Effect.Success<Eff>, Effect.Error<Eff>, Effect.Services<Eff>> =>
  contest("firstSuccess", effects, options, (size) => rules.quorum(1, size, ([value]) => value))

/**
 * The first n successes in order of completion; the others are cancelled and awaited. Fails, with all failures so far in
 * one Cause, as soon as n cannot be reached; a defect ends it at once.
 *
 * **Errors** dies when n is no integer of at least 1, or more than there are effects.
 *
 * **Cancellation** Cancel-safe: interrupted, it cancels and awaits all.
 *
 * @category operations
 * @since 0.1.0
 */
export const quorum: {
  (
    n: number,
    options?: Options
  ): <Eff extends EffectAny>(
    effects: Iterable<Eff>
  ) => Effect.Effect<Array<Effect.Success<Eff>>, Effect.Error<Eff>, Effect.Services<Eff>>
  <Eff extends EffectAny>(
    effects: Iterable<Eff>,
    n: number,
    options?: Options
  ): Effect.Effect<Array<Effect.Success<Eff>>, Effect.Error<Eff>, Effect.Services<Eff>>
} = /*#__PURE__*/ dual(
  (args) => typeof args[1] === "number" || isObject(args[0]),
  (effects: Iterable<EffectAny>, n: number, options?: Options) =>
    contest("quorum", effects, options, (size) => {
      integer("Gather.quorum", "n", n, 1)
      if (n > size)
        throw new InvalidArgument(`Gather.quorum: n must be at most ${size}, the number of effects, got ${n}`)
      return rules.quorum(n, size, (values) => values)
    })
)

/**
 * The first success that satisfies; the others are cancelled and awaited. None when all have finished and none did. The
 * first failure fails it.
 *
 * **Errors** those of the effects; a predicate that throws is a defect. Empty input dies.
 *
 * **Cancellation** Cancel-safe: interrupted, it cancels and awaits all.
 *
 * @category operations
 * @since 0.1.0
 */
export const firstMatching: {
  <A, B extends A>(
    refinement: Refinement<Types.NoInfer<A>, B>,
    options?: Options
  ): <E, R>(effects: Iterable<Effect.Effect<A, E, R>>) => Effect.Effect<Option.Option<B>, E, R>
  <A>(
    predicate: Predicate<Types.NoInfer<A>>,
    options?: Options
  ): <E, R>(effects: Iterable<Effect.Effect<A, E, R>>) => Effect.Effect<Option.Option<A>, E, R>
  <A, E, R, B extends A>(
    effects: Iterable<Effect.Effect<A, E, R>>,
    refinement: Refinement<A, B>,
    options?: Options
  ): Effect.Effect<Option.Option<B>, E, R>
  <A, E, R>(
    effects: Iterable<Effect.Effect<A, E, R>>,
    predicate: Predicate<A>,
    options?: Options
  ): Effect.Effect<Option.Option<A>, E, R>
} = /*#__PURE__*/ dual(
  (args) => typeof args[1] === "function" || isObject(args[0]),
  (effects: Iterable<EffectAny>, predicate: Predicate<any>, options?: Options) =>
    contest("firstMatching", effects, options, () => {
      const where = "Gather.firstMatching"
      callable(where, "predicate", predicate)
      return rules.firstMatching((value) => verdict(where, "predicate", predicate(value)))
    })
) as never

/**
 * The values in order of completion. Fails at the first failure, after the others were cancelled and awaited; wrap the
 * effects in `Effect.exit` to see all. Ending the stream early cancels the rest.
 *
 * **Errors** those of the effects. Empty input dies, and so does an effect that fails with `Cause.Done`: Stream would take it
 * for the end and lose it. After an early end, a defect that was not read, or of a cleanup, makes the stream die; an error
 * that was not read is logged at Warning.
 *
 * **Cancellation** Cancel-safe: the scope of the stream closes only when all have exited.
 *
 * **Source** Python's `asyncio.as_completed`.
 *
 * @category operations
 * @since 0.1.0
 */
export const asCompleted = <Eff extends EffectAny>(
  effects: Iterable<Eff>,
  options?: Options
): Stream.Stream<Effect.Success<Eff>, Effect.Error<Eff>, Effect.Services<Eff>> =>
  gatherStream(() => {
    const inputs = nonEmpty("Gather.asCompleted", effects)
    return { effects: inputs, options: settings("Gather.asCompleted", "asCompleted", options) }
  }) as never

/**
 * Runs `f` on every item and gives the values in input order. The first failure cancels the others; what has not been
 * started never is.
 *
 * **When to use** for many items with a limit: `{ concurrency: 10 }`.
 *
 * **Cancellation** Cancel-safe: interrupted, it cancels and awaits all.
 *
 * **Example** see `examples/16-thousand-urls.ts`
 *
 * @category operations
 * @since 0.1.0
 */
export const map: {
  <A, B, E, R, S extends Iterable<A> = Iterable<A>>(
    f: (a: A, i: number) => Effect.Effect<B, E, R>,
    options?: Options
  ): (self: [S] extends [never] ? Iterable<A> : S) => Effect.Effect<Arr.ReadonlyArray.With<S, B>, E, R>
  <B, E, R, S extends Iterable<any>>(
    self: S,
    f: (a: Arr.ReadonlyArray.Infer<S>, i: number) => Effect.Effect<B, E, R>,
    options?: Options
  ): Effect.Effect<Arr.ReadonlyArray.With<S, B>, E, R>
} = /*#__PURE__*/ dual(
  (args) => typeof args[1] === "function" || isObject(args[0]),
  (self: Iterable<unknown>, f: (a: unknown, i: number) => AnyEffect, options?: Options) =>
    deferred(() => {
      const items = iterable("Gather.map", "an iterable", self)
      callable("Gather.map", "f", f)
      return gather(
        (index) => effect("Gather.map", f(items[index], index), "f must return an effect"),
        items.length,
        settings("Gather.map", "map", options),
        () => rules.all((values) => values)
      )
    })
) as never
