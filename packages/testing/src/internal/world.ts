import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import { nameOfFiber } from "./fiberNames.ts"
import { Ledger } from "./ledger.ts"
import type { Note } from "./ledger.ts"
import type { OpenScopes } from "./openScopes.ts"
import { VirtualClock } from "./virtualClock.ts"

interface QueuedTask {
  readonly run: () => void
  readonly priority: number
}

/** @internal */
export type ShouldYield = (fiber: Fiber.Fiber<unknown, unknown>) => boolean

const nameOnly: Note = (fiber) => {
  const name = nameOfFiber(fiber)
  return () => name
}

const byBudget: ShouldYield = (fiber) => fiber.currentOpCount >= fiber.cache.maxOpsBeforeYield

/**
 * A small deterministic runtime: one queue, first in first out as Effect's own, and a clock that jumps to the
 * next timer when the queue is empty. Whatever runs in it is run by `step`, and by nothing else.
 *
 * @internal
 */
export class World {
  readonly clock = new VirtualClock()
  /** Asked before a task or a timer runs, when all fibers are parked. */
  onBoundary: (() => void) | undefined = undefined
  /** Called instead of queueing, once, by whoever set it. */
  private intercept: ((task: () => void) => () => void) | undefined = undefined
  private queue: Array<QueuedTask> = []
  /** What must be the same at the end as at the beginning. */
  readonly watched: Array<{ readonly name: string; readonly read: () => number; readonly before: number }> =
    []
  /** Every fiber that took a step in this world. */
  readonly fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  /** Watches nothing by itself. */
  readonly ledger: Ledger
  /** Looked for when set. */
  scopes: OpenScopes | undefined = undefined
  /** Grows whenever something happens. */
  activity = 0

  readonly dispatcher: Scheduler.SchedulerDispatcher = {
    scheduleTask: (task, priority) => {
      this.activity++
      const intercept = this.intercept
      if (intercept !== undefined) {
        this.intercept = undefined
        this.queue.unshift({ run: intercept(task), priority: Number.NEGATIVE_INFINITY })
      } else {
        this.enqueue({ run: task, priority })
      }
    },
    flush: () => {
      while (this.runTask()) continue
    }
  }

  constructor(note: Note = nameOnly) {
    this.ledger = new Ledger((fiber) => this.fibers.has(fiber), note)
  }

  /** Everything forked below a fiber with this scheduler has it too. */
  scheduler(shouldYield: ShouldYield = byBudget): Scheduler.Scheduler {
    const scheduler: Scheduler.Scheduler = {
      executionMode: "async",
      shouldYield: (fiber) => {
        this.activity++
        if (fiber.currentOpCount === 1) this.fibers.add(fiber)
        this.scopes?.look(fiber)
        return shouldYield(fiber)
      },
      makeDispatcher: () => this.dispatcher
    }
    worlds.set(scheduler, this)
    return scheduler
  }

  /** The fiber that is about to be told to yield parks with this task in place of its own, ahead of all others. */
  parkWith(f: (task: () => void) => () => void): void {
    this.intercept = f
  }

  fork<A, E, R>(
    effect: Effect.Effect<A, E, R>,
    context: Context.Context<R>,
    shouldYield?: ShouldYield
  ): Fiber.Fiber<A, E> {
    const services = context.pipe(
      Context.add(Clock.Clock, this.clock),
      Context.add(Scheduler.Scheduler, this.scheduler(shouldYield))
    )
    return Effect.runForkWith(services as Context.Context<R>)(effect)
  }

  /**
   * Runs until `fiber` is done, or `isOver`; undefined when everything is blocked, also after waiting `grace`
   * milliseconds of real time for something outside.
   */
  async exitOf<A, E>(
    fiber: Fiber.Fiber<A, E>,
    grace: number,
    isOver: () => boolean = () => false
  ): Promise<Exit.Exit<A, E> | undefined> {
    let steps = 0
    while (fiber.pollUnsafe() === undefined && !isOver()) {
      if (this.runTask()) {
        if (++steps % 4_096 === 0) await nextMacrotask()
      } else if (this.clock.next === undefined) {
        if (!(await this.isWokenFromOutside(grace))) break
      } else if (!(await this.isWokenFromOutside(0))) {
        // Only now: a promise that is settled already must win against a timeout that is hours away.
        this.letTimePass()
      }
    }
    return fiber.pollUnsafe()
  }

  /** Runs what can run without time passing, but not for ever. */
  settle(): void {
    for (let tasks = 0; tasks < 10_000 && this.runTask(); tasks++) continue
  }

  private letTimePass(): void {
    const timer = this.clock.next
    this.onBoundary?.()
    // The interruption at the boundary may have taken this timer away, or made something else run.
    if (timer !== undefined && this.queue.length === 0 && this.clock.next === timer)
      this.clock.takeNext()!.fire()
  }

  private async isWokenFromOutside(grace: number): Promise<boolean> {
    const before = this.activity
    const start = performance.now()
    for (let turns = 0; this.activity === before; turns++) {
      if (turns >= 2 && performance.now() - start >= grace) return false
      await (turns > 4 ? aMillisecond() : nextMacrotask())
    }
    return true
  }

  private runTask(): boolean {
    if (this.queue.length === 0) return false
    this.onBoundary?.()
    this.queue.shift()!.run()
    return true
  }

  private enqueue(task: QueuedTask): void {
    let index = this.queue.length
    while (index > 0 && this.queue[index - 1]!.priority > task.priority) index--
    this.queue.splice(index, 0, task)
  }
}

// Taken once, so that a program which replaces the globals does not stop its own test.
const { setImmediate, setTimeout } = globalThis
const nextMacrotask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const aMillisecond = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))

const worlds = new WeakMap<Scheduler.Scheduler, World>()

/** The world that this scheduler belongs to. @internal */
export const worldOf = (scheduler: Scheduler.Scheduler): World | undefined => worlds.get(scheduler)
