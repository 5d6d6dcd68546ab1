import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"
import * as Tracer from "effect/Tracer"
import { currentFiber, internalsOf } from "./fiberInternals.ts"
import type { FiberInternals } from "./fiberInternals.ts"
import { Prng } from "./prng.ts"
import type { Candidate, ChoiceKind, Position, Strategy } from "./strategy.ts"
import { calm } from "./strategy.ts"
import { VirtualClock } from "./virtualClock.ts"

/** @internal */
export type Mode = "resumes" | "ops"

/** A fiber of the run, from its first step on. @internal */
export class FiberRecord implements Position {
  /** Fibers are numbered as they are made, the program's own is 0. */
  readonly index: number
  readonly fiber: FiberInternals
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

  constructor(index: number, fiber: FiberInternals) {
    this.index = index
    this.fiber = fiber
  }
}

/** Something that can go on. @internal */
export interface Entry extends Candidate {
  readonly owner: FiberRecord
  readonly run: () => void
}

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
  | { readonly _tag: "Foreign"; readonly what: string }

/** Hears what a run does, for the run that is printed. @internal */
export interface Observer {
  readonly onOperation: (record: FiberRecord) => void
  readonly onInterrupt: (record: FiberRecord) => void
  readonly onTime: (millis: number) => void
}

/** The most steps and operations of one run before it counts as a livelock. @internal */
export interface Limits {
  readonly steps: number
  readonly operations: number
}

/** Explicit yields that a fiber is let through in a row, where others could run, when nothing is decided. */
const patience = 64

const fnvPrime = 0x01000193

/**
 * Runs programs, one after the other, each from start to end in one synchronous call, with a `Strategy` in the place
 * of chance. It is the scheduler and the clock of all their fibers.
 *
 * A fiber gives way in one of these places only: where it yields or suspends by itself; after the operation in which
 * it was resumed (or started at once) by another fiber; and, in mode `ops`, before any operation. Never before the
 * operation that takes over the value it was resumed with: Effect does that within `resume`, so a fiber that is
 * interrupted there instead would lose the value in a test and nowhere else.
 *
 * @internal
 */
export class Machine {
  readonly mode: Mode
  readonly clock = new VirtualClock()
  records: Array<FiberRecord> = []
  runnable: Array<Entry> = []
  invariants: Array<() => boolean | void> = []
  steps = 0
  operations = 0
  /** Moments at which a fiber could have been interrupted. */
  opportunities = 0
  interrupted: FiberRecord | undefined = undefined
  choices = 0
  /** Of all choices made, in order. */
  hashA = 0
  hashB = 0
  /** What came from outside since the last run began. */
  foreign: string | undefined = undefined
  /** The fiber that the foreign thing happened to. */
  foreignFiber: FiberInternals | undefined = undefined

  private readonly limits: Limits
  private readonly context: Context.Context<never>
  private readonly random = new Prng(1)
  private strategy: Strategy = calm
  private interrupts = false
  private targets: Array<FiberRecord> = []
  private idle: Array<Entry> = []
  private base = 0
  private root: FiberRecord | undefined = undefined
  /** The fiber that the drive loop ran last. */
  private top: FiberRecord | undefined = undefined
  private yieldsInARow = 0
  /** Driving a run. */
  private active = false
  /** The run is over: whatever still asks is parked for good. */
  private over: Ending | undefined = undefined
  /** The drive loop has just chosen something: the first fiber that starts is meant. */
  private chosen = false
  /** Runs next, without a choice. */
  private forced: Entry | undefined = undefined
  private forcedInterrupt = false

  private readonly dispatcher: Scheduler.SchedulerDispatcher = {
    scheduleTask: (task) => this.schedule(task),
    flush: () => {
      while (this.runnable.length > 0 && this.over === undefined) this.take(0).run()
    }
  }
  private readonly scheduler: Scheduler.Scheduler

