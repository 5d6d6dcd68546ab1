/** One run of a program: signals, timers and exits drive it from phase to phase. */
import { CancelReason, CancelScope, TaskGroup } from "@skein/core"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"

import { SharedDispatcherScheduler } from "./dispatcher.ts"
import * as exitCode from "./exitCode.ts"
import { exitFlushed, loggingContext, say } from "./output.ts"
import type { Level } from "./output.ts"
import * as report from "./report.ts"
import { Current, State } from "./state.ts"

export interface RunOptions {
  /** Milliseconds; undefined: long when the program heeds the shutdown, else not at all. */
  readonly drain: number | undefined
  /** Milliseconds. */
  readonly cancel: number
  readonly signals: ReadonlyArray<NodeJS.Signals>
  readonly sharedDispatcher: boolean
  readonly dump: NodeJS.Signals | undefined
  /** Milliseconds a cycle may last before it ends the program. */
  readonly deadlock: number
  readonly exitCode: ((exit: Exit.Exit<unknown, unknown>) => number) | undefined
}

const drainWhenHeeded = 10_000
const longest = 2 ** 31 - 1
/** Between two looks for cycles; a look may take a fiftieth of the time. */
const lookEvery = 1000
const lookShare = 50

/** Who waits for each other unchanged; reported when seen for the second time. */
interface Cycle {
  readonly since: number
  readonly reported: boolean
}

let running = false

export class Run {
  private readonly options: RunOptions
  private readonly state = new State()
  private fiber: Fiber.Fiber<CancelScope.Outcome<unknown>, unknown> | undefined
  private scope: CancelScope.CancelScope | undefined
  /** The fiber of main's body. */
  private main: Fiber.Fiber<unknown, unknown> | undefined
  /** Loggers of the program, when they were last seen. */
  private context: Context.Context<never> | undefined
  /** How main itself came to its end, whatever became of its group. */
  private body: Exit.Exit<unknown, unknown> | undefined
  private timer: NodeJS.Timeout | undefined
  private ended = false
  /** Why the program is to end with another code than its own. */
  private forced: number | undefined
  private phaseStarted = performance.now()
  private timings: Array<string> = []
  private cycles: ReadonlyMap<string, Cycle> = new Map()

  constructor(options: RunOptions) {
    this.options = options
  }

  start(effect: Effect.Effect<unknown, unknown>): void {
    if (running)
      throw new Error("Runner.main: another program is run already, and a process has one end only")
    running = true
    this.listen()
    const program = CancelScope.run((scope) => {
      this.scope = scope
      const main = Effect.withFiber((fiber) => {
        this.main = fiber
        return Effect.onExit(effect, (exit) => Effect.sync(() => void (this.body = exit)))
      })
      return TaskGroup.run(main, { name: "main" }) as Effect.Effect<unknown, unknown>
    }).pipe(Effect.provideService(Current, this.state))
    const { sharedDispatcher } = this.options
    this.fiber = Effect.runFork(
      program,
      sharedDispatcher ? { scheduler: new SharedDispatcherScheduler() } : undefined
    )
    this.fiber.addObserver((exit) => this.onExit(exit))
    if (!this.ended) this.lookForCycles(lookEvery)
  }

