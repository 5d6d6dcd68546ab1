import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { AnyFiber } from "@skein/core/unstable/effect"
import { describeFiber, nameOf } from "./fiberNames.ts"
import { guarded } from "./guards.ts"
import type { Kinds } from "./leftBehind.ts"
import { Machine } from "./machine.ts"
import { misuse } from "./misuse.ts"
import type { Ending, FiberRecord, Limits, Mode } from "./fiberRecord.ts"
import { PlannedRun, preemptionsOf, Recorded } from "./plan.ts"
import { signatureOf } from "./problem.ts"
import type { Problem, Step } from "./problem.ts"
import { searchOf, strategyOf } from "./search.ts"
import type { Search } from "./search.ts"
import type { Seed } from "./seed.ts"
import * as Seeds from "./seed.ts"
import { shrink } from "./shrink.ts"
import { printSource, SourceLines } from "./sourceLines.ts"
import type { Strategy } from "./strategy.ts"
import { Tracing } from "./tracing.ts"

/** @internal */
export interface Settings {
  readonly schedules: number
  /** Milliseconds of real time. */
  readonly timeLimit: number
  readonly strategy: "random" | "pct" | "dfs" | "mix"
  readonly mode: Mode
  readonly interrupts: boolean
  readonly seed: Seed | undefined
  readonly leaks: Kinds
  readonly accept: (exit: Exit.Exit<any, any>) => boolean
  readonly limits: Limits
}

/** @internal */
export interface Found {
  readonly seed: string
  readonly problem: Problem
  readonly trace: ReadonlyArray<Step>
  readonly preemptions: number
  readonly schedules: number
}

/** @internal */
export interface Summary {
  readonly schedules: number
  readonly distinct: number
  readonly exhausted: boolean
  readonly interruptions: number
}

/** @internal */
export type Result =
  | { readonly _tag: "Passed"; readonly summary: Summary }
  | { readonly _tag: "Failed"; readonly found: Found }

/** Milliseconds of one uninterrupted batch of runs, so that timers and reporters of the process get their turn. */
const slice = 20

/** Runs that shrinking a failure may take. */
const shrinkBudget = 3_000

/** Milliseconds to wait for something from outside before what is blocked counts as a deadlock. */
const grace = 20

/** Tries schedules until one shows a problem, or none is left. @internal */
export const explore = async (
  program: () => Effect.Effect<any, any>,
  settings: Settings,
  signal: AbortSignal
): Promise<Result> => new Explorer(program, settings).run(signal)

class Explorer {
  private readonly program: () => Effect.Effect<any, any>
  private readonly settings: Settings
  private readonly mode: Mode
  private readonly machine: Machine
  private readonly distinct = new Set<number>()
  private schedules = 0
  private interruptions = 0
  /** There is no schedule left to try. */
  private ranOut = false

  constructor(program: () => Effect.Effect<any, any>, settings: Settings) {
    this.program = program
    this.settings = settings
    this.mode = settings.seed?.mode ?? settings.mode
    this.machine = this.makeMachine()
  }

  async run(signal: AbortSignal): Promise<Result> {
    const { seed } = this.settings
    const search = seed === undefined ? this.search() : new Single(seed)
    const unsteady = this.checkSteadiness(seed === undefined ? this.search() : search)
    if (unsteady !== undefined) return this.failed("", [], unsteady, 0)
    const end = performance.now() + this.settings.timeLimit
    while (!signal.aborted) {
      const problem = this.guarded(() => this.batch(search, end))
      if (problem !== undefined) return this.report(search, await this.confirmed(problem))
      await nextMacrotask()
      if (this.machine.foreign !== undefined)
        return this.failed("", [], nondeterminism(this.machine.foreign), 0)
      if (this.schedules >= this.limit() || performance.now() >= end) break
      if (search.complete || this.ranOut) break
    }
    return { _tag: "Passed", summary: this.summary(search) }
  }

  private limit(): number {
    return this.settings.seed === undefined ? this.settings.schedules : 1
  }

  private search(): Search {
    return searchOf(this.settings.strategy, this.mode, this.settings.interrupts)
  }

  private summary(search: Search): Summary {
    return {
      schedules: this.schedules,
      distinct: this.distinct.size,
      exhausted: search.exhausted,
      interruptions: this.interruptions
    }
  }

