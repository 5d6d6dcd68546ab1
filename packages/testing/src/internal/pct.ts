import { Prng, scramble } from "./prng.ts"
import type { Candidate, Position, Question, Strategy } from "./strategy.ts"
import { labelOf } from "./strategy.ts"

/** Turns in a row after which a fiber that only yields falls back, or it would wait for the others for ever. */
const patience = 64

/**
 * Probabilistic concurrency testing (Burckhardt and others, ASPLOS 2010): every fiber has a random priority, the highest
 * that can run does, and at a few points drawn beforehand the running fiber falls behind all others. Finds bugs that need
 * few but far apart changes of turn, with a probability that has a lower bound.
 *
 * @internal
 */
export class PriorityWalk implements Strategy {
  private readonly prng: Prng
  private readonly salt: number
  private readonly priorities = new Map<number, number>()
  private readonly changes: ReadonlyArray<number>
  private readonly interruptAt: number
  private choices = 0
  private lowest = 0
  private last = -1
  private turns = 0

  constructor(seed: number, choiceSpan: number, interruptSpan: number) {
    const prng = new Prng(seed ^ 0x5bd1e995)
    this.prng = prng
    this.salt = prng.bits()
    this.changes = Array.from({ length: prng.below(4) }, () => prng.below(Math.max(1, choiceSpan)))
    this.interruptAt = interruptSpan === 0 ? -1 : prng.below(interruptSpan)
  }

  decide({ at, candidates, kind, n }: Question): number {
    if (this.changes.includes(this.choices++)) this.fallBehind(at.index)
    switch (kind) {
      case "Choose":
        return this.prng.below(n)
      case "Resume":
        return this.priorityOf(at.index) > 0.5 ? 1 : 0
      case "Preempt": {
        const best = this.best(candidates)
        return this.priorityOf(labelOf(candidates[best]!)) > this.priorityOf(at.index) ? best + 1 : 0
      }
      case "Pick": {
        const best = this.best(candidates)
        const label = labelOf(candidates[best]!)
        if (label !== this.last) {
          this.last = label
          this.turns = 0
        } else if (++this.turns > patience) {
          this.fallBehind(label)
        }
        return best
      }
    }
  }

  interruptsHere(_at: Position, opportunity: number): boolean {
    return opportunity === this.interruptAt
  }

  private best(candidates: ReadonlyArray<Candidate>): number {
    let best = 0
    for (let i = 1; i < candidates.length; i++) {
      if (this.priorityOf(labelOf(candidates[i]!)) > this.priorityOf(labelOf(candidates[best]!))) best = i
    }
    return best
  }

  private priorityOf(label: number): number {
    return this.priorities.get(label) ?? scramble(this.salt ^ Math.imul(label, 0x9e3779b1)) / 4294967296
  }

  private fallBehind(label: number): void {
    this.priorities.set(label, --this.lowest)
  }
}
