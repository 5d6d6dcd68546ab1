/**
 * Resources written in the order they are used: open, hand over, close, in one generator.
 *
 * Python's `@asynccontextmanager` and `AsyncExitStack`, with the error types kept.
 *
 * What tasks share is opened outside of their group: opened in the group's body (`TaskGroup.run(Effect.scoped(...))` with forks
 * inside) it is closed when the body ends, which may be before the tasks that use it do.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Scope from "effect/Scope"
import type * as Types from "effect/Types"

import { CloseTimeout, dispose, Manager, UsageError } from "../internal/resources/contextManager.ts"
import type { AnyEffect } from "../internal/effect.ts"
import { effectOf, expected } from "../internal/misuse.ts"

const TypeId = "~skein/ContextManager" as const

/**
 * Something that is opened, used and closed. Yield it to open it in the surrounding scope, or {@link use} it.
 *
 * Opening and closing are uninterruptible: a resource that was opened is closed, however the block between them ends.
 *
 * @category models
 * @since 0.1.0
 */
export interface ContextManager<out A, out E = never, out R = never> extends Effect.Effect<
  A,
  E,
  R | Scope.Scope
> {
  readonly [TypeId]: typeof TypeId
  use<B, E2, R2>(f: (a: A) => Effect.Effect<B, E2, R2>): Effect.Effect<B, E | E2, R | R2>
}

/**
 * The requirement that `provide(a)` puts into R: {@link make} reads A from it and takes it out.
 *
 * @category models
 * @since 0.1.0
 */
export interface Provided<out A> {
  readonly "~skein/ContextManager/Provided": Types.Covariant<A>
}

/**
 * What a generator provides, read from its requirements.
 *
 * @category models
 * @since 0.1.0
 */
export type ProvidedValue<R> = R extends Provided<infer A> ? A : never

/**
 * How the block ended. (Not the bare Exit: an Exit is itself an Effect and would look like a forgotten yield.)
 *
 * @category models
 * @since 0.1.0
 */
export interface Ended {
  readonly exit: Exit.Exit<unknown, unknown>
}

/**
 * Hands the value over and returns when the block has ended. A second call dies.
 *
 * @category models
 * @since 0.1.0
 */
export interface Provide {
  <A>(value: A): Effect.Effect<Ended, never, Provided<A>>
}

/**
 * True for what {@link make}, {@link fromDisposable} and {@link stack} give.
 *
 * @category guards
 * @since 0.1.0
 */
export const isContextManager = (u: unknown): u is ContextManager<unknown, unknown, unknown> =>
  u instanceof Manager

export {
  /**
   * A defect: `provide` was called twice, never, or where it cannot work; or the manager was opened in a closed scope.
   *
   * @category errors
   * @since 0.1.0
   */
  UsageError,
  /**
   * A defect: the code after `provide` took longer than `closeTimeout`. `stuck` when it did not even end within the
   * same time again after it was interrupted: then it was left behind.
   *
   * @category errors
   * @since 0.1.0
   */
  CloseTimeout
}

/**
 * A context manager of a generator that opens, provides and closes.
 *
 * The code before `provide` opens, the code after it closes and sees how the block ended (`const { exit } = yield*
 * provide(a)`). `finally` blocks run on failure and interruption too. Resources that the generator takes from Effect's
 * Scope close after its last line.
 *
 * **When to use** When opening and closing read best together. For a class with a dispose method: {@link fromDisposable};
 * for several at once: {@link stack}.
 *
 * **Errors** Failing before `provide` fails the opening. What fails after it comes beside the block's own failure, which
 * stays first: with {@link use} typed, in a scope as a defect, as with any finalizer. Ending without `provide`, a second
 * `provide` and a scope that is already closed die with {@link UsageError}.
 *
 * **Cancellation** Cancel-safe. The code around `provide` is uninterruptible; bound the opening with
 * `CancelScope.failAfter` and the closing with `closeTimeout`: code after `provide` that takes longer is interrupted
 * (its `finally` blocks still run) and reported as the defect {@link CloseTimeout}; what the generator took from the Scope has the same
 * time again.
 *
 * **Ordering** In a scope, `provide` must be yielded by the generator itself; inside another effect
 * (`Effect.ensuring(provide(a), close)`) it works with {@link use} only, and dies in a scope.
 *
 * **Example** `examples/11-context-manager.ts`
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <Eff extends Effect.Effect<any, any, any>>(
  body: (provide: Provide) => globalThis.Generator<Eff, void, never>,
  options?: {
    readonly name?: string | undefined
    /** How long the code after `provide` may take, and then the Scope's finalizers; then it is interrupted and reported as a defect. */
    readonly closeTimeout?: Duration.Input | undefined
  }
): ContextManager<
  ProvidedValue<Effect.Services<Eff>>,
  Effect.Error<Eff>,
  Exclude<Effect.Services<Eff>, Provided<any> | Scope.Scope>