  private batch(search: Search, end: number): Problem | undefined {
    const limit = this.limit()
    const stop = Math.min(end, performance.now() + slice)
    while (this.schedules < limit) {
      const strategy = search.complete ? undefined : search.next()
      if (strategy === undefined) {
        this.ranOut = true
        return undefined
      }
      const problem = this.attempt(strategy)
      const machine = this.machine
      search.learn(machine)
      this.schedules++
      if (machine.interrupted !== undefined) this.interruptions++
      this.distinct.add((machine.hashA >>> 0) * 0x200000 + (machine.hashB >>> 11))
      if (problem !== undefined) return problem
      if (performance.now() >= stop) return undefined
    }
    return undefined
  }

  /** One run, judged. */
  private attempt(strategy: Strategy, machine = this.machine): Problem | undefined {
    const interrupts =
      this.settings.seed === undefined ? this.settings.interrupts : Seeds.interruptsOf(this.settings.seed)
    return this.judge(machine.execute(this.program, strategy, interrupts), machine)
  }

  private judge(ending: Ending, machine: Machine): Problem | undefined {
    switch (ending._tag) {
      case "Exited": {
        if (!this.accepts(ending.exit, machine)) return { _tag: "Rejected", exit: ending.exit }
        if (ending.leaks.length === 0 && machine.leftBehind.isEmpty) return undefined
        return { _tag: "Leak", what: [...ending.leaks.map(nameOf), ...machine.leftBehind.lines()] }
      }
      case "Blocked":
        return { _tag: "Deadlock", waiting: [] }
      case "Livelock":
        return { _tag: "Livelock", steps: ending.steps }
      case "Broken":
        return { _tag: "InvariantBroken", cause: ending.cause }
      case "Foreign":
        return nondeterminism(ending.where)
    }
  }

  private accepts(exit: Exit.Exit<unknown, unknown>, machine: Machine): boolean {
    if (machine.interrupted === undefined) {
      const accepted: unknown = this.settings.accept(exit)
      // Truthy whatever comes of it.
      if (accepted instanceof Promise || Effect.isEffect(accepted)) {
        throw misuse("Explore.run", "what accept returns", "true or false", accepted)
      }
      return Boolean(accepted)
    }
    return Exit.isSuccess(exit) || exit.cause.reasons.every((reason) => reason._tag === "Interrupt")
  }

  /** What is blocked may wait for something outside: gives it the time to show. */
  private async confirmed(problem: Problem): Promise<Problem> {
    if (problem._tag !== "Deadlock") return problem
    const start = performance.now()
    for (let turns = 0; turns < 5 || performance.now() - start < grace; turns++) {
      await nextMacrotask()
      if (this.machine.foreign !== undefined) return nondeterminism(this.machine.foreign)
    }
    return problem
  }

  /** The same schedule twice must be the same run; else nothing that is found could be shown again. */
  private checkSteadiness(search: Search): Problem | undefined {
    const first = this.guarded(() => this.fingerprint(search.next()!))
    if (first.problem?._tag === "Nondeterminism") return first.problem
    const second = this.guarded(() => this.fingerprint(search.again()))
    if (second.problem?._tag === "Nondeterminism") return second.problem
    return first.hash === second.hash ? undefined : unsteady(first.problem, second.problem)
  }

  private fingerprint(strategy: Strategy): { readonly problem: Problem | undefined; readonly hash: string } {
    const problem = this.attempt(strategy)
    const { hashA, hashB, operations, steps } = this.machine
    return { problem, hash: [hashA, hashB, operations, steps, problem && signatureOf(problem)].join() }
  }

  private report(search: Search, problem: Problem): Result {
    if (problem._tag === "Nondeterminism") return this.failed("", [], problem, 0)
    const recorded = new Recorded(search.again())
    const again = this.guarded(() => this.attempt(recorded))
    if (again === undefined || signatureOf(again) !== signatureOf(problem)) {
      return this.failed("", [], unsteady(problem, again), 0)
    }
    const expected = signatureOf(problem)
    const shows = (strategy: Strategy): boolean => {
      const shown = this.attempt(strategy)
      return shown !== undefined && signatureOf(shown) === expected
    }
    if (!this.guarded(() => shows(new PlannedRun(recorded.plan)))) {
      // The fibers cannot be told apart by how they were made: only the numbers make this schedule again.
      const seed = search.seed()
      return this.print(
        seed === undefined ? "" : Seeds.print(seed),
        () => search.again(),
        preemptionsOf(recorded.plan),
        expected
      )
    }
    const plan =
      this.settings.seed === undefined
        ? this.guarded(() => shrink({ plan: recorded.plan, shows, budget: shrinkBudget }))
        : recorded.plan
    const interrupts = plan.some((deviation) => deviation.kind === "Interrupt")
    const seed = this.settings.seed ?? { _tag: "Planned", mode: this.mode, interrupts, plan }
    return this.print(Seeds.print(seed), () => new PlannedRun(plan), preemptionsOf(plan), expected)
  }