  private listen(): void {
    for (const signal of this.options.signals) process.on(signal, () => this.onSignal(signal))
    const { dump } = this.options
    if (dump !== undefined)
      process.on(dump, () => void process.stderr.write(`${report.tree(report.snapshot())}\n`))
    process.on("uncaughtException", (error) => this.onUncaught("Uncaught exception", error))
    process.on("unhandledRejection", (error) => this.onUncaught("Unhandled rejection", error))
    process.on("beforeExit", () => this.onEmptyLoop())
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") return this.onUncaught("Standard output", error)
      // Nobody reads any more: not a failure, but nothing is left to do either.
      this.forced ??= exitCode.closedPipe
      this.cancel("SIGPIPE")
    })
    process.stderr.on("error", () => {})
  }

  private onSignal(signal: NodeJS.Signals): void {
    switch (this.state.phase) {
      case "running":
        return this.drain(signal)
      case "draining":
        return this.cancel(signal)
      case "cancelling":
        return this.abandon(`${signal} during the clean-up`)
      case "abandoned":
        return process.exit(process.exitCode)
    }
  }

  private onUncaught(what: string, error: unknown): void {
    this.say("Error", `${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    this.forced ??= 1
    if (this.ended) process.exitCode ||= 1
    this.cancel(what)
  }

  /** Nothing is left that could ever resume the program. */
  private onEmptyLoop(): void {
    if (this.ended) return
    if (this.state.phase === "running" || this.state.phase === "draining") {
      this.deadlock()
      // Another turn of the loop, to find out whether the clean-up waits as well.
      setImmediate(() => {})
    } else this.abandon("the clean-up waits for something that cannot happen")
  }

  private deadlock(): void {
    const snapshot = report.snapshot()
    this.say("Error", `The program cannot go on: everything waits.\n${report.tree(snapshot)}`)
    this.forced ??= exitCode.deadlocked
    this.cancel("deadlock")
  }

  private drain(label: string): void {
    const drain = this.options.drain ?? (this.state.heeded ? drainWhenHeeded : 0)
    if (drain <= 0) return this.cancel(label)
    this.enter("draining")
    this.request(label)
    if (this.ended) return
    this.say("Info", `${label}: shutting down, work may finish within ${report.seconds(drain)}`)
    this.after(drain, () => this.cancel(label))
  }

  private cancel(label: string): void {
    if (this.ended || this.state.phase === "cancelling" || this.state.phase === "abandoned") return
    const drained = this.state.phase === "draining"
    this.enter("cancelling")
    this.request(label)
    if (this.ended) return
    const { cancel } = this.options
    this.say(
      "Info",
      `${label}: cancelling${drained ? " what is left" : ""}, clean-up may take ${report.seconds(cancel)}`
    )
    this.after(cancel, () => this.abandon(`the clean-up did not end within ${report.seconds(cancel)}`))
    if (this.scope !== undefined) Effect.runSync(CancelScope.cancel(this.scope, this.state.reason))
  }

  private abandon(why: string): void {
    if (this.ended) return
    this.ended = true
    this.enter("abandoned")
    clearTimeout(this.timer)
    this.say("Error", `Gave up: ${why}. Still there:\n${report.tree(report.snapshot())}`)
    exitFlushed(this.forced ?? exitCode.abandoned)
  }

  private onExit(exit: Exit.Exit<CancelScope.Outcome<unknown>, unknown>): void {
    if (this.ended) return
    this.ended = true
    clearTimeout(this.timer)
    this.closePhase()
    const cancelled = Exit.isSuccess(exit) && exit.value._tag === "Cancelled" && !this.cancelledItself()
    const main = Exit.isFailure(exit)
      ? exit
      : exit.value._tag === "Completed"
        ? Exit.succeed(exit.value.value)
        : (this.body ?? Exit.interrupt(undefined))
    if (Exit.isFailure(main) && !cancelled && Runtime.getErrorReported(Cause.squash(main.cause))) {
      const { cause } = main
      this.say(
        "Error",
        report.escape(
          Cause.hasInterruptsOnly(cause) ? "The program was cancelled by itself" : CancelReason.pretty(cause)
        )
      )
    }
    if (this.timings.length > 0)
      this.say("Info", `${this.state.reason?.label}: shut down, ${this.timings.join(", ")}`)
    const own = cancelled ? exitCode.ofSignal(this.state.reason?.label ?? "") : exitCode.ofExit(main)
    exitFlushed(this.forced ?? this.chosen(main) ?? own)
  }

  /** The code that the options, or the program with `process.exitCode`, chose. */
  private chosen(main: Exit.Exit<unknown, unknown>): number | undefined {
    try {
      const code = this.options.exitCode?.(main)
      if (code !== undefined) return code
    } catch (error) {
      this.say("Error", `Runner.main: exitCode threw ${String(error)}`)
      return 1
    }
    return Exit.isSuccess(main) && typeof process.exitCode === "number" ? process.exitCode : undefined
  }

  /** A signal that comes later does not make it the signal's doing. */
  private cancelledItself(): boolean {
    const { body } = this
    return (
      body !== undefined &&
      Exit.isFailure(body) &&
      Cause.hasInterruptsOnly(body.cause) &&
      Option.isNone(CancelReason.fromCause(Cause.fromReasons(body.cause.reasons.slice(0, 1))))
    )
  }

  private request(label: string): void {
    // A Shutdown is a reason nobody but the Runner makes, hence by hand.
    const asked = Effect.runSync(CancelReason.requested(label))
    this.state.request({ ...asked, by: undefined, _tag: "Shutdown" } as CancelReason.Shutdown)
  }

  private enter(phase: State["phase"]): void {
    this.closePhase()
    this.state.phase = phase
  }

  private closePhase(): void {
    const { phase } = this.state
    const now = performance.now()
    const verb = phase === "draining" ? "drained" : phase === "cancelling" ? "cancelled" : undefined
    if (verb !== undefined) this.timings.push(`${verb} in ${report.seconds(now - this.phaseStarted)}`)
    this.phaseStarted = now
  }

  /** Keeps no process alive: with nothing else to wait for, waiting is over. */
  private after(millis: number, run: () => void): void {
    clearTimeout(this.timer)
    if (millis === Infinity) return
    this.timer = setTimeout(run, Math.min(millis, longest)).unref()
  }

  private say(level: Level, message: string): void {
    this.context = loggingContext(this.main) ?? this.context
    // Its loggers may be closed with the program: what must not be lost goes to standard error then.
    say(this.ended && level === "Error" ? undefined : this.context, level, message)
  }

  /** Finds those who wait for each other while other work keeps the process alive. */
  private lookForCycles(wait: number): void {
    setTimeout(() => {
      if (this.ended || this.state.phase === "cancelling") return
      const start = performance.now()
      const snapshot = report.snapshot()
      const seen = new Map<string, Cycle>()
      let isNew = false
      let lasted = 0
      for (const key of report.cycleKeys(snapshot)) {
        const known = this.cycles.get(key)
        seen.set(key, { since: known?.since ?? start, reported: known !== undefined })
        if (known === undefined) continue
        isNew ||= !known.reported
        lasted = Math.max(lasted, start - known.since)
      }
      this.cycles = seen
      if (isNew) this.say("Warn", `Tasks wait for each other.\n${report.escape(report.deadlocks(snapshot))}`)
      if (lasted >= this.options.deadlock) return this.deadlock()
      this.lookForCycles(Math.max(lookEvery, lookShare * (performance.now() - start)))
    }, wait).unref()
  }
}
