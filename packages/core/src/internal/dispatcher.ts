/**
 * Where fibers that Skein starts or wakes wait for their turn. Effect makes a dispatcher and a `setImmediate` for each fiber
 * that yields; these share one dispatcher of their scheduler's, which halves what a short task costs.
 *
 * What is scheduled without a break (in one {@link currentStretch stretch}, or in one go of somebody else's) has a turn of the event loop
 * together, and keeps its place among the `setImmediate`s of all others. What is woken meanwhile ({@link soon}) runs in the same turn, after
 * whoever woke it has suspended, so many at most: timers, I/O and other fibers are to get their turn.
 */
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"

type Task = () => void

/** So many are woken in one turn of the event loop. */
export const perTurn = 1024

// After so many, promises and `nextTick` get their turn, as they do between the callbacks of the event loop.
const perStretch = 64

/** Counts the stretches of work, between which promises and the event loop get their turn. */
let stretches = 0
let stretch = 0

/** A number for what is running now without a break; 0 when that is nothing of these dispatchers'. */
export const currentStretch = (): number => stretch

class Dispatcher implements Scheduler.SchedulerDispatcher {
  /** How many more may be woken in this turn. */
  left = perTurn
  running = false
  /** False where the scheduler makes dispatchers of its own: then this one only counts. */
  readonly shared: boolean
  private readonly scheduler: Scheduler.MixedScheduler
  /** In the order of their turns. */
  private readonly batches: Array<Batch> = []
  /** Takes in what is scheduled now. */
  private open: Batch | undefined = undefined
  private woken: Array<Task> = []
  /** Grows when the event loop has turned, as far as that can be seen. */
  private turns = 0

  constructor(scheduler: Scheduler.MixedScheduler) {
    this.scheduler = scheduler
    this.shared = scheduler.makeDispatcher === Scheduler.MixedScheduler.prototype.makeDispatcher
  }

  /** First come, first served: a priority counts among what one fiber schedules, not among all tasks of a program. */
  scheduleTask(task: Task, _priority: number): void {
    const { open } = this
    if (open === undefined || open.tasks.length === perStretch) this.begin(task)
    else open.tasks.push(task)
  }

  // Each batch has a turn that is its own: one that never comes (of timers that somebody faked) must not hold up the others.
  private begin(task: Task): void {
    const batch: Batch = { tasks: [task], turns: this.turns }
    this.batches.push(batch)
    this.open = batch
    try {
      this.scheduler.setImmediate(() => this.turn(batch))
    } catch (error) {
      this.open = undefined
      this.forget(batch)
      throw error
    }
    if (!this.running) void resolved.then(this.close)
  }

  private readonly close = (): void => {
    this.open = undefined
  }

  /** False when it was flushed meanwhile. */
  private forget(batch: Batch): boolean {
    const at = this.batches.indexOf(batch)
    if (at === 0) this.batches.shift()
    else if (at > 0) this.batches.splice(at, 1)
    return at >= 0
  }

  /** Only while it runs. */
  wake(task: Task): void {
    this.woken.push(task)
  }

  private turn(batch: Batch): void {
    if (!this.forget(batch)) return
    // The first that was begun since the others had their turn.
    if (batch.turns === this.turns) {
      this.turns++
      this.left = perTurn
    }
    this.open = undefined
    this.running = true
    stretch = ++stretches
    runAll(batch.tasks)
    while (this.woken.length > 0) {
      const { woken } = this
      this.woken = []
      runAll(woken)
    }
    stretch = 0
    this.running = false
    this.open = undefined
  }

  flush(): void {
    for (let batch = this.batches.shift(); batch !== undefined; batch = this.batches.shift()) {
      if (batch === this.open) this.open = undefined
      runAll(batch.tasks)
    }
  }
}

interface Batch {
  readonly tasks: Array<Task>
  readonly turns: number
}

// A microtask that nobody can fake.
const resolved = /*#__PURE__*/ Promise.resolve()

/** Later: what a fiber's observer throws, say, must not take others with it. */
export const rethrow = (error: unknown): void =>
  queueMicrotask(() => {
    throw error
  })

const runAll = (tasks: ReadonlyArray<Task>): void => {
  for (let i = 0; i < tasks.length;) {
    try {
      while (i < tasks.length) tasks[i++]!()
    } catch (error) {
      rethrow(error)
    }
  }
}

const dispatchers = new WeakMap<Scheduler.Scheduler, Dispatcher>()
let lastScheduler: Scheduler.Scheduler | undefined
let lastDispatcher: Dispatcher | undefined

/** Undefined for schedulers that see to it themselves (an explorer's, a test's), and for `runSync`'s. */
const dispatcherOf = (scheduler: Scheduler.Scheduler): Dispatcher | undefined => {
  if (scheduler === lastScheduler) return lastDispatcher
  let dispatcher = dispatchers.get(scheduler)
  if (
    dispatcher === undefined &&
    scheduler instanceof Scheduler.MixedScheduler &&
    scheduler.executionMode === "async"
  ) {
    dispatcher = new Dispatcher(scheduler)
    dispatchers.set(scheduler, dispatcher)
  }
  lastScheduler = scheduler
  return (lastDispatcher = dispatcher)
}

/** What the fibers that Skein starts yield through; undefined where the scheduler has its own idea of that. */
export const sharedDispatcher = (
  scheduler: Scheduler.Scheduler
): Scheduler.SchedulerDispatcher | undefined => {
  const dispatcher = dispatcherOf(scheduler)
  return dispatcher?.shared === true ? dispatcher : undefined
}

/** Runs it in the next turn of the event loop, after all that was scheduled before, by whomever. */
export const later = (fiber: Fiber.Fiber<any, any>, run: Task): void =>
  fiber.cache.scheduler.makeDispatcher().scheduleTask(run, 0)

/**
 * Runs what resumes fibers, of which `fiber` is one, soon but never inside a fiber's step. `serial`: the next are resumed only as these go on (a
 * lock, offers to a full queue), so that a turn of the event loop for each would cost more than all else.
 */
export const soon = (fiber: Fiber.Fiber<any, any>, resume: Task, serial = false): void => {
  const dispatcher = dispatcherOf(fiber.cache.scheduler)
  if (dispatcher === undefined) return fiber.currentDispatcher.scheduleTask(resume, 0)
  if (dispatcher.left > 0) {
    if (dispatcher.running) return dispatcher.wake(resume)
    if (serial) return void resolved.then(resume)
  }
  if (dispatcher.shared) return dispatcher.scheduleTask(resume, 0)
  const inTurn = () => {
    dispatcher.left = perTurn
    resume()
  }
  fiber.currentDispatcher.scheduleTask(inTurn, 0)
}

/** How many of those who wait may be resumed now, at least one: the rest has to ask again. */
export const allowance = (fiber: Fiber.Fiber<any, any>, waiting: number): number => {
  const dispatcher = dispatcherOf(fiber.cache.scheduler)
  if (dispatcher === undefined) return Math.min(waiting, perTurn)
  const count = Math.max(1, Math.min(waiting, dispatcher.left))
  dispatcher.left -= count
  return count
}
