import type { Plan } from "./plan.ts"
import { PlannedRun } from "./plan.ts"
import type { Candidate, Position, Question, Strategy } from "./strategy.ts"
import { labelOf, Overhearing } from "./strategy.ts"

/**
 * A stretch of a run: what goes on, and how far that fiber gets before it is preempted. A schedule written as turns can
 * have a turn dropped, or two of the same fiber made one, where a list of preemptions would fall apart.
 *
 * @internal
 */
export interface Turn {
  readonly label: number
  /** Infinity: until the fiber gives way by itself. */
  readonly until: number
}

/** Lets another strategy decide and writes down the turns. @internal */
export class TurnRecorder extends Overhearing {
  readonly turns: Array<Turn> = []

  protected override onChoice({ at, candidates, kind }: Question, choice: number): void {
    if (kind === "Pick") this.begin(candidates[choice]!)
    if (kind === "Preempt" && choice > 0) {
      this.end(at)
      this.begin(candidates[choice - 1]!)
    }
  }

  private begin(candidate: Candidate): void {
    this.turns.push({ label: labelOf(candidate), until: Number.POSITIVE_INFINITY })
  }

  private end({ index, local }: Position): void {
    const last = this.turns[this.turns.length - 1]
    // A turn that nobody was asked about has not been written down.
    if (last !== undefined && last.label === index) this.turns.pop()
    this.turns.push({ label: index, until: local })
  }
}

/** Makes a run of these turns, as far as it can; all but the turns is taken from the plan. @internal */
export class TurnsRun implements Strategy {
  private readonly left: Array<Turn>
  private readonly rest: PlannedRun
  private holder = -1
  private until = Number.POSITIVE_INFINITY

  constructor(turns: ReadonlyArray<Turn>, plan: Plan) {
    this.left = [...turns]
    this.rest = new PlannedRun(plan.filter(({ kind }) => kind !== "Pick" && kind !== "Preempt"))
  }

  decide(question: Question): number {
    const { at, candidates, kind, preferred } = question
    // Asked in any case: it counts the places.
    const other = this.rest.decide(question)
    switch (kind) {
      case "Pick":
        return this.next(candidates, undefined) ?? preferred
      case "Preempt":
        if (at.index !== this.holder) this.adopt(at)
        if (at.index !== this.holder || at.local < this.until) return 0
        return (this.next(candidates, at) ?? -1) + 1
      default:
        return other
    }
  }

  interruptsHere(at: Position): boolean {
    return this.rest.interruptsHere(at)
  }

  /** A fiber runs that nobody was asked about, being the only one that could: it may be its turn. */
  private adopt(at: Position): void {
    const first = this.left[0]
    if (first?.label !== at.index) return
    this.left.shift()
    this.holder = at.index
    this.until = first.until
  }

  /** The first turn left that can be taken; undefined when there is none, or it is that of the fiber that runs. */
  private next(candidates: ReadonlyArray<Candidate>, running: Position | undefined): number | undefined {
    for (let i = 0; i < this.left.length; i++) {
      const { label, until } = this.left[i]!
      const index = candidates.findIndex((candidate) => labelOf(candidate) === label)
      const runs = running !== undefined && running.index === label
      if (index < 0 && !runs) continue
      const { local } = runs ? running : candidates[index]!.owner
      this.left.splice(i, 1)
      if (label >= 0 && local >= until) {
        i--
        continue
      }
      this.holder = label
      this.until = until
      return runs ? undefined : index
    }
    this.holder = -1
    return undefined
  }
}

/** Each turn left out, alone and with the one before, and each joined with the next one of the same fiber. @internal */
export function* simplerTurns(turns: ReadonlyArray<Turn>): Generator<ReadonlyArray<Turn>> {
  for (let i = turns.length - 1; i >= 0; i--) {
    yield joined(turns, i)
    yield turns.filter((_, j) => j !== i)
    yield turns.filter((_, j) => j !== i && j !== i - 1)
  }
}

/** The turn goes on to where the next one of the same fiber ended, in place of that. */
const joined = (turns: ReadonlyArray<Turn>, i: number): ReadonlyArray<Turn> => {
  const next = turns.findIndex((turn, j) => j > i && turn.label === turns[i]!.label)
  if (next < 0) return turns.filter((_, j) => j !== i)
  return turns.flatMap((turn, j) => (j === i ? [turns[next]!] : j === next ? [] : [turn]))
}
