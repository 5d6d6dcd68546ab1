/**
 * What is needed to see the defects without the explorer: nothing but Effect's own `MaxOpsBeforeYield`. The default is
 * 2048; a smaller number makes a fiber give way to others in the places where it otherwise would once in a while.
 */
import { Effect, Exit, Fiber, Scheduler } from "effect"

/** A defect of Effect 4.1.0: found by exploring `program`, seen again by `plain`. */
export interface Defect {
  /** Made anew for each schedule; fails where the defect shows. */
  readonly program: () => Effect.Effect<unknown, unknown>
  readonly interrupts: boolean
  readonly problem: "Rejected" | "Deadlock"
  /** A schedule that shows it. */
  readonly seed: string
  /** Runs without the explorer and says how often the defect showed, of how many runs. */
  readonly plain: Effect.Effect<{ readonly shown: number; readonly runs: number }>
}

const withBudget = (operations: number) => Effect.provideService(Scheduler.MaxOpsBeforeYield, operations)

/**
 * Interrupts the subject where it first gives way, for each budget from 3 to 64, and counts how often `isWrong`.
 */
export const interruptAtEachBudget = <S, A>(options: {
  readonly setup: Effect.Effect<S>
  readonly subject: (state: S) => Effect.Effect<A>
  readonly isWrong: (state: S, exit: Exit.Exit<A>) => Effect.Effect<boolean>
}): Defect["plain"] =>
  Effect.gen(function* () {
    let shown = 0
    let runs = 0
    for (let budget = 3; budget <= 64; budget++) {
      const state = yield* options.setup
      const fiber = yield* Effect.forkChild(withBudget(budget)(options.subject(state)))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      runs++
      if (yield* options.isWrong(state, exit)) shown++
    }
    return { shown, runs }
  })

/**
 * Runs the program under Effect's own scheduler, made to give way before one operation in three, and counts the runs that
 * have not ended after 100 ms of real time in which nothing happens.
 */
export const hangsOfRandomYields = (
  runs: number,
  program: () => Effect.Effect<unknown, unknown>
): Defect["plain"] =>
  Effect.gen(function* () {
    let state = 1
    const oneInThree = (): boolean => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
      return (state >>> 8) % 3 === 0
    }
    let asked = 0
    const inner = new Scheduler.MixedScheduler()
    const scheduler: Scheduler.Scheduler = {
      executionMode: "async",
      // Not before the operation that a fiber was resumed for, or it would never get on.
      shouldYield: (fiber) => ++asked > 0 && fiber.currentOpCount > 2 && oneInThree(),
      makeDispatcher: () => inner.makeDispatcher()
    }
    let shown = 0
    for (let run = 0; run < runs; run++) {
      const fiber = Effect.runFork(Effect.exit(program()), { scheduler })
      let before = -1
      while (fiber.pollUnsafe() === undefined && before !== asked) {
        before = asked
        yield* Fiber.await(fiber).pipe(Effect.timeoutOption("100 millis"))
      }
      if (fiber.pollUnsafe() === undefined) shown++
    }
    return { shown, runs }
  })