  /** Runs the schedule once more, slowly, and writes down what it does. */
  private print(seed: string, strategy: () => Strategy, preemptions: number, expected: string): Result {
    const found = this.guarded(() => this.attempt(strategy()))
    const lines = new SourceLines()
    try {
      const tracing = new Tracing(lines, {
        length: lengthOf(this.machine),
        loops: found?._tag === "Livelock"
      })
      const machine = this.makeMachine(tracing)
      tracing.now = () => lengthOf(machine)
      const problem = this.guarded(() => this.attempt(strategy(), machine), machine)
      if (problem === undefined || signatureOf(problem) !== expected) {
        const where = `the schedule ${seed} shows ${expected} only while nobody looks`
        return this.failed(seed, tracing.steps, { _tag: "Nondeterminism", where }, preemptions)
      }
      return this.failed(seed, tracing.steps, described(problem, machine, lines), preemptions)
    } finally {
      lines.close()
    }
  }

  private failed(seed: string, trace: ReadonlyArray<Step>, problem: Problem, preemptions: number): Result {
    return { _tag: "Failed", found: { seed, problem, trace, preemptions, schedules: this.schedules } }
  }

  private makeMachine(observer?: Tracing): Machine {
    const { leaks, limits } = this.settings
    const describe = (record: FiberRecord | undefined, fiber: AnyFiber): string =>
      describeForeign(this.program, record, fiber)
    return new Machine({ mode: this.mode, limits, leaks, describe, observer })
  }

  private guarded<A>(f: () => A, machine = this.machine): A {
    return guarded((what) => machine.usesForeign(what), f)
  }
}

/** The one schedule of a seed. */
class Single implements Search {
  readonly exhausted = false
  readonly complete = false
  private readonly text: Seed
  constructor(seed: Seed) {
    this.text = seed
  }
  next(): Strategy {
    return this.again()
  }
  again(): Strategy {
    return strategyOf(this.text)
  }
  learn(): void {}
  seed(): Seed {
    return this.text
  }
}

const described = (problem: Problem, machine: Machine, lines: SourceLines): Problem => {
  const alive = (): ReadonlyArray<string> =>
    machine.fibers.alive.map((record) => describeFiber(lines, record.fiber, nameOf(record)))
  switch (problem._tag) {
    case "Deadlock":
      return { _tag: "Deadlock", waiting: alive() }
    case "Leak":
      return {
        _tag: "Leak",
        what: [...(machine.leaks.fibers ? alive() : []), ...machine.leftBehind.lines()]
      }
    default:
      return problem
  }
}

/** How far the run is, or how long it was. */
const lengthOf = (machine: Machine): number => machine.steps + machine.operations

const nondeterminism = (where: string): Problem => ({ _tag: "Nondeterminism", where })

const describeForeign = (
  program: () => unknown,
  record: FiberRecord | undefined,
  fiber: AnyFiber
): string => {
  const lines = new SourceLines()
  // Without a generator and a callback of its own there is still the program to point at.
  const source = lines.ofFiber(fiber) ?? lines.ofOperation(fiber, undefined) ?? lines.ofFunction(program)
  lines.close()
  const who = record === undefined ? "a fiber" : nameOf(record)
  return source === undefined ? who : `${who} at ${printSource(source)}  ${source.text}`
}

const unsteady = (first: Problem | undefined, second: Problem | undefined): Problem => ({
  _tag: "Nondeterminism",
  where: `the same schedule, run twice, ${differently(first, second)}: the program keeps state between runs, or uses chance or time from outside`
})

const differently = (first: Problem | undefined, second: Problem | undefined): string =>
  ended(first) === ended(second)
    ? `took other turns the second time, though it ended ${ended(first)} both times`
    : `ended ${ended(first)} first, and ${ended(second)} then`

const ended = (problem: Problem | undefined): string =>
  problem === undefined ? "well" : `in ${problem._tag}`

// Taken once: the guards replace the globals.
const { setImmediate } = globalThis
const nextMacrotask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
