/**
 * Blocking or CPU-bound functions in worker threads, called as typed Effects.
 *
 * A thread survives a throw, `process.exit` and running out of its heap; a crash of native code takes the process with
 * it. What may crash belongs into a child process.
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { availableParallelism } from "node:os"
import type { MessagePort, ResourceLimits } from "node:worker_threads"

import * as validate from "./internal/validate.ts"
import type { Ended, Call as Running } from "./internal/offload/call.ts"
import * as current from "./internal/offload/current.ts"
import { Pool } from "./internal/offload/pool.ts"
import { abortReasonOf } from "./internal/offload/reason.ts"
import { resolveModule } from "./internal/resolve.ts"

/**
 * Why a call failed.
 *
 * @category errors
 * @since 0.1.0
 */
export type Failure =
  /** The function threw; errors keep name, message, stack, `_tag` and own fields, and the built-in class they are of. */
  | { readonly _tag: "Thrown"; readonly error: unknown }
  /** Arguments or result cannot be cloned. */
  | { readonly _tag: "NotTransferable"; readonly error: unknown }
  /** The thread ended under the call: `process.exit`, out of memory, an uncaught exception, the scope closed. */
  | { readonly _tag: "WorkerExited"; readonly exitCode: number; readonly error?: unknown }
  /** The module cannot be imported, or has no function of that name. */
  | { readonly _tag: "ModuleNotLoaded"; readonly error: unknown }

const messageOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error)

const describe = (reason: Failure): string => {
  switch (reason._tag) {
    case "Thrown":
      return `threw ${messageOf(reason.error)}`
    case "NotTransferable":
      return `arguments or result cannot be cloned: ${messageOf(reason.error)}`
    case "WorkerExited":
      return `its worker exited with code ${reason.exitCode}${reason.error === undefined ? "" : `: ${messageOf(reason.error)}`}`
    case "ModuleNotLoaded":
      return `cannot be loaded: ${messageOf(reason.error)}`
  }
}

/**
 * A call of an offloaded function failed.
 *
 * @category errors
 * @since 0.1.0
 */
export class OffloadError extends Data.TaggedError("OffloadError")<{
  readonly module: string
  readonly function: string
  readonly reason: Failure
}> {
  override get message(): string {
    return `${this.function} of ${this.module} ${describe(this.reason)}`
  }
}

/**
 * Every exported function as an Effect; classes and values are left out.
 *
 * @category models
 * @since 0.1.0
 */
export type Functions<M> = {
  readonly [K in keyof M as M[K] extends (...args: any) => any ? K : never]: M[K] extends (
    ...args: infer Args
  ) => infer T
    ? (...args: Args) => Effect.Effect<Awaited<T>, OffloadError>
    : never
}

/**
 * How many threads, and how long they last.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** At most so many, each with one call at a time. Default: `availableParallelism() - 1`, at least 1. */
  readonly workers?: number | undefined
  /** Started at once and kept. Default 0. */
  readonly minWorkers?: number | undefined
  /** How long a cancelled call may take to notice before its worker is terminated. Default 1 second. */
  readonly grace?: Duration.Input | undefined
  /** A worker without a call for so long ends. Default 30 seconds. */
  readonly idleTimeToLive?: Duration.Input | undefined
  /** Of the threads, as debuggers show it. */
  readonly name?: string | undefined
  /** Heap and stack of one worker. */
  readonly resourceLimits?: ResourceLimits | undefined
}

/**
 * Marks what is moved instead of copied and hands the value back.
 *
 * **When to use**: around an argument, `hash(Offload.transfer(bytes, [bytes.buffer]))`, or around a result in the worker.
 * What was moved is empty on the side it came from.
 *
 * **Errors**: throws for a value that is no object.
 *
 * @category operations
 * @since 0.1.0
 */
export const transfer: <A>(value: A, list: ReadonlyArray<ArrayBuffer | MessagePort>) => A = current.transfer

/**
 * In worker code: the signal that aborts when the caller is cancelled. Its `reason` is an `AbortError` with the caller's
 * cancel reason as plain data.
 *
 * **When to use**: hand it to what takes a signal, or look at `aborted` in a loop; that works also in a loop that never
 * awaits. Ask for it before the first `await`. A worker that imports `@skein/node/worker` instead of the whole package
 * starts faster.
 *
 * **Errors**: throws outside an offloaded call.
 *
 * @category operations
 * @since 0.1.0
 */
