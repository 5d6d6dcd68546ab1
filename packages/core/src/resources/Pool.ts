/**
 * A bounded number of resources that are dear to open, shared among many tasks.
 *
 * Nobody overtakes, nothing hangs: who waits is told after `acquireTimeout`, and by whom everything is held; a resource that
 * cannot be opened fails the one who asked for it and nobody else.
 */
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Pipeable } from "effect/Pipeable"
import { pipeArguments } from "effect/Pipeable"
import * as Scope from "effect/Scope"
import type * as Types from "effect/Types"

import { callSite } from "../internal/callSite.ts"
import { Operation } from "../internal/operation.ts"
import type { AnyEffect, AnyFiber } from "../internal/effect.ts"
import { envOf, withEnv } from "../internal/env.ts"
import { expected, functionOf } from "../internal/misuse.ts"
import { Pool as State } from "../internal/resources/pool.ts"
import { PoolClosed, PoolCloseTimeout, PoolTimeout } from "../internal/resources/poolErrors.ts"
import { holders, Lease, ScopedLease } from "../internal/resources/poolLease.ts"
import { PoolWorker } from "../internal/resources/poolWorker.ts"
import { clockOf } from "../internal/monotonic.ts"
import { integer, InvalidArgument, nonNegativeMillis } from "../internal/validate.ts"

const TypeId = "~skein/Pool" as const

/**
 * Resources that fail to open with E.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pool<in out A, in out E = never> extends Pipeable {
  readonly [TypeId]: { readonly _A: Types.Invariant<A>; readonly _E: Types.Invariant<E> }
  readonly name: string
}

/**
 * Who has a lease, and for how long.
 *
 * @category models
 * @since 0.1.0
 */
export interface Holder {
  readonly task: string
  readonly since: Duration.Duration
}

/**
 * What {@link make} takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<A, E, R> {
  /** Opens one resource. What it takes from the Scope is closed with the resource. */
  readonly acquire: Effect.Effect<A, E, R>
  /** So many are kept open. */
  readonly min: number
  /** Never more than so many, those being opened and closed included. */
  readonly max: number
  /**
   * How long a lease may be waited for. Openings and checks are interrupted after that time, too. Zero never waits: what is
   * not idle is refused, and openings take the time they take.
   */
  readonly acquireTimeout: Duration.Input
  /** Asked before an idle item is leased again; false replaces it. */
  readonly validate?: ((item: A) => Effect.Effect<boolean, never, R>) | undefined
  /** Those above `min` are closed when nobody needed them for so long. */
  readonly idleTimeToLive?: Duration.Input | undefined
  /** Older ones are closed as soon as they are idle. */
  readonly maxLifetime?: Duration.Input | undefined
  /** How long closing waits for leases before it names the holders. Default 30 seconds. */
  readonly closeTimeout?: Duration.Input | undefined
  /** A lease older than this is reported once, with its holder and where it was taken. */
  readonly leakAfter?: Duration.Input | undefined
  readonly name?: string | undefined
}

/**
 * What a pool looks like at one moment.
 *
 * **Shape / units** `idle + leased + validating + opening + closing` is at most `max`. `holders` are the oldest first,
 * `waiting` in order of service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Statistics {
  readonly idle: number
  readonly leased: number
  readonly opening: number
  readonly validating: number
  readonly closing: number
  readonly min: number
  readonly max: number
  readonly holders: ReadonlyArray<Holder>
  readonly waiting: ReadonlyArray<string>
  /** High-water mark. */
  readonly maxWaiting: number
}

/**
 * True for what {@link make} gives.
 *
 * @category guards
 * @since 0.1.0
 */
export const isPool = (u: unknown): u is Pool<unknown, unknown> => u instanceof PoolImpl

export {
  /**
   * A defect: a lease was asked for, or waited for, when the pool's scope closed.
   *
   * @category errors
   * @since 0.1.0
   */
  PoolClosed,
  /**
   * A defect of the scope's closing: not everything came back, or closed, within `closeTimeout`.
   *
   * @category errors
   * @since 0.1.0
   */
  PoolCloseTimeout,
  /**
   * No lease within `acquireTimeout`; the message lists the holders.
   *
   * @category errors
   * @since 0.1.0
   */
  PoolTimeout
}

class PoolImpl implements Pool<any, any> {
  readonly [TypeId] = variance
  readonly name: string
  readonly state: State

  constructor(state: State) {
    this.name = state.options.name
    this.state = state
  }

  pipe() {
    return pipeArguments(this, arguments)
  }
}

const variance: any = { _A: (_: never) => _, _E: (_: never) => _ }

