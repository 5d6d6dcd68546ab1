import type { AnyFiber } from "@skein/core/unstable/effect"
import { FiberRecord } from "./fiberRecord.ts"

/** The fibers of one run, found by the numbers that Effect gives them. @internal */
export class FiberTable {
  root: FiberRecord | undefined = undefined
  /** Who was found last: mostly it is asked for again. */
  private last: FiberRecord | undefined = undefined
  private records: Array<FiberRecord> = []
  private base = 0

  reset(): void {
    this.root = this.last = undefined
    this.records = []
  }

  /** Undefined for a fiber that has not been added. */
  of(fiber: AnyFiber): FiberRecord | undefined {
    const last = this.last
    if (last !== undefined && last.fiber === fiber) return last
    const record = this.records[fiber.id - this.base]
    if (record === undefined || record.fiber !== fiber) return undefined
    this.last = record
    return record
  }

  /** The first one is the root; undefined for one that is older than the run. */
  add(fiber: AnyFiber): FiberRecord | undefined {
    if (this.root === undefined) this.base = fiber.id
    else if (fiber.id < this.base) return undefined
    const record = new FiberRecord(this.indexOf(fiber), fiber)
    this.records[record.index] = record
    if (this.root === undefined) {
      record.name = "root"
      this.root = record
    }
    return record
  }

  indexOf(fiber: AnyFiber): number {
    return fiber.id - this.base
  }

  /** Those that have not exited. */
  get alive(): Array<FiberRecord> {
    return this.records.filter(isAlive)
  }
}

const isAlive = (record: FiberRecord): boolean => record.fiber.pollUnsafe() === undefined
