import * as Option from "effect/Option"
import { learnName, nameOf } from "./fiberNames.ts"
import { since } from "./notes.ts"
import type { FiberRecord, Observer } from "./fiberRecord.ts"
import type { Step } from "./problem.ts"
import { printSource, SourceLines } from "./sourceLines.ts"
import type { SourceLine } from "./sourceLines.ts"

/** More steps than anybody reads: the first of them are kept. */
const maxSteps = 1_000

/** Operations that are looked at, one by one, which takes long. */
const maxOperations = 5_000

interface Line {
  /** None for the clock. */
  readonly record: FiberRecord | undefined
  readonly what: string
  readonly source: SourceLine | undefined
  /** Says nothing that a later step of the same turn does not say better. */
  readonly provisional: boolean
}

/**
 * Writes down what a run does, one step per line of source that a fiber reaches, or per turn of a fiber that runs no
 * generator.
 *
 * @internal
 */
export class Tracing implements Observer {
  private readonly log: Array<Line> = []
  private readonly sources: SourceLines
  private operations = 0
  private last: FiberRecord | undefined = undefined
  private readonly reached = new Map<FiberRecord, string>()

  constructor(sources: SourceLines) {
    this.sources = sources
  }

  /** Fibers get their names while they run, so ask at the end. */
  get steps(): ReadonlyArray<Step> {
    return this.log.map(({ record, source, what }) => ({
      fiber: record === undefined ? "(clock)" : nameOf(record),
      operation: what,
      source: Option.map(Option.fromUndefinedOr(source), printSource)
    }))
  }

  onOperation(record: FiberRecord, operation: unknown): void {
    if (this.log.length >= maxSteps || ++this.operations > maxOperations) return
    learnName(record)
    const isNewTurn = this.last !== record
    this.last = record
    const source = this.sources.ofFiber(record.fiber) ?? this.sources.ofOperation(record.fiber, operation)
    const place = source && printSource(source)
    const before = this.reached.get(record)
    if (!isNewTurn && (place === undefined || place === before)) return
    if (place !== undefined) this.reached.set(record, place)
    const what = before === undefined && place === undefined ? "starts" : (source?.text ?? "goes on")
    // A turn begins where the last one ended: that line is worth repeating only if the fiber gets no further.
    const repeats = place !== undefined && place === before
    this.push(record, repeats ? `… ${what}` : what, source, place === undefined || repeats)
  }

  onInterrupt(record: FiberRecord): void {
    this.last = undefined
    this.push(record, "is interrupted", this.sources.ofFiber(record.fiber), false)
  }

  onTake(record: FiberRecord): () => string {
    learnName(record)
    const source = this.sources.ofFiber(record.fiber)
    return () => since(nameOf(record), source)
  }

  onTime(millis: number): void {
    this.last = undefined
    this.push(undefined, `moves on to ${millis} ms`, undefined, false)
  }

  private push(
    record: FiberRecord | undefined,
    what: string,
    source: SourceLine | undefined,
    provisional: boolean
  ): void {
    const previous = this.log[this.log.length - 1]
    if (previous !== undefined && previous.provisional && previous.record === record) this.log.pop()
    this.log.push({ record, what, source, provisional })
  }
}
