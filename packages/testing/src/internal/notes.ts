import { nameOfFiber } from "./fiberNames.ts"
import type { Note } from "./ledger.ts"
import { printSource, SourceLines } from "./sourceLines.ts"
import type { SourceLine } from "./sourceLines.ts"

/** Real milliseconds that a test may lose by asking where things are taken. */
const budget = 20

/** Who it is, and where, as long as the budget lasts. @internal */
export class Notes {
  private sources: SourceLines | undefined = undefined
  private spent = 0

  readonly note: Note = (fiber) => {
    const name = nameOfFiber(fiber)
    if (this.spent >= budget) return () => name
    const start = performance.now()
    const sources = (this.sources ??= new SourceLines())
    const places = sources.placesOf(fiber)
    this.spent += performance.now() - start
    return () => since(name, sources.ofPlaces(places))
  }

  close(): void {
    this.sources?.close()
  }
}

/** @internal */
export const since = (name: string, line: SourceLine | undefined): string =>
  line === undefined ? name : `${name} since ${printSource(line)}  ${line.text}`
