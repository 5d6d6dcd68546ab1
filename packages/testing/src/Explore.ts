/**
 * Runs a program under many schedules and tells of the first that goes wrong: deadlock, failure, leak, broken
 * invariant, livelock. Deterministic, on a clock that jumps, and replayable from a short seed.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import { explore } from "./internal/explorer.ts"
import type { Settings } from "./internal/explorer.ts"
import { machineOf } from "./internal/machine.ts"
import {
  isOptions,
  misuse,
  mustBeCount,
  mustBeFunction,
  mustBeLeaks,
  mustBeOneOf,
  mustBeOptions
} from "./internal/misuse.ts"
import { indent, printProblem } from "./internal/problem.ts"
import type { Problem, Step } from "./internal/problem.ts"
import * as Seeds from "./internal/seed.ts"

export type { Problem, Step }

/**
 * @category models
 * @since 0.1.0
 */
export interface Options<A = unknown, E = unknown> {
  /** How many schedules to try. Default 500. */
  readonly schedules?: number | undefined
  /** Stops earlier when this much real time has passed. */
  readonly timeLimit?: Duration.Input | undefined
  /** Default "mix". */
  readonly strategy?: "random" | "pct" | "dfs" | "mix" | undefined
  /** Preempt where a fiber resumes (default, sound), or at every run-loop operation (over-approximates). */
  readonly mode?: "resumes" | "ops" | undefined
  /** Also interrupt the program at the places where it is parked. Default false. */
  readonly interrupts?: boolean | undefined
  /** Replay exactly this schedule. The environment variable SKEIN_SEED does the same. */
  readonly seed?: string | undefined
  /** Judges the exit of an uninterrupted run. Default: it must be a success. */
  readonly accept?: ((exit: Exit.Exit<A, E>) => boolean) | undefined
  /**
   * Whether what outlives the program is a `Leak`, or which kinds of it: fibers, what it took of Skein's locks, permits and
   * leases, Effect scopes that it was to close. Default true: all of them.
   */
  readonly leaks?: boolean | ReadonlyArray<"fibers" | "held" | "scopes"> | undefined
  /** Scheduling steps after which a run counts as a livelock. Default 20,000. */
  readonly maxSteps?: number | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Report {
  readonly schedules: number
  readonly distinct: number
  /** True when depth-first search saw every schedule within its bound. */
  readonly exhausted: boolean
  readonly interruptions: number
}

/**
 * A schedule under which the program goes wrong. `message` shows the problem, the interleaving step by step, who waits on
 * what, and how to replay it.
 *
 * @category errors
 * @since 0.1.0
 */
export class ExploreFailure extends Data.TaggedError("ExploreFailure")<{
  readonly seed: string
  readonly problem: Problem
  readonly trace: ReadonlyArray<Step>
  readonly preemptions: number
  readonly schedules: number
}> {
  override get message(): string {
    const parts = [printProblem(this.problem)]
    if (this.trace.length > 0) parts.push(`${headline(this)}\n${indent(printTrace(this.trace))}`)
    if (this.seed !== "")
      parts.push(`replay: SKEIN_SEED='${this.seed}', or Explore.replay(program, "${this.seed}")`)
    return parts.join("\n\n")
  }
}

const headline = ({ preemptions, schedules }: ExploreFailure): string =>
  `interleaving (schedule ${schedules}, ${preemptions} preemption${preemptions === 1 ? "" : "s"}):`

const printTrace = (trace: ReadonlyArray<Step>): string => {
  const fiberWidth = Math.max(...trace.map((step) => step.fiber.length))
  const sources = trace.map((step) => Option.getOrElse(step.source, () => ""))
  const sourceWidth = Math.max(...sources.map((source) => source.length))
  return trace
    .map((step, i) =>
      [
        String(i + 1).padStart(String(trace.length).length),
        step.fiber.padEnd(fiberWidth),
        sources[i]!.padEnd(sourceWidth),
        step.operation
      ]
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

/**
 * Runs the program under up to `schedules` schedules and succeeds when it does what it should under all of them.
 *
 * **Shape / units** The thunk makes the program anew for each schedule, with all its state.
 *
 * **Errors** `ExploreFailure` with the first problem found.
 *
 * **Ordering** The same program, options and version of this library try the same schedules in the same order.
 *
 * @category operations
 * @since 0.1.0
 */
export const run: {
  <A, E>(
    options: Options<A, E>
  ): (program: () => Effect.Effect<A, E>) => Effect.Effect<Report, ExploreFailure>
  <A, E>(program: () => Effect.Effect<A, E>, options?: Options<A, E>): Effect.Effect<Report, ExploreFailure>
} = dual(
  (args) => args.length === 0 || !isOptions(args[0]),
  <A, E>(
    program: () => Effect.Effect<A, E>,
    options: Options<A, E> = {}
  ): Effect.Effect<Report, ExploreFailure> =>
    Effect.flatMap(
      Effect.promise((signal) => {
        mustBeFunction(where, "program", program, "a function that makes the program anew")
        return explore(program, settingsOf(options), signal)
      }),
      (result) =>
        result._tag === "Passed"
          ? Effect.succeed(result.summary)
          : Effect.fail(new ExploreFailure(result.found))
    )
)

/**
 * Runs the program under the one schedule of a seed that a failure printed.
 *
 * **Errors** `ExploreFailure` when the problem shows again. A seed that is none dies.
 *
 * @category operations
 * @since 0.1.0
 */
export const replay = <A, E>(
  program: () => Effect.Effect<A, E>,
  seed: string,
  options?: Options<A, E>
): Effect.Effect<Report, ExploreFailure> =>
  Effect.suspend(() => {
    if (typeof seed !== "string") throw misuse("Explore.replay", "seed", aSeed, seed)
    return run(program, { ...options, seed })
  })

/**
 * Has the predicate checked at every step from here on, and after the last; false or a throw is `InvariantBroken`. Does
 * nothing outside an explored program.
 *
 * @category in an explored program
 * @since 0.1.0
 */
export const always = (predicate: () => boolean | void): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    mustBeFunction("Explore.always", "predicate", predicate)
    machineOf(fiber)?.invariants.push(predicate)
    return Effect.void
  })

/**
 * Names the fiber that runs the effect, for traces, and lets interruptions hit it. Skein's tasks have their names. Does
 * nothing outside an explored program.
 *
 * @category in an explored program
 * @since 0.1.0
 */
export const named: {
  (name: string): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, name: string): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, name: string): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    if (typeof name !== "string" || name === "")
      throw misuse("Explore.named", "name", "a non-empty string", name)
    machineOf(fiber)?.name(fiber, name)
    return self
  })
)

