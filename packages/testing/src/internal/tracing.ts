import * as Option from "effect/Option"
import { learnName, nameOf } from "./fiberNames.ts"
import { since } from "./notes.ts"
import type { FiberRecord, Observer } from "./fiberRecord.ts"
import { firstLineOf } from "./problem.ts"
import type { Step } from "./problem.ts"
import { printSource, SourceLines } from "./sourceLines.ts"
import type { SourceLine } from "./sourceLines.ts"

/**
 * How much of a run is written down, of its beginning as of its end. Each operation is looked at, one by one, which takes
 * long; and nobody reads more lines.
 */
interface Reach {
  readonly operations: number
  readonly lines: number
}

const whole: Reach = { operations: 2_500, lines: 500 }

/** What goes round shows what it does soon. */
const ofLoop: Reach = { operations: 100, lines: 15 }

interface Line {
  readonly record: FiberRecord | "clock" | "gap"
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
  private readonly reach: Reach
  private readonly length: number
  private last: FiberRecord | undefined = undefined
  private readonly started = new Set<FiberRecord>()
  private readonly reached = new Map<FiberRecord, string>()
  /** How far the run is, in the units of its length. */
  now: () => number = () => 0

  constructor(sources: SourceLines, run: { readonly length: number; readonly loops: boolean }) {
    this.sources = sources
    this.length = run.length
    this.reach = run.loops ? ofLoop : whole
  }

  /** Fibers get their names while they run, so ask at the end. */
  get steps(): ReadonlyArray<Step> {
    const { log, reach } = this
    const n = reach.lines
    const lines = log.length <= 2 * n + 1 ? log : [...log.slice(0, n), gap, ...log.slice(-n)]
    return lines.map(({ record, source, what }) => ({
      fiber: record === "clock" ? "(clock)" : record === "gap" ? "..." : nameOf(record),
      operation: what,
      source: Option.map(Option.fromUndefinedOr(source), printSource)
    }))
  }

  onOperation(record: FiberRecord, operation: unknown): void {
    const isStarting = !this.started.has(record)
    if (isStarting) this.started.add(record)
    if (this.leavesOut()) return
    learnName(record)
    const isNewTurn = this.last !== record
    this.last = record
    const source = this.sources.ofFiber(record.fiber) ?? this.sources.ofOperation(record.fiber, operation)
    const place = source && printSource(source)
    const before = this.reached.get(record)
    if (!isNewTurn && (place === undefined || place === before)) return
    if (place !== undefined) this.reached.set(record, place)
    const what = isStarting && place === undefined ? "starts" : (source?.text ?? "goes on")
    // A turn begins where the last one ended: that line is worth repeating only if the fiber gets no further.
    const repeats = place !== undefined && place === before
    this.push(record, repeats ? `goes on: ${what}` : what, source, place === undefined || repeats)
  }

  onInterrupt(record: FiberRecord): void {
    this.last = undefined
    this.push(record, "is interrupted", this.sources.ofFiber(record.fiber), false)
  }

  onChoose(record: FiberRecord, value: unknown): void {
    if (this.leavesOut()) return
    const what = `chooses ${firstLineOf(value)}`
    this.push(record, what, this.sources.ofFiber(record.fiber), false)
  }

  onTake(record: FiberRecord): () => string {
    learnName(record)
    const source = this.sources.ofFiber(record.fiber)
    return () => since(nameOf(record), source)
  }

  onTime(millis: number): void {
    if (this.leavesOut()) return
    this.last = undefined
    this.push("clock", `moves on to ${millis} ms`, undefined, false)
  }

  private leavesOut(): boolean {
    const now = this.now()
    const { operations } = this.reach
    if (now < operations || now >= this.length - operations) return false
    if (this.log[this.log.length - 1] !== gap) this.log.push(gap)
    this.last = undefined
    return true
  }

  private push(
    record: FiberRecord | "clock",
    what: string,
    source: SourceLine | undefined,
    provisional: boolean
  ): void {
    const previous = this.log[this.log.length - 1]
    if (previous !== undefined && previous.provisional && previous.record === record) this.log.pop()
    this.log.push({ record, what, source, provisional })
  }
}

const gap: Line = { record: "gap", what: "and so on", source: undefined, provisional: false }