let unnamed = 0

/**
 * A pool that lives as long as the surrounding scope. Its first `min` resources are opened at once, beside one another.
 *
 * **When to use** For connections and other things that are dear to open and used by one at a time. To bound how many do
 * something at once, with nothing to share: Semaphore.
 *
 * **Errors** Dies unless `min` is an integer of at least 0 and `max` one of at least 1 and of at least `min`, and unless the times
 * are durations of at least 0, `maxLifetime` above 0 where `min` is, `acquireTimeout` above 0 where `min` is 0 or there is a
 * `validate`. Failures to open are the askers'; those of the first `min` are logged, as nobody asked for them.
 *
 * **Cancellation** Cancel-safe. Closing the scope ends the pool: those who wait die with {@link PoolClosed}, idle resources are closed, leases
 * are waited for. After `closeTimeout` the scope's closing dies with {@link PoolCloseTimeout}, which names the holders; what they
 * hold is closed when they give it back, not under their hands.
 *
 * **Ordering** `acquire` and `validate` run in fibers of the pool, with the services that `make` had, outside the deadlines of whoever
 * asked.
 *
 * **Example** `examples/24-pool.ts`
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <A, E, R>(options: Options<A, E, R>): Effect.Effect<Pool<A, E>, never, R | Scope.Scope> =>
  Effect.uninterruptible(
    Effect.withFiber((fiber) => {
      const state = new State(checked(options), clockOf(fiber))
      const { group } = envOf(fiber)
      const context: Context.Context<never> = withEnv(fiber.context, {
        group,
        scope: undefined,
        held: undefined
      })
      const worker = new PoolWorker(state, context)
      return Effect.flatMap(Effect.scope, (scope) =>
        Effect.flatMap(Scope.addFinalizer(scope, worker.shutDown), () => {
          if (!state.closed) state.schedule(fiber)
          return Effect.succeed(new PoolImpl(state) as Pool<any, any>)
        })
      )
    })
  )

const checked = (options: Options<any, any, any>): State["options"] => {
  const where = "Pool.make"
  if (typeof options !== "object" || options === null) expected(where, "options", options)
  const { acquire, validate } = options
  if (!Effect.isEffect(acquire)) expected(`${where}: acquire`, "an effect", acquire)
  if (validate !== undefined) functionOf(`${where}: validate`, "a function", validate)
  const min = integer(where, "min", options.min, 0)
  const max = integer(where, "max", options.max, 1)
  if (min > max) throw new InvalidArgument(`${where}: min must be at most max (${max}), got ${min}`)
  // What is too old when it is opened cannot be kept.
  const time = (name: "idleTimeToLive" | "maxLifetime" | "closeTimeout" | "leakAfter", otherwise: number) => {
    const given = options[name]
    return given === undefined
      ? otherwise
      : nonNegativeMillis(where, name, given, { zero: name !== "maxLifetime" || min === 0 })
  }
  return {
    name: options.name ?? `pool:${++unnamed}`,
    min,
    max,
    acquire,
    validate,
    // Nothing could ever be leased without waiting for its opening, or its check.
    acquireTimeout: nonNegativeMillis(where, "acquireTimeout", options.acquireTimeout, {
      zero: min > 0 && validate === undefined
    }),
    idleTimeToLive: time("idleTimeToLive", Infinity),
    maxLifetime: time("maxLifetime", Infinity),
    closeTimeout: time("closeTimeout", 30_000),
    leakAfter: time("leakAfter", Infinity)
  }
}

/** Throws for what is no pool. */
const stateOf = (where: string, self: unknown): State =>
  (self as PoolImpl | undefined)?.[TypeId] === variance
    ? (self as PoolImpl).state
    : expected(where, "a Pool", self)

const siteOf = (state: State): string | undefined =>
  state.options.leakAfter === Infinity ? undefined : callSite(import.meta.url)

class Use extends Operation<any, any, any> {
  readonly state: State
  readonly block: (item: any) => AnyEffect
  readonly site: string | undefined

  constructor(self: unknown, block: (item: any) => AnyEffect) {
    super()
    this.state = stateOf("Pool.use", self)
    functionOf("Pool.use", "a function", block)
    this.block = block
    this.site = siteOf(this.state)
  }

  protected run(fiber: AnyFiber): AnyEffect {
    const { state } = this
    return state.lease(new Lease(fiber, state, this.block, this.site))
  }
}

class Take extends Operation<ScopedLease> {
  readonly state: State
  readonly site: string | undefined

  constructor(self: unknown) {
    super()
    this.state = stateOf("Pool.lease", self)
    this.site = siteOf(this.state)
  }

