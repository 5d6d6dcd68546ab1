import type { Search } from "./search.ts"
import type { Question, Strategy } from "./strategy.ts"
import { isPreemptive } from "./strategy.ts"

interface Decision {
  readonly n: number
  /** Costs nothing; all others cost one preemption if `preemptive`. */
  readonly preferred: number
  readonly preemptive: boolean
  choice: number
}

/** Follows a list of choices, then the preferred ones, and remembers all of them. */
class Following implements Strategy {
  readonly decisions: Array<Decision> = []
  private readonly prefix: ReadonlyArray<number>

  constructor(prefix: ReadonlyArray<number>) {
    this.prefix = prefix
  }

  decide(question: Question): number {
    return this.follow(question.n, question.preferred, isPreemptive(question))
  }

  interruptsHere(): boolean {
    return this.follow(2, 0, false) === 1
  }

  private follow(n: number, preferred: number, preemptive: boolean): number {
    const index = this.decisions.length
    const choice = index < this.prefix.length ? Math.min(this.prefix[index]!, n - 1) : preferred
    this.decisions.push({ n, preferred, preemptive, choice })
    return choice
  }
}

/**
 * Goes through all schedules with at most 0, then 1, 2, ... preemptions, each time depth first: the first problem found has
 * the fewest preemptions. (Context bounding: Musuvathi and Qadeer, PLDI 2007.)
 *
 * @internal
 */
export class DepthFirst implements Search {
  exhausted = false
  /** Every schedule there is was seen, not only those within the bound. */
  complete = false
  private readonly maxBound: number
  private bound = 0
  private prefix: ReadonlyArray<number> | undefined = []
  private current: Following | undefined = undefined
  private chosen: ReadonlyArray<number> = []
  /** Some alternative costs more than the bound allows. */
  private cut = false

  constructor(maxBound: number) {
    this.maxBound = maxBound
  }

  next(): Strategy | undefined {
    if (this.current !== undefined) this.advance(this.current.decisions)
    if (this.prefix === undefined) return undefined
    this.current = new Following(this.prefix)
    return this.current
  }

  again(): Strategy {
    return new Following(this.chosen)
  }

  learn(): void {
    this.chosen = this.current!.decisions.map((decision) => decision.choice)
  }

  seed(): undefined {
    return undefined
  }

  private advance(decisions: ReadonlyArray<Decision>): void {
    const spent = costsBefore(decisions)
    for (let i = decisions.length - 1; i >= 0; i--) {
      const decision = decisions[i]!
      const alternative = following(decision)
      if (alternative === undefined) continue
      if (spent[i]! + (decision.preemptive ? 1 : 0) > this.bound) {
        this.cut = true
        continue
      }
      this.prefix = [...decisions.slice(0, i).map((earlier) => earlier.choice), alternative]
      return
    }
    this.complete = !this.cut
    this.prefix = this.cut && this.bound < this.maxBound ? [] : undefined
    this.exhausted = this.prefix === undefined
    this.bound++
    this.cut = false
  }
}

/** The preferred choice comes first, then the others in order. */
const following = ({ choice, n, preferred }: Decision): number | undefined => {
  let next = choice === preferred ? 0 : choice + 1
  if (next === preferred) next++
  return next < n ? next : undefined
}

const costsBefore = (decisions: ReadonlyArray<Decision>): ReadonlyArray<number> => {
  let cost = 0
  return decisions.map((decision) => {
    const before = cost
    if (decision.preemptive && decision.choice !== decision.preferred) cost++
    return before
  })
}
