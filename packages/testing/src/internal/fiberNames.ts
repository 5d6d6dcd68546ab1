import type { FiberInternals } from "./fiberInternals.ts"
import type { FiberRecord } from "./fiberRecord.ts"
import { printSource } from "./sourceLines.ts"
import type { SourceLines } from "./sourceLines.ts"

/** The fiber's name for people: given with `Explore.named`, or its number. @internal */
export const nameOf = (record: FiberRecord): string => (record.name ??= `fiber ${record.index}`)

/** What the fiber waits for, where the primitive it waits in tells. */
const waitOf = (_fiber: FiberInternals): string | undefined => undefined

/** A fiber, what it is suspended in, and where in the source. @internal */
export const describeFiber = (sources: SourceLines, fiber: FiberInternals, name: string): string => {
  const source = sources.ofFiber(fiber)
  const wait = waitOf(fiber)
  const where = source === undefined ? "" : ` at ${printSource(source)}  ${source.text}`
  return `${name} waits${wait === undefined ? "" : ` for ${wait}`}${where}`
}
