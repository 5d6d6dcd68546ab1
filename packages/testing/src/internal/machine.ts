import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scheduler from "effect/Scheduler"
import { currentFiber, leaveAsyncContext } from "@skein/core/unstable/effect"
import type { AnyFiber } from "@skein/core/unstable/effect"
import { entryOf } from "./fiberRecord.ts"
import { FiberTable } from "./fiberTable.ts"
import type { Ending, Entry, FiberRecord, Limits, Mode, Observer } from "./fiberRecord.ts"
import { firstBroken } from "./invariants.ts"
import { LeftBehind } from "./leftBehind.ts"
import type { Kinds } from "./leftBehind.ts"
import { contextOf } from "./machineContext.ts"
import { Prng } from "./prng.ts"
import { RunQueue } from "./runQueue.ts"
import type { ChoiceKind, Question, Strategy } from "./strategy.ts"
import { calm } from "./strategy.ts"
import { VirtualClock } from "./virtualClock.ts"

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
export class Machine implements Scheduler.Scheduler, Scheduler.SchedulerDispatcher {
  readonly executionMode = "async"
  readonly mode: Mode
  readonly clock = new VirtualClock()
  readonly leftBehind: LeftBehind
  readonly fibers = new FiberTable()
  readonly runnable = new RunQueue()
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
  /** What came from outside since the last run began, and to whom. */
  foreign: string | undefined = undefined

  private readonly observer: Observer | undefined
  private readonly limits: Limits
  readonly leaks: Kinds
  private readonly describe: (fiber: AnyFiber | undefined) => string
  private readonly fork: (effect: Effect.Effect<unknown, unknown>) => AnyFiber
  private readonly random = new Prng(1)
  private strategy: Strategy = calm
  private interrupts = false
  private targets: Array<FiberRecord> = []
  private idle: Array<Entry> = []
  /** The fiber that the drive loop ran last. */
  private top: FiberRecord | undefined = undefined
  /** Driving a run. */
  private active = false
  /** Driving one that is not over. */
  private live = false
  private over: Ending | undefined = undefined
  /** The drive loop has just chosen something: the first fiber that starts is meant. */
  private chosen = false
  /** Runs next, without a choice. */
  private forced: Entry | undefined = undefined
  private forcedInterrupt = false
  /** The task that parks a fiber now is the one to run next. */
  private forcesNext = false

  /** One object for all choices: there are many. */
  private readonly question: { -readonly [K in keyof Question]: Question[K] }

  constructor(options: {
    readonly mode: Mode
    readonly limits: Limits
    readonly leaks: Kinds
    readonly describe: (record: FiberRecord | undefined, fiber: AnyFiber) => string
    readonly observer?: Observer | undefined
  }) {
    const { mode, limits, leaks, describe, observer } = options
    this.leaks = leaks
    this.mode = mode
    this.limits = limits
    this.describe = (fiber) => (fiber === undefined ? "something" : describe(this.fibers.of(fiber), fiber))
    const noRecord = { index: 0, local: 0, own: undefined }
    this.question = { kind: "Pick", n: 0, preferred: 0, at: noRecord, candidates: this.runnable.entries }
    this.observer = observer
    this.leftBehind = new LeftBehind(
      leaks,
      (fiber) => this.fibers.of(fiber) !== undefined,
      observer && ((fiber) => observer.onTake(this.fibers.of(fiber)!))
    )
    const onOperation = (fiber: Fiber.Fiber<any, any>, operation: unknown): void => {
      const record = this.active ? this.fibers.of(fiber) : undefined
      if (record !== undefined) observer!.onOperation(record, operation)
    }
    const { clock, random } = this
    this.fork = Effect.runForkWith(contextOf(this, clock, random, observer && onOperation))
  }

  /** Runs the program that the thunk makes. What came from outside after the previous run is reported here. */
  execute(program: () => Effect.Effect<unknown, unknown>, strategy: Strategy, interrupts: boolean): Ending {
    this.reset(strategy, interrupts)
    this.active = this.live = true
    const unwatch = this.leftBehind.watch()
    try {
      this.chosen = true
      const fiber = this.fork(Effect.suspend(program))
      const ending = this.drive(fiber)
      if (ending._tag !== "Exited" || this.over !== undefined) return this.over ?? ending
      this.settle()
      return this.over ?? { ...ending, leaks: this.leaks.fibers ? this.fibers.alive : [] }
    } finally {
      unwatch()
      this.active = this.live = false
    }
  }