  constructor(mode: Mode, limits: Limits, observer?: Observer) {
    this.mode = mode
    this.limits = limits
    this.scheduler = {
      executionMode: "async",
      shouldYield: (fiber) => this.ask(fiber as FiberInternals),
      makeDispatcher: () => this.dispatcher
    }
    machines.set(this.scheduler, this)
    const random = this.random
    this.context = Context.empty().pipe(
      Context.add(Scheduler.Scheduler, this.scheduler),
      Context.add(Clock.Clock, this.clock),
      Context.add(Random.Random, {
        nextIntUnsafe: () => random.bits() - 0x80000000,
        nextDoubleUnsafe: () => random.fraction()
      }),
      Context.add(Logger.CurrentLoggers, new Set())
    )
    if (observer !== undefined) {
      this.observer = observer
      this.context = Context.add(this.context, Tracer.Tracer, this.tracer(observer))
    }
  }
  readonly observer: Observer | undefined

  /** Runs the program that the thunk makes. What came from outside after the previous run is reported here. */
  execute(program: () => Effect.Effect<unknown, unknown>, strategy: Strategy, interrupts: boolean): Ending {
    this.reset(strategy, interrupts)
    this.active = true
    try {
      this.chosen = true
      const fiber = internalsOf(Effect.runForkWith(this.context)(Effect.suspend(program)))
      const ending = this.drive(fiber)
      if (ending._tag !== "Exited" || this.over !== undefined) return this.over ?? ending
      this.settle()
      return (
        this.over ?? { ...ending, leaks: this.records.filter((record) => record.fiber._exit === undefined) }
      )
    } finally {
      this.active = false
    }
  }

  /** The record of a fiber of this run. */
  recordOf(fiber: Fiber.Fiber<any, any>): FiberRecord | undefined {
    const record = this.records[fiber.id - this.base]
    return record?.fiber === fiber ? record : undefined
  }

  name(fiber: Fiber.Fiber<any, any>, name: string): void {
    const record = this.recordOf(fiber)
    if (record === undefined) return
    record.name = name
    if (!this.targets.includes(record)) this.targets.push(record)
  }

  choose(fiber: Fiber.Fiber<any, any>, n: number): number {
    const record = this.recordOf(fiber)
    if (n < 2 || record === undefined || this.over !== undefined) return 0
    return this.decide("Choose", n, 0, record, this.runnable)
  }

  /** Goes on when nothing else can, before time passes. */
  whenIdle(fiber: Fiber.Fiber<any, any>, run: () => void): () => void {
    const entry: Entry = { owner: this.recordOf(fiber)!, label: fiber.id - this.base, run }
    this.idle.push(entry)
    return () => {
      this.idle = this.idle.filter((other) => other !== entry)
    }
  }

  private reset(strategy: Strategy, interrupts: boolean): void {
    this.strategy = strategy
    this.interrupts = interrupts
    this.records = []
    this.runnable = []
    this.invariants = []
    this.targets = []
    this.idle = []
    this.steps = this.operations = this.opportunities = this.choices = this.yieldsInARow = 0
    this.hashA = 0x811c9dc5 | 0
    this.hashB = 0x2545f491
    this.interrupted =
      this.root =
      this.top =
      this.over =
      this.forced =
      this.foreign =
      this.foreignFiber =
        undefined
    this.forcedInterrupt = false
    this.clock.reset()
    this.random.reset(1)
  }

  private drive(root: FiberInternals): Ending {
    while (true) {
      if (this.over !== undefined) return this.over
      if (!this.holdsInvariants()) return this.over!
      if (root._exit !== undefined) return { _tag: "Exited", exit: root._exit, leaks: [] }
      if (++this.steps > this.limits.steps) return { _tag: "Livelock", steps: this.limits.steps }
      if (this.forced !== undefined) {
        this.runForced(this.forced)
        continue
      }
      if (this.interrupts && this.interruptsAtBoundary()) continue
      if (this.runnable.length === 0 && !this.wake()) return { _tag: "Blocked" }
      this.run(this.pick())
    }
  }

