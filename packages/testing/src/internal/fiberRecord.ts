import type * as Exit from "effect/Exit"
import type { AnyFiber } from "@skein/core/unstable/effect"
import type { Candidate, Position } from "./strategy.ts"

/** @internal */
export type Mode = "resumes" | "ops"

/** A fiber of the run, from its first step on. @internal */
export class FiberRecord implements Position {
  /** Fibers are numbered as they are made, the program's own is 0. */
  readonly index: number
  readonly fiber: AnyFiber
  /** `resumes`: how often it was started or resumed; `ops`: how many operations it began. */
  local = 0
  name: string | undefined = undefined
  /** The entry that lets it go on after a yield. */
  own: Entry | undefined = undefined
  /** Resumed by another fiber, whose run loop is still below it on the JavaScript stack. */
  nested = false
  /** Its next operation is the one it was parked before. */
  parked = false
  /** How many tasks it gave to the dispatcher. */
  tasks = 0

  constructor(index: number, fiber: AnyFiber) {
    this.index = index
    this.fiber = fiber
  }
}

/** Something that can go on. @internal */
export interface Entry extends Candidate {
  readonly owner: FiberRecord
  readonly run: () => void
}

/** What the fiber gave to the dispatcher: its own going on, when it has just been parked, or something else. @internal */
export const entryOf = (owner: FiberRecord, run: () => void): Entry => ({
  owner,
  label: owner.parked ? owner.index : -1 - ((owner.index << 12) | (owner.tasks++ & 0xfff)),
  run
})

/** @internal */
export type Ending =
  | {
      readonly _tag: "Exited"
      readonly exit: Exit.Exit<unknown, unknown>
      readonly leaks: ReadonlyArray<FiberRecord>
    }
  | { readonly _tag: "Blocked" }
  | { readonly _tag: "Livelock"; readonly steps: number }
  | { readonly _tag: "Broken"; readonly cause: unknown }
  /** Something that belongs to no run, or to another one, took part. */
  | { readonly _tag: "Foreign"; readonly where: string }

/** Hears what a run does, for the run that is printed. @internal */
export interface Observer {
  readonly onOperation: (record: FiberRecord, operation: unknown) => void
  readonly onInterrupt: (record: FiberRecord) => void
  readonly onChoose: (record: FiberRecord, value: unknown) => void
  /** It was given something, or a scope: tells later who and where that was. */
  readonly onTake: (record: FiberRecord) => () => string
  readonly onTime: (millis: number) => void
}

/** The most steps and operations of one run before it counts as a livelock. @internal */
export interface Limits {
  readonly steps: number
  readonly operations: number
}