  name(fiber: Fiber.Fiber<any, any>, name: string): void {
    const record = this.fibers.of(fiber)
    if (record === undefined) return
    record.name = name
    if (!this.targets.includes(record)) this.targets.push(record)
  }

  choose<A>(fiber: Fiber.Fiber<any, any>, values: readonly [A, ...Array<A>]): A {
    const record = this.fibers.of(fiber)
    if (record === undefined || this.over !== undefined) return values[0]
    const value = values.length < 2 ? values[0] : values[this.decide("Choose", values.length, 0, record)]!
    this.observer?.onChoose(record, value)
    return value
  }

  /** Goes on when nothing else can, before time passes. */
  whenIdle(fiber: Fiber.Fiber<any, any>, run: () => void): () => void {
    const entry: Entry = { owner: this.fibers.of(fiber)!, label: this.fibers.indexOf(fiber), run }
    this.idle.push(entry)
    return () => {
      this.idle = this.idle.filter((other) => other !== entry)
    }
  }

  private reset(strategy: Strategy, interrupts: boolean): void {
    this.strategy = strategy
    this.interrupts = interrupts
    this.fibers.reset()
    this.runnable.clear()
    this.invariants = []
    this.targets = []
    this.idle = []
    this.steps = this.operations = this.opportunities = this.choices = 0
    this.hashA = 0x811c9dc5 | 0
    this.hashB = 0x2545f491
    this.interrupted = this.top = this.over = this.forced = this.foreign = undefined
    this.forcedInterrupt = false
    this.clock.reset()
    this.random.reset(1)
  }

  private drive(root: AnyFiber): Ending {
    while (true) {
      if (this.over !== undefined) return this.over
      if (this.invariants.length > 0 && !this.holdsInvariants()) return this.over!
      const exit = root.pollUnsafe()
      if (exit !== undefined) return { _tag: "Exited", exit, leaks: [] }
      if (++this.steps > this.limits.steps) return { _tag: "Livelock", steps: this.limits.steps }
      if (this.forced !== undefined) {
        this.runForced(this.forced)
        continue
      }
      if (this.interrupts && this.interruptsAtBoundary()) continue
      if (this.runnable.size === 0 && !this.wake()) return { _tag: "Blocked" }
      this.run(this.pick())
    }
  }

  /** After the program's end: lets run what can, in order, without letting time pass. */
  private settle(): void {
    for (let steps = 0; this.runnable.size > 0 && steps < 1_000 && this.live; steps++) {
      this.run(this.runnable.take(0))
      if (!this.holdsInvariants()) return
    }
  }

  private pick(): Entry {
    const { runnable, top } = this
    if (runnable.size === 1) return runnable.take(0)
    const preferred = runnable.preferred(top)
    return runnable.take(this.decide("Pick", runnable.size, preferred, top ?? this.fibers.root!))
  }

  private run(entry: Entry): void {
    this.chosen = true
    entry.run()
    this.chosen = false
  }