  protected run(fiber: AnyFiber): AnyEffect {
    const { state } = this
    return state.lease(new ScopedLease(fiber, state, this.site))
  }
}

/**
 * Runs `f` with a resource and gives it back however that ends.
 *
 * **When to use** Whenever one effect needs the resource; {@link lease} when it is needed until a scope closes.
 *
 * **Errors** E when the resource that was opened on the caller's account cannot be opened; `PoolTimeout` when nothing came free
 * within `acquireTimeout`. Dies with {@link PoolClosed} on a closed pool. Asking for a second one while holding the only one
 * times out: the message then names the caller.
 *
 * **Cancellation** Cancel-safe. Interrupted while waiting, the caller leaves the queue; what was handed to it in that moment goes
 * to the next, what is being opened or checked on its account serves others.
 *
 * **Ordering** First come, first served; nobody overtakes those who wait. The resource used last is leased first.
 *
 * **Cost** O(1). When a resource is idle and there is no `validate`, it neither suspends nor yields.
 *
 * @category operations
 * @since 0.1.0
 */
export const use: {
  <A, B, E2, R2>(
    f: (item: A) => Effect.Effect<B, E2, R2>
  ): <E>(self: Pool<A, E>) => Effect.Effect<B, E | E2 | PoolTimeout, R2>
  <A, E, B, E2, R2>(
    self: Pool<A, E>,
    f: (item: A) => Effect.Effect<B, E2, R2>
  ): Effect.Effect<B, E | E2 | PoolTimeout, R2>
} = ((first: any, second?: any): any => {
  if (second !== undefined) return new Use(first, second)
  functionOf("Pool.use", "a function", first instanceof PoolImpl ? second : first)
  return (self: unknown) => new Use(self, first)
}) as any

/**
 * A resource that is given back when the surrounding scope closes.
 *
 * **When to use** When it must outlive one effect. For a single effect {@link use} costs less and cannot be held too long.
 *
 * **Errors** As {@link use}.
 *
 * **Cancellation** Cancel-safe, as {@link use}. A scope that is closed by then gives it back at once and dies.
 *
 * **Ordering** As {@link use}.
 *
 * @category operations
 * @since 0.1.0
 */
export const lease = <A, E>(self: Pool<A, E>): Effect.Effect<A, E | PoolTimeout, Scope.Scope> => {
  const take = new Take(self)
  return Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.scope, (scope) =>
      // The lease arrives outside the restored region in the very step in which it is granted.
      Effect.flatMap(restore(take), (taken) => {
        const giveBack = Effect.withFiber((fiber) => {
          taken.close(fiber)
          return Effect.void
        })
        if (scope.state._tag !== "Closed")
          return Effect.as(Scope.addFinalizer(scope, giveBack), taken.item!.value as A)
        const closed = new Error(
          `Pool.lease: the scope is closed already; what was leased of "${self.name}" is given back`
        )
        return Effect.andThen(giveBack, Exit.die(closed))
      })
    )
  )
}

/**
 * Marks a resource as broken: it is closed and replaced when its lease ends, or at once if it is idle.
 *
 * **When to use** Inside {@link use}, when an operation showed that the connection is gone. What the pool does not know is
 * ignored.
 *
 * @category operations
 * @since 0.1.0
 */
export const invalidate: {
  <A>(item: A): <E>(self: Pool<A, E>) => Effect.Effect<void>
  <A, E>(self: Pool<A, E>, item: Types.NoInfer<A>): Effect.Effect<void>
} = function (first: any, second?: any): any {
  return arguments.length === 1 ? (self: unknown) => invalidateIn(self, first) : invalidateIn(first, second)
}

const invalidateIn = (self: unknown, item: unknown): Effect.Effect<void> => {
  const state = stateOf("Pool.invalidate", self)
  return Effect.withFiber((fiber) => {
    state.invalidate(item, fiber)
    return Effect.void
  })
}

/**
 * How many are idle, leased and so on, who holds them and who waits.
 *
 * @category observers
 * @since 0.1.0
 */
export const statistics = <A, E>(self: Pool<A, E>): Effect.Effect<Statistics> => {
  const state = stateOf("Pool.statistics", self)
  return Effect.sync(() => {
    return {
      idle: state.idle.length,
      leased: state.leased,
      opening: state.opening,
      validating: state.checking,
      closing: state.closing,
      min: state.options.min,
      max: state.options.max,
      holders: holders(state),
      waiting: state.queue.names(),
      maxWaiting: state.queue.maxLength
    }
  })
}
