/** What is measured: a piece of work, done by several systems. */

/** Marks the part of a round that counts, where not all of it does (setting up ten thousand tasks to cancel them). */
export interface Timer {
  readonly begin: () => void
  readonly end: () => void
}

/** Does `n` operations once. A number handed back is bytes in all, for work that is about memory. */
export type Round = (n: number, timer: Timer) => Promise<number | void>

export interface System {
  /** Absent for systems of another language: then `python` names the function in `python/<system>.py`. */
  readonly round?: Round
  /** More than so many operations in a round would take minutes. */
  readonly most?: number
  readonly note?: string
}

/** Measured against another row of the same run. */
export interface Goal {
  readonly text: string
  readonly system: string
  readonly against: string
  /** Of CPU time per operation, or of bytes. */
  readonly ratio: number
}

export interface Work {
  readonly id: string
  readonly title: string
  readonly description: string
  /** One operation. */
  readonly unit: string
  readonly n: number
  /** Also measured at twice and four times `n` with --full. */
  readonly scales?: boolean
  readonly memory?: boolean
  /** In the short run. */
  readonly essential?: boolean
  /** The row that "ratio to floor" means, and the one of "ratio to Effect". */
  readonly floor?: string
  readonly effect?: string
  readonly goals?: ReadonlyArray<Goal>
  /** What the reader should know, such as where a peer does less. */
  readonly remarks?: string
  readonly systems: Readonly<Record<string, System>>
  /** Which Python systems have this work. */
  readonly python?: ReadonlyArray<"asyncio" | "trio">
}

export const define = (work: Work): Work => work

export const setImmediatePromise = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
