/**
 * Runs an ordinary test on a clock that jumps to the next timer when everything is blocked, ends it when nothing can ever
 * go on, and tells what it leaves behind.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Scheduler from "effect/Scheduler"
import { watch as watchHoldings } from "@skein/core/unstable/holdings"
import { describeFiber, nameOfFiber } from "./internal/fiberNames.ts"
import { realTimers } from "./internal/guards.ts"
import {
  isOptions,
  misuse,
  mustBeEffect,
  mustBeFunction,
  mustBeLeaks,
  mustBeOptions
} from "./internal/misuse.ts"
import { Notes } from "./internal/notes.ts"
import { OpenScopes } from "./internal/openScopes.ts"
import { SourceLines } from "./internal/sourceLines.ts"
import { World, worldOf } from "./internal/world.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Whether what outlives the effect is a failure, or which kinds of it. Default true: all of them. */
  readonly leaks?: boolean | ReadonlyArray<LeakKind> | undefined
  /** How long, in real time, to wait for I/O or a promise before the effect counts as stuck. Default 1 second. */
  readonly grace?: Duration.Input | undefined
}

/**
 * What can be left behind: fibers that are alive; timers; what was taken of Skein's locks, semaphores, limiters, bulkheads
 * and pools; Effect scopes that were provided to something and not closed; what was given to {@link watch}.
 *
 * @category models
 * @since 0.1.0
 */
export type LeakKind = "fibers" | "timers" | "held" | "scopes" | "watched"

/**
 * Nothing can go on any more and the effect has not ended: a deadlock, or a wait for something that never comes.
 *
 * @category errors
 * @since 0.1.0
 */
export class Stuck extends Data.TaggedError("Stuck")<{
  /** Each fiber that waits, and where. */
  readonly waiting: ReadonlyArray<string>
}> {
  override get message(): string {
    return ["nothing can run, and the test has not ended:", ...this.waiting].join("\n  ")
  }
}

/**
 * The effect has ended and left something behind.
 *
 * @category errors
 * @since 0.1.0
 */
export class LeakFound extends Data.TaggedError("LeakFound")<{
  readonly what: ReadonlyArray<string>
}> {
  override get message(): string {
    return ["the test has ended and left behind:", ...this.what].join("\n  ")
  }
}

/**
 * Runs the effect on a clock of its own: when all its fibers are blocked, the clock moves on to the next timer.
 *
 * **When to use** For a test with sleeps, timeouts or retries in which nobody should have to say when time passes. Use
 * `TestClock` where the test is about a certain moment; `TestClock.adjust` works in here too.
 *
 * **Errors** Dies with `Stuck` when nothing can go on, and with `LeakFound` when something is left after the end (see
 * {@link LeakKind}); what can still run then is run first, time does not pass. Only what its own fibers took or were given
 * counts, so a resource that was there before may outlive it.
 *
 * **Cancellation** Cancel-safe: the effect is interrupted and awaited.
 *
 * **Ordering** Fibers are run first in, first out, as by Effect's own scheduler. Before time passes, promises that are
 * settled already are waited for; slower I/O has to be awaited before a timeout is set around it.
 *
 * @category operations
 * @since 0.1.0
 */
export const run: {
  (options?: Options): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(effect: Effect.Effect<A, E, R>, options?: Options): Effect.Effect<A, E, R>
} = dual(
  (args) => args.length > 1 || (args[0] !== undefined && !isOptions(args[0])),
  <A, E, R>(effect: Effect.Effect<A, E, R>, options: Options = {}): Effect.Effect<A, E, R> =>
    Effect.contextWith((context: Context.Context<R>) =>
      Effect.callback<A, E>((resume) => {
        mustBeEffect(where, "effect", effect)
        const grace = graceOf(options)
        const timersBefore = realTimers()
        const notes = new Notes()
        const world = new World(notes.note)
        world.scopes = new OpenScopes(notes.note)
        world.scopes.exclude(context as Context.Context<never>)
        const unwatch = watchHoldings(world.ledger)
        const fiber = world.fork(effect, context)
        const driving = drive(world, fiber, { ...options, grace }, timersBefore).finally(() => {
          unwatch()
          notes.close()
        })
        driving.then(resume)
        return Effect.promise(() => {
          fiber.interruptUnsafe()
          return driving
        })
      })
    )
)