> => Manager.make(body, options?.name, options?.closeTimeout) as any

/**
 * Opens, runs `f` with the value, closes, and gives what `f` gave.
 *
 * **Errors** Those of opening and closing are in the type; when both `f` and the closing fail, both are in the Cause, that
 * of `f` first.
 *
 * **Cancellation** Cancel-safe: only `f` is interrupted, the closing runs.
 *
 * @category operations
 * @since 0.1.0
 */
export const use: {
  <A, B, E2, R2>(
    f: (a: A) => Effect.Effect<B, E2, R2>
  ): <E, R>(self: ContextManager<A, E, R>) => Effect.Effect<B, E | E2, R | R2>
  <A, E, R, B, E2, R2>(
    self: ContextManager<A, E, R>,
    f: (a: A) => Effect.Effect<B, E2, R2>
  ): Effect.Effect<B, E | E2, R | R2>
} = /*#__PURE__*/ dual(2, (self: ContextManager<any, any, any>, f: (a: any) => AnyEffect): AnyEffect =>
  isContextManager(self) ? self.use(f) : expected("ContextManager.use", "a ContextManager", self)
)

/**
 * A context manager of a value that knows how to dispose of itself: `Symbol.asyncDispose`, or else `Symbol.dispose`.
 *
 * **Errors** Those of `acquire`. A dispose method that throws or rejects is a defect, as is a value without one.
 *
 * **Cancellation** Cancel-safe: a value that was acquired is disposed of.
 *
 * **Example** `examples/12-class-resource.ts`
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromDisposable = <A extends AsyncDisposable | Disposable, E, R>(
  acquire: Effect.Effect<A, E, R>
): ContextManager<A, E, Exclude<R, Scope.Scope>> =>
  make(function* (provide) {
    const value: A = yield effectOf("ContextManager.fromDisposable", acquire) as any
    const close = dispose(value)
    yield* provide(value)
    yield* close
  }) as ContextManager<any, any, any>

type Any = ContextManager<any, any, any>
type Value<T> = T extends ContextManager<infer A, infer _E, infer _R> ? A : never
type Failure<T> = T extends ContextManager<infer _A, infer E, infer _R> ? E : never
type Needs<T> = T extends ContextManager<infer _A, infer _E, infer R> ? Exclude<R, Scope.Scope> : never

/**
 * Opens the managers in order and closes them in reverse, as one: a tuple gives a tuple, a record gives a record.
 *
 * **Errors** When one fails to open, those opened before it are closed at once, then it fails. A closing that fails does
 * not keep the others from closing; they see it as how their block ended.
 *
 * **Cancellation** Cancel-safe, as the managers are.
 *
 * **Example** `examples/12-class-resource.ts`
 *
 * @category constructors
 * @since 0.1.0
 */
export const stack = <const Arg extends ReadonlyArray<Any> | { readonly [name: string]: Any }>(
  managers: Arg
): ContextManager<
  { -readonly [K in keyof Arg]: Value<Arg[K]> },
  Failure<Arg extends ReadonlyArray<Any> ? Arg[number] : Arg[keyof Arg]>,
  Needs<Arg extends ReadonlyArray<Any> ? Arg[number] : Arg[keyof Arg]>
> => Manager.stack(managers as any) as any