  /** After the program's end: lets run what can, in order, without letting time pass. */
  private settle(): void {
    for (let steps = 0; this.runnable.length > 0 && steps < 1_000 && this.over === undefined; steps++) {
      this.run(this.take(0))
      if (!this.holdsInvariants()) return
    }
  }

  private pick(): Entry {
    const runnable = this.runnable
    const n = runnable.length
    if (n === 1) return this.take(0)
    const top = this.top
    let preferred = top?.own === undefined ? -1 : runnable.lastIndexOf(top.own)
    if (preferred >= 0 && ++this.yieldsInARow > patience) preferred = preferred === 0 ? 1 : 0
    const choice = this.decide("Pick", n, preferred < 0 ? 0 : preferred, top ?? this.root!, runnable)
    if (choice !== preferred) this.yieldsInARow = 0
    return this.take(choice)
  }

  private take(index: number): Entry {
    const runnable = this.runnable
    const entry = runnable[index]!
    for (let i = index + 1; i < runnable.length; i++) runnable[i - 1] = runnable[i]!
    runnable.pop()
    return entry
  }

  private run(entry: Entry): void {
    this.chosen = true
    entry.run()
    this.chosen = false
  }

  private runForced(entry: Entry): void {
    this.forced = undefined
    const index = this.runnable.indexOf(entry)
    if (index >= 0) this.take(index)
    if (this.forcedInterrupt) {
      this.forcedInterrupt = false
      this.interrupt(entry.owner)
    }
    // Does nothing when the interruption has taken the fiber elsewhere.
    this.run(entry)
  }

  /** Lets go on who waits for everything to be blocked, else the timers that are due next. */
  private wake(): boolean {
    if (this.idle.length > 0) {
      this.runnable.push(this.idle.shift()!)
      return true
    }
    const first = this.clock.takeNext()
    if (first === undefined) return false
    this.observer?.onTime(this.clock.now)
    for (let timer: typeof first | undefined = first; timer !== undefined;) {
      const owner = (timer.fiber && this.recordOf(timer.fiber)) ?? this.root!
      this.runnable.push({ owner, label: owner.index, run: timer.fire })
      const next = this.clock.next
      timer =
        next !== undefined && next.at <= this.clock.now && next.rank === first.rank
          ? this.clock.takeNext()
          : undefined
    }
    return true
  }

  private interruptsAtBoundary(): boolean {
    if (this.interrupted !== undefined) return false
    for (const target of this.targets) {
      if (target.fiber._exit === undefined && this.strategy.interruptsHere(target, this.opportunities++)) {
        this.interrupt(target)
        return true
      }
    }
    return false
  }

  private interrupt(record: FiberRecord): void {
    this.interrupted = record
    this.observer?.onInterrupt(record)
    this.chosen = true
    record.fiber.interruptUnsafe()
    this.chosen = false
  }

  private decide(
    kind: ChoiceKind,
    n: number,
    preferred: number,
    at: FiberRecord,
    candidates: ReadonlyArray<Entry>
  ): number {
    this.choices++
    const choice = this.strategy.decide(kind, n, preferred, at, candidates)
    this.hashA = Math.imul(this.hashA ^ choice, fnvPrime)
    this.hashB = (Math.imul(this.hashB, 31) + choice * 7 + at.index + 1) | 0
    return choice
  }

  private holdsInvariants(): boolean {
    for (let i = 0; i < this.invariants.length; i++) {
      try {
        if (this.invariants[i]!() !== false) continue
        this.over = { _tag: "Broken", cause: new Error("an invariant given to Explore.always is false") }
      } catch (cause) {
        this.over = { _tag: "Broken", cause }
      }
      return false
    }
    return true
  }