/**
 * Has a number checked at the end of `run`: it must be what it is now. For what no one else can count: permits of
 * Effect's own `Semaphore`, open handles. Does nothing outside `run`.
 *
 * **Example** `yield* VirtualTime.watch("free permits", () => free)`
 *
 * @category operations
 * @since 0.1.0
 */
export const watch = (name: string, read: () => number): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    mustBeFunction("VirtualTime.watch", "read", read)
    worldOf(fiber.getRef(Scheduler.Scheduler))?.watched.push({ name, read, before: read() })
    return Effect.void
  })

const where = "VirtualTime.run"

/** Of options that make sense, in milliseconds. */
const graceOf = (options: Options): number => {
  mustBeOptions(where, "options", options)
  const { grace = "1 second", leaks = true } = options
  mustBeLeaks(where, kinds, leaks)
  const duration = Option.getOrUndefined(Duration.fromInput(grace))
  if (duration === undefined) throw misuse(where, "grace", "a duration", grace)
  return Duration.toMillis(duration)
}

const drive = async <A, E>(
  world: World,
  fiber: Fiber.Fiber<A, E>,
  { grace, leaks = true }: Options & { readonly grace: number },
  timersBefore: number
): Promise<Exit.Exit<A, E>> => {
  const exit = await world.exitOf(fiber, grace)
  if (exit === undefined) {
    const stuck = withoutStack(new Stuck({ waiting: waiting(world) }))
    fiber.interruptUnsafe()
    await world.exitOf(fiber, 0)
    return Exit.die(stuck)
  }
  if (leaks === false || Exit.isFailure(exit)) return exit
  world.settle()
  const what = (leaks === true ? kinds : leaks).flatMap((kind) => leftBehind[kind](world, timersBefore))
  return what.length === 0 ? exit : Exit.die(withoutStack(new LeakFound({ what })))
}

/** It would show this file. */
const withoutStack = <E extends Error>(error: E): E => {
  error.stack = `${error.name}: ${error.message}`
  return error
}

const waiting = (world: World): ReadonlyArray<string> => {
  const alive = [...world.fibers].filter((fiber) => fiber.pollUnsafe() === undefined)
  if (alive.length === 0) return []
  const sources = new SourceLines()
  const [root] = world.fibers
  const nameOf = (fiber: Fiber.Fiber<unknown, unknown>) => (fiber === root ? "root" : nameOfFiber(fiber))
  const lines = alive.map((fiber) => describeFiber(sources, fiber, nameOf(fiber)))
  sources.close()
  return lines
}

const kinds: ReadonlyArray<LeakKind> = ["fibers", "timers", "held", "scopes", "watched"]

const leftBehind: Readonly<Record<LeakKind, (world: World, timersBefore: number) => ReadonlyArray<string>>> =
  {
    fibers: (world) => waiting(world),
    timers: (world, timersBefore) => timersOf(world, timersBefore),
    held: (world) => world.ledger.lines(),
    scopes: (world) => world.scopes?.lines() ?? [],
    watched: (world) =>
      world.watched.flatMap(({ before, name, read }) => {
        const after = read()
        return after === before ? [] : `${name}: ${after}, was ${before}`
      })
  }

const timersOf = (world: World, timersBefore: number): ReadonlyArray<string> => {
  const lines = world.clock.pending
    .filter((timer) => timer.fiber === undefined || timer.fiber.pollUnsafe() !== undefined)
    .map((timer) => `a timer at ${timer.at} ms that no fiber waits for`)
  const timers = realTimers() - timersBefore
  if (timers > 0) lines.push(`${timers} real timer${timers === 1 ? "" : "s"}`)
  return lines
}
