import type { Entry, FiberRecord } from "./fiberRecord.ts"

/** Explicit yields that a fiber is let through in a row, where others could run, when nothing is decided. */
const patience = 64

/** What can go on, in order of arrival. @internal */
export class RunQueue {
  readonly entries: Array<Entry> = []
  private last: FiberRecord | undefined = undefined
  private yieldsInARow = 0

  get size(): number {
    return this.entries.length
  }

  clear(): void {
    this.entries.length = 0
    this.last = undefined
    this.yieldsInARow = 0
  }

  push(entry: Entry): void {
    this.entries.push(entry)
  }

  take(index: number): Entry {
    const { entries } = this
    const entry = entries[index]!
    for (let i = index + 1; i < entries.length; i++) entries[i - 1] = entries[i]!
    entries.pop()
    return entry
  }

  /** False when it is not there any more. */
  remove(entry: Entry): boolean {
    const index = this.entries.indexOf(entry)
    if (index >= 0) this.take(index)
    return index >= 0
  }

  /**
   * Which entry interrupts nobody: that of the fiber that ran last, or else the one that waits longest. A fiber that
   * yields again and again waits for the others, so they get a turn.
   */
  preferred(last: FiberRecord | undefined): number {
    if (last === undefined || last.own === undefined) return 0
    const { entries } = this
    let index = entries.length - 1
    while (index >= 0 && entries[index] !== last.own) index--
    if (index < 0) return 0
    if (this.last !== last) {
      this.last = last
      this.yieldsInARow = 0
    }
    if (++this.yieldsInARow <= patience) return index
    this.yieldsInARow = 0
    return index === 0 ? 1 : 0
  }
}
