import type { AnyFiber } from "@skein/core/unstable/effect"
import type { Lease, Source, Watcher } from "@skein/core/unstable/holdings"

/** Tells later who it was, and where: called when a fiber takes something. @internal */
export type Note = (fiber: AnyFiber) => () => string

/** Leases looked through at a time to forget those that were given back. */
const batch = 256

/**
 * What the fibers of a test took of Skein's locks, semaphores, limiters, bulkheads and pools, and have not given back.
 *
 * @internal
 */
export class Ledger implements Watcher {
  /** What is taken from now on is written down; what is given back always is. */
  recording = true
  private readonly isMine: (fiber: AnyFiber) => boolean
  private readonly note: Note
  private leases: Array<{ readonly lease: Lease; readonly who: () => string }> = []
  private pruneAt = batch
  private bare: Array<BareEntry> = []

  constructor(isMine: (fiber: AnyFiber) => boolean, note: Note) {
    this.isMine = isMine
    this.note = note
  }

  reset(): void {
    if (this.leases.length > 0) this.leases = []
    if (this.bare.length > 0) this.bare = []
    this.pruneAt = batch
  }

  took(lease: Lease): void {
    if (!this.recording || !this.isMine(lease.fiber)) return
    if (this.leases.length >= this.pruneAt) {
      this.leases = this.leases.filter(({ lease }) => lease.holding)
      this.pruneAt = 2 * this.leases.length + batch
    }
    this.leases.push({ lease, who: this.note(lease.fiber) })
  }

  tookBare(source: Source, permits: number, fiber: AnyFiber): void {
    if (!this.recording || permits === 0 || !this.isMine(fiber)) return
    this.bare.push({ source, fiber, left: permits, who: this.note(fiber) })
  }

  gaveBare(source: Source, permits: number, fiber: AnyFiber | undefined): void {
    if (fiber === undefined || this.bare.length === 0 || !this.isMine(fiber)) return
    let rest = permits
    const give = (entry: BareEntry): void => {
      if (entry.source !== source) return
      const given = Math.min(rest, entry.left)
      entry.left -= given
      rest -= given
    }
    // Whose they are nobody knows: the fiber's own first, then the oldest.
    for (const entry of this.bare) if (entry.fiber === fiber) give(entry)
    for (const entry of this.bare) give(entry)
    this.bare = this.bare.filter((entry) => entry.left > 0)
  }

  get isBalanced(): boolean {
    return this.bare.length === 0 && !this.leases.some(({ lease }) => lease.holding)
  }

  /** What is still held, one line each. */
  lines(): ReadonlyArray<string> {
    const leases = this.leases.filter(({ lease }) => lease.holding)
    return [
      ...leases.map(({ lease, who }) => `${whatOf(lease)}, held by ${who()}`),
      ...this.bare.map(
        ({ left, source, who }) =>
          `${amount(left, "bare permit")} of ${source.operation} "${source.name}", taken by ${who()}`
      )
    ]
  }
}

interface BareEntry {
  readonly source: Source
  readonly fiber: AnyFiber
  left: number
  readonly who: () => string
}

const whatOf = ({ operation, permits, resource }: Lease): string => {
  const [module] = operation.split(".") as [string]
  if (module === "Lock") return `Lock "${resource}"`
  return `${amount(permits ?? 1, unitOf[module] ?? "permit")} of ${module} "${resource}"`
}

const unitOf: Readonly<Record<string, string>> = {
  Bulkhead: "place",
  CapacityLimiter: "token",
  Pool: "lease"
}

const amount = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? "" : "s"}`
