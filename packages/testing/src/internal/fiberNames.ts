import type { FiberInternals } from "./fiberInternals.ts"
import type { FiberRecord } from "./fiberRecord.ts"

/** The fiber's name for people: given with `Explore.named`, or its number. @internal */
export const nameOf = (record: FiberRecord): string => (record.name ??= `fiber ${record.index}`)

/** What the fiber waits for, where the primitive it waits in tells. @internal */
export const waitOf = (_fiber: FiberInternals): string | undefined => undefined
