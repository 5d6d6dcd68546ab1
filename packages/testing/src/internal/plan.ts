import type { Position, Question, Strategy } from "./strategy.ts"
import { isPreemptive, labelOf, Overhearing } from "./strategy.ts"

/** Where a choice or an opportunity to interrupt came up, told from others of the same fiber at the same point by `nth`. */
export interface Place {
  readonly index: number
  readonly local: number
  readonly nth: number
}

/**
 * What a schedule does differently from the calm one, in which every fiber goes on until it cannot. The position is a
 * fiber and how far that fiber is, not a moment of the whole run, so that it keeps its meaning when another deviation
 * is taken away.
 *
 * @internal
 */
export type Deviation = Place &
  (
    | { readonly kind: "Pick" | "Preempt"; readonly label: number; readonly preemptive: boolean }
    | { readonly kind: "Resume"; readonly preemptive: true }
    | { readonly kind: "Choose"; readonly value: number; readonly preemptive: false }
    | { readonly kind: "Interrupt"; readonly preemptive: false }
  )

/** @internal */
export type Plan = ReadonlyArray<Deviation>

/** @internal */
export const preemptionsOf = (plan: Plan): number => plan.filter((deviation) => deviation.preemptive).length

/** Counts how often a fiber was asked at the same point. */
class Places {
  private readonly locals: Array<number> = []
  private readonly counts: Array<number> = []

  next(at: Position): number {
    const { index, local } = at
    if (this.locals[index] !== local) {
      this.locals[index] = local
      this.counts[index] = 0
      return 0
    }
    return ++this.counts[index]!
  }
}

const keyOf = (index: number, local: number, nth: number): number =>
  (index * 0x100000 + local) * 0x100 + (nth & 0xff)

/** Makes the run that a plan describes. @internal */
export class PlannedRun implements Strategy {
  private readonly choices = new Map<number, Deviation>()
  private readonly interruptions = new Set<number>()
  private readonly places = new Places()
  private readonly chances = new Places()

  constructor(plan: Plan) {
    for (const deviation of plan) {
      const key = keyOf(deviation.index, deviation.local, deviation.nth)
      if (deviation.kind === "Interrupt") this.interruptions.add(key)
      else this.choices.set(key, deviation)
    }
  }

  decide({ at, candidates, kind, n, preferred }: Question): number {
    const deviation = this.choices.get(keyOf(at.index, at.local, this.places.next(at)))
    if (deviation === undefined || deviation.kind !== kind) return preferred
    switch (deviation.kind) {
      case "Resume":
        return 1
      case "Choose":
        return Math.min(deviation.value, n - 1)
      default: {
        const index = candidates.findIndex((candidate) => labelOf(candidate) === deviation.label)
        if (index < 0) return preferred
        return kind === "Preempt" ? index + 1 : index
      }
    }
  }

  interruptsHere(at: Position): boolean {
    return (
      this.interruptions.size > 0 && this.interruptions.has(keyOf(at.index, at.local, this.chances.next(at)))
    )
  }
}

/** Lets another strategy decide and writes down what it does. @internal */
export class Recorded extends Overhearing {
  readonly plan: Array<Deviation> = []
  private readonly places = new Places()
  private readonly chances = new Places()

  protected override onChoice(question: Question, choice: number): void {
    const { index, local } = question.at
    const place = { index, local, nth: this.places.next(question.at) }
    if (choice !== question.preferred) this.plan.push(deviation(place, question, choice))
  }

  override interruptsHere(at: Position, opportunity: number): boolean {
    const nth = this.chances.next(at)
    const interrupts = super.interruptsHere(at, opportunity)
    if (interrupts)
      this.plan.push({ index: at.index, local: at.local, nth, kind: "Interrupt", preemptive: false })
    return interrupts
  }
}

const deviation = (place: Place, question: Question, choice: number): Deviation => {
  const { candidates, kind } = question
  switch (kind) {
    case "Resume":
      return { ...place, kind, preemptive: true }
    case "Choose":
      return { ...place, kind, value: choice, preemptive: false }
    default: {
      const candidate = candidates[kind === "Preempt" ? choice - 1 : choice]!
      return { ...place, kind, label: labelOf(candidate), preemptive: isPreemptive(question) }
    }
  }
}
