/**
 * Interrupts an effect at each of its operations, one run for each, and checks after every run that nothing is
 * held and nothing lost. It is what stands behind the word "Cancel-safe".
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { AnyFiber } from "@skein/core/unstable/effect"
import { watch } from "@skein/core/unstable/holdings"
import { misuse, mustBeCount, mustBeEffect, mustBeFunction, mustBeOptions } from "./internal/misuse.ts"
import { printSource, SourceLines } from "./internal/sourceLines.ts"
import type { SourceLine } from "./internal/sourceLines.ts"
import { attempt } from "./internal/sweepAttempt.ts"
import type { Attempt, Point } from "./internal/sweepAttempt.ts"
import { World } from "./internal/world.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options<S, A, E, R> {
  /** Fresh state for each run. */
  readonly setup: Effect.Effect<S, never, R>
  /** Interrupted once at each of its operations. */
  readonly subject: (state: S) => Effect.Effect<A, E, R>
  /** Fails (or dies) where the state shows that something is held or lost. */
  readonly check: (state: S, exit: Exit.Exit<A, E>) => Effect.Effect<void, unknown, R>
  readonly teardown?: ((state: S) => Effect.Effect<void, never, R>) | undefined
  /**
   * Whether an interrupted subject that still holds a lock, permit or lease of Skein's after teardown is a failure.
   * Default true.
   */
  readonly leaks?: boolean | undefined
  /** A subject that takes more operations than this is refused as endless. Default 10,000. */
  readonly maxOperations?: number | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Report {
  /** How many points there were, and with that how often the subject was interrupted. */
  readonly operations: number
}

/**
 * Says at which operation the interruption came and what the check, the setup or the subject itself then did.
 *
 * @category errors
 * @since 0.1.0
 */
export class InterruptSweepFailure extends Data.TaggedError("InterruptSweepFailure")<{
  /** The operation, counted from 0, at which the interruption came; how many there were where none came. */
  readonly at: number
  /** How the interrupted subject ended. */
  readonly exit: Exit.Exit<unknown, unknown>
  /** Why the check failed. */
  readonly cause: Cause.Cause<unknown>
  /** The line of source of the fiber that was parked there. */
  readonly where?: string | undefined
  /** False for the last run, which nobody interrupts. */
  readonly interrupted?: boolean | undefined
}> {
  override get message(): string {
    const { at, cause, exit, interrupted, where } = this
    const place = where === undefined ? "" : `, at ${where}`
    const complaint = cause.reasons.find((reason) => Cause.isDieReason(reason))?.defect
    const lines = [
      interrupted === false ? "without an interruption" : `interrupted at operation ${at}${place}`
    ]
    if (complaint instanceof Complaint) lines.push(complaint.message)
    else lines.push("the check failed:", indent(Cause.pretty(cause)))
    if (!(complaint instanceof DoesNotEnd)) {
      lines.push(
        `the ${interrupted === false ? "" : "interrupted "}subject ended with:`,
        indent(printEnding(exit))
      )
    }
    return lines.join("\n")
  }
}

/** What the sweep itself, and not the check, found fault with. */
class Complaint extends Error {}

class DoesNotEnd extends Complaint {}

const printEnding = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "success"
  return Cause.hasInterruptsOnly(exit.cause) ? "interruption" : Cause.pretty(exit.cause)
}

/**
 * Runs the subject again and again, interrupting it each time one point later, until it ends before the point is
 * reached, and checks after each run; the last, uninterrupted run is checked too.
 *
 * **Shape / units** Points are the run-loop operations of the subject and of all fibers forked below it, before
 * which the fiber is parked, and the moments between two tasks of the run queue, when all fibers are parked or
 * suspended. The interruption always goes to the fiber of the subject. One setup, check and teardown per point, so
 * the work grows with the square of the subject's operations.
 *
 * **Errors** `InterruptSweepFailure` for the first point at which the check fails, at which the subject does not end
 * although interrupted, at which the check does not end, or after which a subject that did not succeed still holds a
 * lock, permit or lease of Skein's. A defect of setup or teardown is passed on as it is.
 *
 * **Ordering** Everything runs on a clock of its own that jumps to the next timer when all fibers are blocked, and in a
 * queue of its own, first in first out: sleeps cost no time and the points are the same in every run. `TestClock.adjust`
 * works in it. A subject that waits for something that never comes is interrupted there, as the last point.
 *
 * @category operations
 * @since 0.1.0
 */
export const run = <S, A, E, R>(
  options: Options<S, A, E, R>
): Effect.Effect<Report, InterruptSweepFailure, R> =>
  Effect.contextWith((context: Context.Context<R>) =>
    Effect.flatten(
      Effect.promise((signal) => {
        validate(options)
        return sweep(options, context, signal)
      })
    )
  )

const validate = (options: Options<any, any, any, any>): void => {
  const where = "InterruptSweep.run"
  mustBeOptions(where, "options", options)
  mustBeEffect(where, "setup", options.setup)
  mustBeFunction(where, "subject", options.subject)
  mustBeFunction(where, "check", options.check)
  if (options.teardown !== undefined) mustBeFunction(where, "teardown", options.teardown)
  if (options.maxOperations !== undefined) mustBeCount(where, "maxOperations", options.maxOperations)
}

/** Real milliseconds to wait for a promise or a timer from outside before the subject counts as blocked. */
const grace = 50

/** Points after which the subject is run to its end once: one that has none would be found out after all of them. */
const fewPoints = 100

type Verdict = Exit.Exit<Report, InterruptSweepFailure>