export const currentSignal: () => AbortSignal = current.currentSignal

/**
 * The functions of a module as Effects that run in worker threads, which live as long as the scope.
 *
 * **When to use**: for work that would block the event loop longer than copying its arguments and result takes: from
 * about a millisecond on. Many small pieces pay when they go in one call.
 *
 * **Shape / units**: a `.ts` URL that is absent or lies under node_modules resolves to its `.js` sibling, so that the same
 * line works from source and when published. Calls beyond the number of workers wait, first come, first served.
 *
 * **Errors**: {@link OffloadError} for its own call alone; a worker that ended is replaced. When no worker can load the
 * module, all calls that wait fail with `ModuleNotLoaded`.
 *
 * **Cancellation**: *Cancel-safe* while the call waits for a worker. Once it runs: *Completes anyway*, bounded: the worker
 * sees {@link currentSignal} abort, and is terminated after `grace`; the caller's interruption ends with the call.
 *
 * **Cost**: about 20 microseconds a call beyond the copying; a thread takes about 40 ms to start and some 10 MB.
 *
 * **Example**: `examples/20-offload.ts`
 *
 * @category constructors
 * @since 0.1.0
 */
export const module = <M>(url: URL, options?: Options): Effect.Effect<Functions<M>, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => makePool(url, options)),
      (pool) => Effect.callback<void>((resume) => pool.close(() => resume(Effect.void)))
    ),
    (pool) => functionsOf(pool, url.href) as Functions<M>
  )

const makePool = (url: URL, options: Options = {}): Pool => {
  const where = "Offload.module"
  if (!(url instanceof URL))
    throw new validate.InvalidArgument(`${where}: url must be a URL, got ${String(url)}`)
  const workers = validate.integer(
    where,
    "workers",
    options.workers ?? Math.max(1, availableParallelism() - 1),
    1
  )
  const minWorkers = validate.integer(where, "minWorkers", options.minWorkers ?? 0, 0)
  if (minWorkers > workers) {
    throw new validate.InvalidArgument(
      `${where}: minWorkers must be at most workers (${workers}), got ${minWorkers}`
    )
  }
  return new Pool({
    module: resolveModule(url).href,
    name: options.name ?? url.pathname.slice(url.pathname.lastIndexOf("/") + 1),
    workers,
    minWorkers,
    grace: validate.millis(where, "grace", options.grace ?? "1 second"),
    idleTimeToLive: validate.millis(where, "idleTimeToLive", options.idleTimeToLive ?? "30 seconds"),
    resourceLimits: options.resourceLimits
  })
}

type Call = (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, OffloadError>

/** What the exports are is known to the compiler and to the worker; here every name is taken for a function. */
const functionsOf = (pool: Pool, module: string): object =>
  new Proxy<Record<string, Call>>(Object.create(null), {
    get(known, name) {
      // Asked of any value: by `await`, and by Effect for its own kinds.
      if (typeof name !== "string" || name === "then" || name.startsWith("~")) return undefined
      return (known[name] ??= (...args) => call(pool, module, name, args))
    }
  })

const call = (
  pool: Pool,
  module: string,
  name: string,
  args: ReadonlyArray<unknown>
): Effect.Effect<unknown, OffloadError> =>
  Effect.suspend(() => {
    let running: Running | undefined
    return Effect.onExit(
      Effect.callback<unknown, OffloadError>((resume) => {
        running = pool.submit(name, args, (ended) => resume(toEffect(module, name, ended)))
      }),
      (exit) =>
        running === undefined || running.state === "ended" ? Effect.void : cancel(pool, running, exit)
    )
  })

/** Ends when the call has ended. */
const cancel = (pool: Pool, running: Running, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (!pool.cancel(running, abortReasonOf(exit), () => resume(Effect.void))) resume(Effect.void)
  })

const toEffect = (module: string, name: string, ended: Ended): Effect.Effect<unknown, OffloadError> =>
  ended._tag === "Returned"
    ? Effect.succeed(ended.value)
    : Effect.fail(new OffloadError({ module, function: name, reason: ended }))
