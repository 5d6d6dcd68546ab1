import { Prng } from "./prng.ts"

/**
 * What is decided at a choice point. `Pick`: which of the runnable entries goes on. `Resume`: a fiber that another one
 * has just resumed: park it (0) or let it run inside the other, as Effect does (1). `Preempt`: let the running fiber
 * go on (0) or park it for entry n - 1. `Choose`: a value for `Explore.choose`.
 *
 * @internal
 */
export type ChoiceKind = "Pick" | "Resume" | "Preempt" | "Choose"

/** Where a choice comes up: a fiber and how many of its own choice points it has passed. @internal */
export interface Position {
  /** Number of the fiber within the run. */
  readonly index: number
  readonly local: number
  /** The candidate that lets it go on after a yield. */
  readonly own: unknown
}

/** What can go on: the fiber that asked for it and a label that is the same in similar schedules. @internal */
export interface Candidate {
  readonly owner: Position
  readonly label: number
}

/** What is asked at a choice point. Answer at once and keep what you need: the object is used again. @internal */
export interface Question {
  readonly kind: ChoiceKind
  /** How many answers there are. */
  readonly n: number
  /** The answer that interrupts nobody. */
  readonly preferred: number
  readonly at: Position
  /** Those of `Pick` and `Preempt`. */
  readonly candidates: ReadonlyArray<Candidate>
}

/** A fiber that goes on is known by its number, anything else by who asked for it, and as its how-manieth task. @internal */
export const labelOf = (candidate: Candidate): number =>
  candidate.owner.own === candidate ? candidate.owner.index : candidate.label

/** Whether an answer other than the preferred one takes the turn from a fiber that could go on. @internal */
export const isPreemptive = ({ at, candidates, kind, preferred }: Question): boolean => {
  switch (kind) {
    case "Pick":
      return at.own !== undefined && candidates[preferred] === at.own
    case "Choose":
      return false
    default:
      return true
  }
}

/**
 * Makes all choices of one run. Choices that have one alternative only are not asked.
 *
 * @internal
 */
export interface Strategy {
  /** Answers a number in [0, n). */
  decide(question: Question): number
  /** Asked at each place where the fiber `at` could be interrupted, until the answer is true. */
  interruptsHere(at: Position, opportunity: number): boolean
}

/** Never interrupts, never preempts. @internal */
export const calm: Strategy = {
  decide: (question) => question.preferred,
  interruptsHere: () => false
}

/** Lets another strategy decide, and hears what. @internal */
export abstract class Overhearing implements Strategy {
  protected readonly inner: Strategy

  constructor(inner: Strategy) {
    this.inner = inner
  }

  protected abstract onChoice(question: Question, choice: number): void

  decide(question: Question): number {
    const choice = this.inner.decide(question)
    this.onChoice(question, choice)
    return choice
  }

  interruptsHere(at: Position, opportunity: number): boolean {
    return this.inner.interruptsHere(at, opportunity)
  }
}

/**
 * The random walk. Each run draws how much it leans towards what runs already, so that runs with few preemptions are
 * as likely as wild ones.
 *
 * @internal
 */
export class RandomWalk implements Strategy {
  private readonly prng: Prng
  /** Of 2 ** 32. */
  private readonly stay: number
  private readonly preempt: number
  private readonly interruptAt: number

  /** `span`: how many opportunities to interrupt a run is thought to have; 0 interrupts nothing. */
  constructor(seed: number, span: number) {
    const prng = new Prng(seed)
    this.prng = prng
    this.stay = [0, 0, 0x80000000, 0xd0000000, 0xf0000000][prng.below(5)]!
    this.preempt = 2 ** (32 - 1 - prng.below(7))
    this.interruptAt = span === 0 ? -1 : prng.below(span)
  }

  decide({ kind, n, preferred }: Question): number {
    const prng = this.prng
    switch (kind) {
      case "Pick":
        return this.stay !== 0 && prng.bits() < this.stay ? preferred : prng.below(n)
      case "Preempt":
        return prng.bits() < this.preempt ? 1 + prng.below(n - 1) : 0
      default:
        return prng.below(n)
    }
  }

  interruptsHere(_at: Position, opportunity: number): boolean {
    return opportunity === this.interruptAt
  }
}
