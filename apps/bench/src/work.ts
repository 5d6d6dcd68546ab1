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

/** At most so many times another row of the same run, in CPU time per operation or in bytes; or at most so many bytes. */
export type Goal =
  | { readonly system: string; readonly against: string; readonly ratio: number }
  | { readonly system: string; readonly bytes: number }

export interface Work {
  readonly id: string
  readonly title: string
  readonly description: string
  /** One operation. */
  readonly unit: string
  readonly n: number
  /** With --full also measured with twice and four times the operations. */
  readonly scales?: boolean
  readonly memory?: boolean
  /** With --full also measured with collections forced, to show what that does. */
  readonly collected?: boolean
  /** In the short run. */
  readonly essential?: boolean
  /** The row that "ratio to floor" means, and the one of "ratio to Effect". */
  readonly floor?: "floor"
  readonly effect?: string
  readonly goals?: ReadonlyArray<Goal>
  /** What the reader should know, such as where a peer does less. */
  readonly remarks?: string
  readonly systems: Readonly<Record<string, System>>
  /** Which Python systems have this work. */
  readonly python?: ReadonlyArray<"asyncio" | "trio">
  /** Operations that are enough for them. */
  readonly mostPython?: number
}

export const define = (work: Work): Work => work

export const setImmediatePromise = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A library on promises with a task that yields to the microtask queue, the cheapest there is, and to the event loop. */
export const both = (
  library: string,
  round: (work: () => Promise<void>) => Round,
  options: Omit<System, "round"> = {}
): Readonly<Record<string, System>> => ({
  [`${library} (microtask)`]: {
    ...options,
    round: round(async () => {
      await null
    })
  },
  [`${library} (setImmediate)`]: { ...options, round: round(setImmediatePromise) }
})