  private runForced(entry: Entry): void {
    this.forced = undefined
    if (!this.runnable.remove(entry)) return
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
      const owner = (timer.fiber && this.fibers.of(timer.fiber)) ?? this.fibers.root!
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
      if (
        target.fiber.pollUnsafe() === undefined &&
        this.strategy.interruptsHere(target, this.opportunities++)
      ) {
        this.interrupt(target)
        return true
      }
    }
    return false
  }

  private interrupt(record: FiberRecord): void {
    this.interrupted = record
    this.observer?.onInterrupt(record)
    this.run({ owner: record, label: record.index, run: () => record.fiber.interruptUnsafe() })
  }

  private decide(kind: ChoiceKind, n: number, preferred: number, at: FiberRecord): number {
    this.choices++
    const { question } = this
    question.kind = kind
    question.n = n
    question.preferred = preferred
    question.at = at
    const choice = this.strategy.decide(question)
    this.hashA = Math.imul(this.hashA ^ choice, fnvPrime)
    this.hashB = (Math.imul(this.hashB, 31) + choice * 7 + at.index + 1) | 0
    return choice
  }

  private holdsInvariants(): boolean {
    const broken = firstBroken(this.invariants)
    if (broken !== undefined) this.end({ _tag: "Broken", cause: broken.cause })
    return broken === undefined
  }

  private end(ending: Ending): void {
    this.over ??= ending
    this.live = false
  }

  /** Asked before every operation of every fiber; true parks the fiber. */
  shouldYield(fiber: AnyFiber): boolean {
    if (!this.live) return this.askWhenOver(fiber)
    const record = this.fibers.of(fiber) ?? this.admit(fiber)
    if (record === undefined) return true
    record.own = undefined
    this.leftBehind.scopes.look(fiber)
    if (fiber.currentOpCount === 1) {
      record.local++
      if (this.chosen) {
        this.chosen = false
        record.nested = false
        this.top = record
      } else {
        record.nested = true
      }
      return false
    }
    if (++this.operations > this.limits.operations) {
      this.end({ _tag: "Livelock", steps: this.limits.operations })
      return true
    }
    if (record.parked) {
      record.parked = false
      return false
    }
    if (record.nested) {
      record.nested = false
      if (this.decide("Resume", 2, 0, record) === 0) return this.park(record)
    }
    return this.mode === "ops" && this.preempts(record)
  }

  /** What still asks is parked for good, or was not started by a run. */
  private askWhenOver(fiber: AnyFiber): boolean {
    if (!this.active) this.meddled("was resumed from outside, by a promise, a real timer or I/O", fiber)
    return this.active
  }

  private preempts(record: FiberRecord): boolean {
    record.local++
    if (!this.holdsInvariants()) return true
    if (
      this.interrupts &&
      this.interrupted === undefined &&
      this.forced === undefined &&
      this.targets.includes(record) &&
      this.strategy.interruptsHere(record, this.opportunities++)
    ) {
      this.forcedInterrupt = true
      return this.park(record, true)
    }
    const n = this.runnable.size
    // A turn may be promised already, by a fiber that was parked inside this one.
    if (n === 0 || this.forced !== undefined) return false
    const choice = this.decide("Preempt", n + 1, 0, record)
    if (choice === 0) return false
    this.forced = this.runnable.entries[choice - 1]!
    return this.park(record)
  }

  private park(record: FiberRecord, next = false): true {
    record.parked = true
    this.forcesNext = next
    return true
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    return this
  }

  flush(): void {
    while (this.runnable.size > 0 && this.live) this.runnable.take(0).run()
  }

  scheduleTask(task: () => void): void {
    if (!this.live) return this.scheduledWhenOver()
    const fiber = currentFiber()
    const owner = (fiber && this.fibers.of(fiber)) ?? this.top ?? this.fibers.root!
    const entry = entryOf(owner, task)
    owner.own = entry
    this.runnable.push(entry)
    if (this.forcesNext) {
      this.forcesNext = false
      this.forced = entry
    }
  }

  private scheduledWhenOver(): void {
    const what = "was given to the dispatcher from outside, by a promise, a real timer or I/O"
    if (!this.active) this.meddled(what, currentFiber())
  }

  private admit(fiber: AnyFiber): FiberRecord | undefined {
    const isRoot = this.fibers.root === undefined
    const record = this.fibers.add(fiber)
    if (record === undefined)
      this.meddled("belongs to an earlier run and was resumed by this one: the runs share state", fiber)
    else if (isRoot) this.targets.push(record)
    // All of a run happens in one call, in one async context.
    leaveAsyncContext(fiber)
    return record
  }

  /** The program asked for something real. */
  usesForeign(what: string): void {
    this.meddled(`uses ${what}, which no run controls`, currentFiber())
  }

  /** Something took part that the run does not control. */
  meddled(what: string, fiber: AnyFiber | undefined): void {
    // Described now: a fiber that was resumed from outside runs on, and is elsewhere when it is looked at later.
    this.foreign ??= `${this.describe(fiber)}: ${what}`
    if (this.active) this.end({ _tag: "Foreign", where: this.foreign })
  }
}

/** The machine that runs this fiber; undefined outside an explored program. @internal */
export const machineOf = (fiber: Fiber.Fiber<unknown, unknown>): Machine | undefined =>
  fiber.cache.scheduler instanceof Machine ? fiber.cache.scheduler : undefined