/**
 * Lets the explorer choose one of the values, for programs that branch on more than the schedule. The first one outside an
 * explored program.
 *
 * @category in an explored program
 * @since 0.1.0
 */
export const choose = <const A>(values: readonly [A, ...Array<A>]): Effect.Effect<A> =>
  Effect.withFiber((fiber) => {
    if (!Array.isArray(values) || values.length === 0) {
      throw misuse("Explore.choose", "values", "a list of at least one", values)
    }
    const machine = machineOf(fiber)
    return Effect.succeed(machine === undefined ? values[0] : machine.choose(fiber, values))
  })

/**
 * Goes on when every other fiber is blocked, before time passes. Outside an explored program it yields once.
 *
 * @category in an explored program
 * @since 0.1.0
 */
export const waitAllBlocked: Effect.Effect<void> = Effect.withFiber((fiber) => {
  const machine = machineOf(fiber)
  if (machine === undefined) return Effect.yieldNow
  return Effect.callback<void>((resume) => Effect.sync(machine.whenIdle(fiber, () => resume(Effect.void))))
})

const where = "Explore.run"
const aSeed = "one that a failure printed"
const leakKinds = ["fibers", "held", "scopes"] as const

const settingsOf = <A, E>(options: Options<A, E>): Settings => {
  mustBeOptions(where, "options", options)
  const { accept = Exit.isSuccess, interrupts = false, leaks = true, maxSteps = 20_000 } = options
  const { mode = "resumes", schedules = 500, strategy = "mix", timeLimit } = options
  mustBeCount(where, "schedules", schedules)
  mustBeCount(where, "maxSteps", maxSteps)
  mustBeOneOf(where, "mode", ["resumes", "ops"], mode)
  mustBeOneOf(where, "strategy", ["random", "pct", "dfs", "mix"], strategy)
  mustBeOneOf(where, "interrupts", [true, false], interrupts)
  mustBeFunction(where, "accept", accept)
  mustBeLeaks(where, leakKinds, leaks)
  return {
    schedules,
    timeLimit: timeLimit === undefined ? Number.POSITIVE_INFINITY : millisOf(timeLimit),
    strategy,
    mode,
    interrupts,
    seed: seedOf(options.seed ?? seedOfEnvironment()),
    accept,
    leaks: leaksOf(leaks),
    limits: { steps: maxSteps, operations: 200_000 }
  }
}

const millisOf = (timeLimit: Duration.Input): number => {
  const duration = Option.getOrUndefined(Duration.fromInput(timeLimit))
  if (duration === undefined) throw misuse(where, "timeLimit", "a duration", timeLimit)
  return Duration.toMillis(duration)
}

const seedOf = (text: string | undefined): Settings["seed"] => {
  if (text === undefined) return undefined
  const seed = typeof text === "string" ? Seeds.parse(text) : undefined
  if (seed === undefined) throw misuse(where, "seed", aSeed, text)
  return seed
}

const leaksOf = (leaks: NonNullable<Options["leaks"]>): Settings["leaks"] => {
  const looksFor = (kind: "fibers" | "held" | "scopes") =>
    typeof leaks === "boolean" ? leaks : leaks.includes(kind)
  return { fibers: looksFor("fibers"), held: looksFor("held"), scopes: looksFor("scopes") }
}

const seedOfEnvironment = (): string | undefined => {
  const seed: unknown = (globalThis as any).process?.env?.SKEIN_SEED
  return typeof seed === "string" && seed !== "" ? seed : undefined
}
