import type { Machine } from "./machine.ts"
import type { Mode } from "./fiberRecord.ts"
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
  /** Every schedule there is, within the bound, was handed out. */
  readonly exhausted: boolean
}

/** The strategy that a seed stands for. @internal */
export const strategyOf = (seed: Seed): Strategy =>
  seed._tag === "Planned" ? new PlannedRun(seed.plan) : new RandomWalk(seed.number, seed.interruptSpan)

/**
 * Draws schedule after schedule. With interruptions, three runs of four are interrupted once, somewhere within the
 * longest run seen so far.
 *
 * @internal
 */
export class DrawnSearch implements Search {
  readonly exhausted = false
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
    // Without chance first: what goes wrong there needs no luck, and is the easiest to read.
    this.last =
      number === 0
        ? { _tag: "Planned", mode: this.mode, interrupts: false, plan: [] }
        : {
            _tag: "Drawn",
            strategy: this.strategy,
            mode: this.mode,
            number,
            interruptSpan: this.interrupts && number % 4 !== 0 ? this.opportunities : 0,
            choiceSpan: this.choices
          }
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
