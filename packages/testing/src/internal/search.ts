import { DepthFirst } from "./dfs.ts"
import type { Mode } from "./fiberRecord.ts"
import type { Machine } from "./machine.ts"
import { PriorityWalk } from "./pct.ts"
import { PlannedRun } from "./plan.ts"
import type { DrawnStrategy, Seed } from "./seed.ts"
import type { Strategy } from "./strategy.ts"
import { RandomWalk } from "./strategy.ts"

/** Which schedules to try, one after the other. @internal */
export interface Search {
  /** The next one; undefined when there is none left. */
  next(): Strategy | undefined
  /** The one handed out last, made again. */
  again(): Strategy
  /** What the run of the one handed out last was like. */
  learn(machine: Machine): void
  /** How to make the one handed out last again from text, if that is short. */
  seed(): Seed | undefined
  /** Every schedule within the bound was handed out. */
  readonly exhausted: boolean
  /** Every schedule there is was handed out: there is nothing left to try. */
  readonly complete: boolean
}

/** The most preemptions that depth-first search tries. */
const maxPreemptions = 2

/** @internal */
export const searchOf = (
  strategy: "random" | "pct" | "dfs" | "mix",
  mode: Mode,
  interrupts: boolean
): Search => {
  switch (strategy) {
    case "dfs":
      return new DepthFirst(maxPreemptions)
    case "mix":
      return new Mixed([
        new DrawnSearch("random", mode, interrupts),
        new DepthFirst(maxPreemptions),
        new DrawnSearch("pct", mode, interrupts)
      ])
    default:
      return new DrawnSearch(strategy, mode, interrupts)
  }
}

/** The strategy that a seed stands for. @internal */
export const strategyOf = (seed: Seed): Strategy => {
  if (seed._tag === "Planned") return new PlannedRun(seed.plan)
  return seed.strategy === "pct"
    ? new PriorityWalk(seed.number, seed.choiceSpan, seed.interruptSpan)
    : new RandomWalk(seed.number, seed.interruptSpan)
}

/**
 * Draws schedule after schedule. With interruptions, three runs of four are interrupted once, somewhere within the
 * longest run seen so far.
 *
 * @internal
 */
export class DrawnSearch implements Search {
  readonly exhausted = false
  readonly complete = false
  private readonly strategy: DrawnStrategy
  private readonly mode: Mode
  private readonly interrupts: boolean
  private number = 0
  private opportunities = 0
  private choices = 0
  private last: Seed | undefined = undefined

  constructor(strategy: DrawnStrategy, mode: Mode, interrupts: boolean) {
    this.strategy = strategy
    this.mode = mode
    this.interrupts = interrupts
  }

  next(): Strategy {
    const number = this.number++
    const { choices, mode, opportunities, strategy } = this
    const interruptSpan = this.interrupts && number % 4 !== 0 ? opportunities : 0
    // Without chance first: what goes wrong there needs no luck, and is the easiest to read.
    this.last =
      number === 0
        ? { _tag: "Planned", mode, interrupts: false, plan: [] }
        : { _tag: "Drawn", strategy, mode, number, interruptSpan, choiceSpan: choices }
    return this.again()
  }

  again(): Strategy {
    return strategyOf(this.last!)
  }

  learn(machine: Machine): void {
    if (machine.interrupted === undefined && machine.opportunities > this.opportunities) {
      this.opportunities = machine.opportunities
    }
    if (machine.choices > this.choices) this.choices = machine.choices
  }

  seed(): Seed {
    return this.last!
  }
}

/** Several in turn, until the first of them has seen everything. @internal */
export class Mixed implements Search {
  private readonly searches: ReadonlyArray<Search>
  private turn = -1

  constructor(searches: ReadonlyArray<Search>) {
    this.searches = searches
  }

  get exhausted(): boolean {
    return this.searches.some((search) => search.exhausted)
  }
  get complete(): boolean {
    return this.searches.some((search) => search.complete)
  }

  next(): Strategy | undefined {
    for (const _ of this.searches) {
      this.turn = (this.turn + 1) % this.searches.length
      const strategy = this.current.next()
      if (strategy !== undefined) return strategy
    }
    return undefined
  }

  again(): Strategy {
    return this.current.again()
  }

  learn(machine: Machine): void {
    this.current.learn(machine)
  }

  seed(): Seed | undefined {
    return this.current.seed()
  }

  private get current(): Search {
    return this.searches[this.turn]!
  }
}