const sweep = async <S, A, E, R>(
  options: Options<S, A, E, R>,
  context: Context.Context<R>,
  signal: AbortSignal
): Promise<Verdict> => {
  let points = 0
  for (const _tag of ["Operation", "Boundary"] as const) {
    for (let at = 0; !signal.aborted;) {
      if (points === fewPoints && _tag === "Operation") {
        const uninterrupted = { _tag, at: Number.POSITIVE_INFINITY }
        const [, verdict] = await judge(options, context, uninterrupted)
        if (verdict !== undefined) return located(options, context, uninterrupted, verdict)
      }
      const [attempted, verdict] = await judge(options, context, { _tag, at })
      if (verdict !== undefined) return located(options, context, { _tag, at }, verdict)
      if (attempted.hit === undefined) break
      points++
      at = attempted.hit + 1
    }
  }
  return Exit.succeed({ operations: points })
}

/** The same run once more, slowly, to tell where in the source the interruption comes. */
const located = async <S, A, E, R>(
  options: Options<S, A, E, R>,
  context: Context.Context<R>,
  point: Point,
  verdict: Verdict
): Promise<Verdict> => {
  const failure = Exit.isFailure(verdict)
    ? Option.getOrUndefined(Cause.findErrorOption(verdict.cause))
    : undefined
  if (failure === undefined) return verdict
  const sources = new SourceLines()
  let where: SourceLine | undefined
  await judge(options, context, point, (fiber) => {
    where =
      sources.ofFiber(fiber) ?? sources.ofOperation(fiber, undefined) ?? sources.ofFunction(options.subject)
  })
  sources.close()
  if (where === undefined) return verdict
  const { at, cause, exit, interrupted } = failure
  return Exit.fail(
    new InterruptSweepFailure({
      at,
      cause,
      exit,
      interrupted,
      where: `${printSource(where)}  ${where.text}`
    })
  )
}

/** One run from setup to teardown; a verdict only when it ends the sweep. */
const judge = async <S, A, E, R>(
  options: Options<S, A, E, R>,
  context: Context.Context<R>,
  point: Point,
  onHit?: (fiber: AnyFiber) => void
): Promise<readonly [Attempt<A, E>, Verdict | undefined]> => {
  const world = new World()
  const maxOperations = options.maxOperations ?? 10_000
  const state = await outcome(world, options.setup, context, "setup")
  if (Exit.isFailure(state)) return [notRun, Exit.failCause(state.cause)]
  let wrong: Error | undefined
  const subject = Effect.suspend(() => {
    const effect = options.subject(state.value)
    if (!Effect.isEffect(effect))
      wrong = misuse("InterruptSweep.run", "what subject returns", "an Effect", effect)
    return effect
  })
  const unwatch = options.leaks === false ? () => {} : watch(world.ledger)
  try {
    const attempted = await attempt({ world, context, subject, point, maxOperations, grace, onHit })
    world.ledger.recording = false
    if (wrong !== undefined) return [attempted, Exit.die(wrong)]
    return [attempted, await judgeEnding(world, options, context, state.value, attempted)]
  } finally {
    unwatch()
  }
}

const judgeEnding = async <S, A, E, R>(
  world: World,
  options: Options<S, A, E, R>,
  context: Context.Context<R>,
  state: S,
  attempted: Attempt<A, E>
): Promise<Verdict | undefined> => {
  const { ending, interrupted, operation } = attempted
  const failure = (exit: Exit.Exit<A, E>, cause: Cause.Cause<unknown>): Verdict =>
    Exit.fail(new InterruptSweepFailure({ at: operation, exit, cause, interrupted }))
  if (ending._tag === "Endless") {
    return Exit.die(new Error(endless(options.maxOperations ?? 10_000)))
  }
  if (ending._tag === "Stuck") {
    const cause = Cause.die(new DoesNotEnd("the subject does not end although interrupted: nothing can run"))
    return failure(Exit.interrupt(), cause)
  }
  const checked = await outcome(
    world,
    Effect.suspend(() => options.check(state, ending.exit)),
    context,
    "check"
  )
  if (options.teardown !== undefined) {
    const tornDown = await outcome(world, options.teardown(state), context, "teardown")
    if (Exit.isFailure(tornDown) && Exit.isSuccess(checked)) return Exit.failCause(tornDown.cause)
  }
  if (Exit.isFailure(checked)) return failure(ending.exit, checked.cause)
  if (Exit.isSuccess(ending.exit) || world.ledger.isBalanced) return undefined
  return failure(ending.exit, Cause.die(new Complaint(stillHeld(world.ledger.lines()))))
}

const notRun: Attempt<never, never> = {
  ending: { _tag: "Stuck" },
  hit: undefined,
  operation: 0,
  interrupted: false
}

const outcome = async <A, E, R>(
  world: World,
  effect: Effect.Effect<A, E, R>,
  context: Context.Context<R>,
  what: string
): Promise<Exit.Exit<A, E>> => {
  const fiber = world.fork(effect, context)
  const exit = await world.exitOf(fiber, grace)
  if (exit !== undefined) return exit
  fiber.interruptUnsafe()
  return Exit.die(new Complaint(`${what} does not end: it waits for something, and nothing can run`))
}

const endless = (maxOperations: number): string =>
  `InterruptSweep.run: the subject must end within maxOperations, ran more than ${maxOperations}`

const stillHeld = (lines: ReadonlyArray<string>): string =>
  ["the subject did not succeed, and still holds:", ...lines].join("\n  ")

const indent = (text: string): string => text.replace(/^/gm, "  ")