  /** Asked before every operation of every fiber; true parks the fiber. */
  private ask(fiber: FiberInternals): boolean {
    if (!this.active) {
      this.meddled("was resumed from outside, by a promise, a real timer or I/O", fiber)
      return false
    }
    if (this.over !== undefined) return true
    let record = this.records[fiber.id - this.base]
    if (record === undefined || record.fiber !== fiber) {
      const admitted = this.admit(fiber)
      if (admitted === undefined) return true
      record = admitted
    }
    record.own = undefined
    if (fiber.currentOpCount === 1) {
      record.local++
      if (this.chosen) {
        this.chosen = false
        record.nested = false
        if (this.top !== record) this.yieldsInARow = 0
        this.top = record
      } else {
        record.nested = true
      }
      return false
    }
    if (++this.operations > this.limits.operations) {
      this.over = { _tag: "Livelock", steps: this.limits.operations }
      return true
    }
    if (record.parked) {
      record.parked = false
      return false
    }
    if (record.nested) {
      record.nested = false
      if (this.decide("Resume", 2, 0, record, this.runnable) === 0) return this.park(record)
    }
    return this.mode === "ops" && this.preempts(record)
  }

  private preempts(record: FiberRecord): boolean {
    record.local++
    if (!this.holdsInvariants()) return true
    if (
      this.interrupts &&
      this.interrupted === undefined &&
      this.targets.includes(record) &&
      this.strategy.interruptsHere(record, this.opportunities++)
    ) {
      this.forcedInterrupt = true
      return this.park(record, true)
    }
    const n = this.runnable.length
    if (n === 0) return false
    const choice = this.decide("Preempt", n + 1, 0, record, this.runnable)
    if (choice === 0) return false
    this.forced = this.runnable[choice - 1]!
    return this.park(record)
  }

  private park(record: FiberRecord, next = false): true {
    record.parked = true
    this.forcesNext = next
    return true
  }
  /** The task that parks the fiber now is the one to run next. */
  private forcesNext = false

  private schedule(task: () => void): void {
    if (!this.active) {
      this.meddled(
        "was given to the dispatcher from outside, by a promise, a real timer or I/O",
        currentFiber()
      )
      return
    }
    if (this.over !== undefined) return
    const fiber = currentFiber()
    const owner = (fiber && this.recordOf(fiber)) ?? this.top ?? this.root!
    const parks = owner.parked
    const entry: Entry = {
      owner,
      label: parks ? owner.index : -1 - ((owner.index << 12) | (owner.tasks++ & 0xfff)),
      run: task
    }
    owner.own = entry
    this.runnable.push(entry)
    if (this.forcesNext) {
      this.forcesNext = false
      this.forced = entry
    }
  }

  private admit(fiber: FiberInternals): FiberRecord | undefined {
    if (this.root === undefined) {
      this.base = fiber.id
      const root = new FiberRecord(0, fiber)
      root.name = "root"
      this.root = root
      this.targets.push(root)
      this.records[0] = root
      return root
    }
    if (fiber.id < this.base) {
      this.meddled("belongs to an earlier run and was resumed by this one: the runs share state", fiber)
      return undefined
    }
    const record = new FiberRecord(fiber.id - this.base, fiber)
    this.records[record.index] = record
    return record
  }

  /** The program asked for something real. */
  usesForeign(what: string): void {
    this.meddled(`uses ${what}`, currentFiber())
  }

  /** Something took part that the run does not control. */
  meddled(what: string, fiber: FiberInternals | undefined): void {
    this.foreign ??= what
    this.foreignFiber ??= fiber
    if (this.active) this.over ??= { _tag: "Foreign", what }
  }

  private tracer(observer: Observer): Tracer.Tracer {
    return Tracer.make({
      span: (options) => new Tracer.NativeSpan(options),
      context: <X>(primitive: Tracer.EffectPrimitive<X>, fiber: Fiber.Fiber<any, any>): X => {
        const record = this.active ? this.recordOf(fiber) : undefined
        if (record !== undefined) observer.onOperation(record)
        return primitive["~effect/Effect/evaluate"](fiber)
      }
    })
  }
}

const machines = new WeakMap<Scheduler.Scheduler, Machine>()

/** The machine that runs this fiber. @internal */
export const machineOf = (fiber: Fiber.Fiber<unknown, unknown>): Machine | undefined =>
  machines.get(fiber.cache.scheduler)
