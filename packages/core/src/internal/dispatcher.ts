/**
 * Where fibers that Skein starts or wakes wait for their turn. Effect makes a dispatcher and a `setImmediate` for each fiber
 * that yields; these share one of their scheduler's, which halves what a short task costs.
 *
 * A turn runs all that was scheduled before it, in order, as the event loop would have. What is woken meanwhile ({@link soon})
 * runs in the same turn, after whoever woke it has suspended, so many at most: timers, I/O and other fibers are to get their turn.
 */
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"

type Task = () => void

/** So many are woken in one turn of the event loop. */
export const perTurn = 1024

// After so many, promises get their turn, as they do between the callbacks of the event loop.
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
  private readonly scheduler: Scheduler.MixedScheduler
  private due: Array<Task> = []
  private woken: Array<Task> = []
  private scheduled = false

  constructor(scheduler: Scheduler.MixedScheduler) {
    this.scheduler = scheduler
  }

  /** First come, first served: a priority counts among what one fiber schedules, not among all tasks of a program. */
  scheduleTask(task: Task, _priority: number): void {
    this.due.push(task)
    if (this.scheduled) return
    this.scheduled = true
    this.scheduler.setImmediate(this.turn)
  }

  /** Only while it runs. */
  wake(task: Task): void {
    this.woken.push(task)
  }

  readonly turn = (): void => {
    this.left = perTurn
    this.scheduled = false
    const { due } = this
    this.due = []
    this.run(due, 0)
  }

  private run(due: ReadonlyArray<Task>, from: number): void {
    const to = Math.min(from + perStretch, due.length)
    this.running = true
    stretch = ++stretches
    runAll(due, from, to)
    while (this.woken.length > 0) {
      const { woken } = this
      this.woken = []
      runAll(woken, 0, woken.length)
    }
    this.running = false
    stretch = 0
    if (to < due.length) queueMicrotask(() => this.run(due, to))
  }

  flush(): void {
    while (this.due.length > 0) {
      const { due } = this
      this.due = []
      runAll(due, 0, due.length)
    }
  }
}

// One that throws (a fiber's observer, say) must not take the others with it.
const runAll = (tasks: ReadonlyArray<Task>, from: number, to: number): void => {
  for (let i = from; i < to;) {
    try {
      while (i < to) tasks[i++]!()
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
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
export const sharedDispatcher = (scheduler: Scheduler.Scheduler): Scheduler.SchedulerDispatcher | undefined =>
  scheduler.makeDispatcher === Scheduler.MixedScheduler.prototype.makeDispatcher
    ? dispatcherOf(scheduler)
    : undefined

const resolved = /*#__PURE__*/ Promise.resolve()

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
  dispatcher.scheduleTask(resume, 0)
}

/** How many of those who wait may be resumed now, at least one: the rest has to ask again. */
export const allowance = (fiber: Fiber.Fiber<any, any>, waiting: number): number => {
  const dispatcher = dispatcherOf(fiber.cache.scheduler)
  if (dispatcher === undefined) return Math.min(waiting, perTurn)
  const count = Math.max(1, Math.min(waiting, dispatcher.left))
  dispatcher.left -= count
  return count
}
