/**
 * Streams written as generators: Python's `async def` with `yield`, one item at a time, cleaned up when the consumer
 * stops. And the bridges to JavaScript's async iterables, both ways.
 */
import * as Channel from "effect/Channel"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { LazyArg } from "effect/Function"
import type * as Scope from "effect/Scope"
import * as ScopeModule from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Types from "effect/Types"

import { IterableReader, StreamIterator } from "../internal/resources/asyncIterable.ts"
import { expected, functionOf } from "../internal/misuse.ts"
import { GeneratorMisuse, Producer } from "../internal/resources/producer.ts"

/**
 * The requirement that `emit(a)` puts into R: {@link make} reads A from it and takes it out.
 *
 * @category models
 * @since 0.1.0
 */
export interface Emits<out A> {
  readonly "~skein/Generator/Emits": Types.Covariant<A>
}

/**
 * What a generator emits, read from its requirements.
 *
 * @category models
 * @since 0.1.0
 */
export type Emitted<R> = R extends Emits<infer A> ? A : never

/**
 * Hands an item to the consumer. Returns when the consumer asks for the next one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Emit {
  <A>(value: A): Effect.Effect<void, never, Emits<A>>
}

export {
  /**
   * A defect: `emit` after the end or in a cleanup that nobody listens to any more, a pull of an ended stream, or a
   * generator that failed with `Cause.Done`.
   *
   * @category errors
   * @since 0.1.0
   */
  GeneratorMisuse
}

/**
 * A stream of what the generator emits, computed on demand.
 *
 * **When to use** For sources that are opened, read step by step and closed: pages, cursors, files. Pages behind a cursor
 * without cleanup: Effect's `Stream.paginate`. For an async iterable: {@link fromAsyncIterable}.
 *
 * **Shape / units** One item at a time: the code after `emit` runs when the next item is asked for, so the generator never
 * runs ahead. It runs in a fiber of its own, started by the first pull, anew for each run of the stream.
 *
 * **Errors** Those of the generator. A failure of its cleanup after the consumer stopped is a defect, as of any
 * finalizer. Failing with `Cause.Done` dies: Stream would take it for the end and lose it.
 *
 * **Cancellation** Cancel-safe. When the consumer stops early, fails or is interrupted, the generator is interrupted in
 * `emit` or where it is, its `finally` blocks run uninterruptibly, then what it took from the Scope is released, before the
 * consumer's run ends. A `finally` block that it had reached by itself can be cut short by the interruption, as in
 * Python: what must happen belongs to the Scope (`Effect.acquireRelease`, a ContextManager).
 *
 * **Ordering** Emits from several fibers at once are taken in the order in which they were made. Retrying the stream
 * starts the generator from the beginning: items it emitted before come again.
 *
 * **Example** `examples/13-pages.ts`, `examples/14-early-exit.ts`
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <Eff extends Effect.Effect<any, any, any>>(
  body: (emit: Emit) => globalThis.Generator<Eff, void, never>
): Stream.Stream<
  Emitted<Effect.Services<Eff>>,
  Effect.Error<Eff>,
  Exclude<Effect.Services<Eff>, Emits<any> | Scope.Scope>
> =>
  Stream.fromChannel(
    Channel.fromTransform((_upstream: unknown, scope: Scope.Scope) =>
      Effect.suspend(() => {
        const producer = new Producer(body as any)
        const first = Effect.withFiber((fiber) => {
          producer.start(fiber)
          return producer.pull
        })
        const pull = Effect.suspend(() => (producer.started ? producer.pull : first))
        return Effect.as(ScopeModule.addFinalizer(scope, producer.stop), pull)
      })
    )
  ) as any

/**
 * A stream of an async iterable's values.
 *
 * **When to use** Instead of `Stream.fromAsyncIterable` when the source must not be read ahead.
 *
 * **Shape / units** One item at a time, and one call of `next` at a time. The iterable is made anew for each run.
 *
 * **Errors** What `next` throws or rejects with, through `onError`. What `return` rejects with is a defect, as of any
 * finalizer.
 *
 * **Cancellation** Cancel-safe: when the consumer stops, `return` is called and awaited. While a `next` is pending, a
 * native async generator answers `return` only after it; that is waited for one second of real time, then left behind with
 * a warning. An interrupted pull loses no item: the next one gets it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromAsyncIterable = <A, E>(
  iterable: LazyArg<AsyncIterable<A>>,
  onError: (error: unknown) => E
): Stream.Stream<A, E> => {
  functionOf("Generator.fromAsyncIterable", "a function that gives an async iterable", iterable)
  functionOf("Generator.fromAsyncIterable: onError", "a function", onError)
  return Stream.fromChannel(
    Channel.fromTransform((_upstream: unknown, scope: Scope.Scope) =>
      Effect.suspend(() => {
        const reader = new IterableReader(iterable, onError)
        return Effect.as(ScopeModule.addFinalizer(scope, reader.close), reader.pull)
      })
    )
  ) as any
}

/**
 * An async iterable of the stream's values.
 *
 * **Shape / units** Each iterator is a run of the stream of its own. Nothing is computed before `next` is called. Calls of
 * `next` are served one after the other.
 *
 * **Errors** `next` rejects with the stream's error, once; after that the iterator is done.
 *
 * **Cancellation** Hands over to the iterator: `return` (a `break` in `for await`) and `throw` interrupt what runs, close
 * the stream's scope and settle when that has been done. An iterator that is dropped without either keeps the stream open.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toAsyncIterable = <A, E>(self: Stream.Stream<A, E>): AsyncIterable<A, void, void> =>
  iterableIn(self, Context.empty())

/**
 * {@link toAsyncIterable} with the services of the calling effect.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toAsyncIterableEffect = <A, E, R>(
  self: Stream.Stream<A, E, R>
): Effect.Effect<AsyncIterable<A, void, void>, never, R> =>
  Effect.contextWith((context: Context.Context<R>) => Effect.succeed(iterableIn(self, context)))

const iterableIn = <A, E, R>(
  self: Stream.Stream<A, E, R>,
  context: Context.Context<R>
): AsyncIterable<A, void, void> => {
  if (!Stream.isStream(self)) expected("Generator.toAsyncIterable", "a Stream", self)
  return {
    [Symbol.asyncIterator]: () =>
      new StreamIterator<A>((scope) => Channel.toPullScoped(self.channel, scope), context)
  }
}
