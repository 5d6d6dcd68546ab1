/** What is behind `ContextManager`: a generator that is run once and suspended while its block runs. */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

import { isInterrupted } from "../effect.ts"
import type { AnyEffect, AnyExit, AnyFiber } from "../effect.ts"
import { Env, envOf, withEnv } from "../env.ts"
import { asDefects, begin, beside, drive, isNoInterrupt, resume, withCause } from "./generatorDriver.ts"
import type { Body, Driver } from "./generatorDriver.ts"
import { effectOf, expected, functionOf, wrongSelf } from "../misuse.ts"
import { nonNegativeMillis } from "../validate.ts"

export class UsageError
  extends /*#__PURE__*/ Data.TaggedError("ContextManagerUsageError")<{
    readonly manager: string
    readonly problem: string
  }>
{
  override get message(): string {
    return `ContextManager ${this.manager}: ${this.problem}`
  }
}

export class CloseTimeout
  extends /*#__PURE__*/ Data.TaggedError("ContextManagerCloseTimeout")<{
    readonly manager: string
    readonly timeout: Duration.Duration
    readonly stuck: boolean
  }>
{
  override get message(): string {
    const end = this.stuck ? "did not end when interrupted and was left behind" : "was interrupted"
    return `ContextManager ${this.manager}: closing took longer than ${Duration.format(this.timeout)} and ${end}`
  }
}

type AnyContext = Context.Context<never>
type ProvideFn = (value: unknown) => AnyEffect
type BodyFn = (provide: ProvideFn) => Body
type Block = (value: any) => AnyEffect

/** An opened manager. Closing gives what closing failed with, typed. */
interface Opened {
  readonly value: unknown
  readonly close: (exit: AnyExit) => AnyEffect
}

/** How a manager is opened and closed; both run in one uninterruptible region of the caller. */
interface Parts {
  readonly name: string
  readonly open: Effect.Effect<Opened, any, any>
  readonly use: (block: Block) => AnyEffect
}

export class Manager extends Effectable.Class<any, any, any> {
  readonly "~skein/ContextManager" = "~skein/ContextManager"
  private readonly parts: Parts

  constructor(parts: Parts) {
    super()
    this.parts = parts
  }

  static make(
    body: (provide: any) => Iterator<any, any, any>,
    name?: string,
    closeTimeout?: Duration.Input
  ): Manager {
    const label = name === undefined ? "(unnamed)" : `"${name}"`
    const session = () =>
      new Session(
        body as BodyFn,
        label,
        closeTimeout === undefined
          ? Infinity
          : nonNegativeMillis("ContextManager.make", "closeTimeout", closeTimeout)
      )
    return new Manager({
      name: label,
      open: Effect.suspend(() => session().open()),
      use: (block) => Effect.suspend(() => session().use(block))
    })
  }

  static stack(managers: ReadonlyArray<Manager> | Readonly<Record<string, Manager>>): Manager {
    // A Set would look empty.
    if (
      typeof managers !== "object" ||
      managers === null ||
      Symbol.iterator in managers !== Array.isArray(managers)
    )
      return expected("ContextManager.stack", "an array or a record of ContextManagers", managers)
    const keys = Object.keys(managers)
    const wrong = keys.find((key) => !((managers as any)[key] instanceof Manager))
    if (wrong !== undefined) {
      const given: unknown = (managers as any)[wrong]
      const misuse = Effect.die(wrongSelf(`ContextManager.stack: ${wrong}`, "a ContextManager", given))
      return new Manager({ name: "stack", open: misuse, use: () => misuse })
    }
    const parts = keys.map((key) => ((managers as any)[key] as Manager).parts)
    const shape = (values: ReadonlyArray<unknown>): unknown =>
      Array.isArray(managers) ? values : Object.fromEntries(keys.map((key, i) => [key, values[i]]))
    const open = (i: number, opened: ReadonlyArray<Opened>): Effect.Effect<Opened, any, any> =>
      i === parts.length
        ? Effect.succeed({
            value: shape(opened.map((one) => one.value)),
            close: (exit) => closeAll(opened, exit)
          })
        : Effect.matchCauseEffect(parts[i]!.open, {
            onSuccess: (one) => open(i + 1, [...opened, one]),
            onFailure: (cause) => beside(Exit.failCause(cause), closeAll(opened, Exit.failCause(cause)))
          })
    const use = (i: number, values: ReadonlyArray<unknown>, block: Block): AnyEffect =>
      i === parts.length
        ? Effect.suspend(() => effectOf("ContextManager stack: use", block(shape(values))))
        : parts[i]!.use((value) => use(i + 1, [...values, value], block))
    return new Manager({
      name: `stack(${parts.map((one) => one.name).join(", ")})`,
      open: Effect.suspend(() => open(0, [])),
      use: (block) => use(0, [], block)
    })
  }

  use(block: Block): AnyEffect {
    functionOf(`ContextManager ${this.parts.name}: use`, "a function", block)
    return this.parts.use(block)
  }

  /** In the surrounding scope. */
  asEffect(): AnyEffect {
    const { name, open } = this.parts
    return Effect.uninterruptible(
      Effect.withFiber((fiber) => {
        const scope = Context.getUnsafe(fiber.context, Scope.Scope)
        const closed = () =>
          new UsageError({ manager: name, problem: "opened in a scope that is already closed" })
        if (scope.state._tag === "Closed") return Effect.die(closed())
        return Effect.flatMap(open, (opened) => {
          const close = (exit: AnyExit) => Effect.uninterruptible(asDefect(opened.close(exit)))
          if (scope.state._tag !== "Closed")
            return Effect.as(Scope.addFinalizerExit(scope, close), opened.value)
          // Closed while this was opening: nobody else would close it.
          return beside(Exit.die(closed()), close(scope.state.exit))
        })
      })
    )
  }
}

/** In reverse; each sees how it stands when its turn comes. */
const closeAll = (opened: ReadonlyArray<Opened>, exit: AnyExit): AnyEffect => {
  const from = (i: number, current: AnyExit, failed: Cause.Cause<unknown>): AnyEffect =>
    i < 0
      ? failed.reasons.length === 0
        ? Effect.void
        : Effect.failCause(failed)
      : Effect.matchCauseEffect(opened[i]!.close(current), {
          onSuccess: () => from(i - 1, current, failed),
          onFailure: (cause) => from(i - 1, withCause(current, cause), Cause.combine(failed, cause))
        })
  return Effect.suspend(() => from(opened.length - 1, exit, Cause.empty))
}

const asDefect = (effect: AnyEffect): Effect.Effect<unknown> =>
  Effect.catchCause(effect, (cause) => Effect.failCause(asDefects(cause))) as Effect.Effect<unknown>

/** A promise to hand a value over; only the generator's own session can make sense of it. */
class Providing extends Effectable.Class<any, any, any> {
  readonly session: Session
  readonly value: unknown
  constructor(session: Session, value: unknown) {
    super()
    this.session = session
    this.value = value
  }
  asEffect(): AnyEffect {
    return this.session.provideInline(this.value)
  }
}

const provided = /*#__PURE__*/ Symbol("skein/ContextManager/provided")

class Session {
  private readonly driver: Driver
  private readonly name: string
  private readonly closeTimeout: number
  private readonly scope = Scope.makeUnsafe()
  private state: "opening" | "block" | "closing" = "opening"
  private value: unknown = undefined
  private blockExit: AnyExit | undefined = undefined
  /** The fiber that ran the block was interrupted: by the caller, or by the generator (a deadline around `provide`). */
  private blockCancelled = false
  /** Runs the block inside `provide`; undefined when the block is whatever the surrounding scope does. */
  private block: Block | undefined = undefined

  constructor(body: BodyFn, name: string, closeTimeout: number) {
    this.name = name
    this.closeTimeout = closeTimeout
    const where = `ContextManager ${name}`
    this.driver = {
      where,
      iterator: begin(where, body, (value) => new Providing(this, value)),
      restore: undefined,
      pause: undefined,
      rest: undefined,
      unwinding: false
    }
  }

  private misuse(problem: string): Effect.Effect<never> {
    return Effect.die(new UsageError({ manager: this.name, problem }))
  }

  /** `provide` run as an effect: around the block of `use`, at any depth. */
  provideInline(value: unknown): AnyEffect {
    if (this.state !== "opening") return this.misuse("provide was called a second time")
    if (this.driver.unwinding) return this.misuse("provide was called after the opening had failed")
    const block = this.block
    if (block === undefined) {
      return this.misuse(
        "in a scope, provide must be yielded by the generator itself; inside another effect it needs .use"
      )
    }
    this.state = "block"
    // An interrupted fiber comes to no `Effect.exit`.
    const ended = Effect.onExit(
      Effect.suspend(() => block(value)),
      (exit) =>
        Effect.withFiber((inner) => {
          this.state = "closing"
          this.blockExit = exit
          this.blockCancelled = isInterrupted(inner)
          return Effect.void
        })
    )
    return Effect.map(Effect.exit(ended), (exit) => ({ exit }))
  }

  use(block: Block): AnyEffect {
    return Effect.uninterruptibleMask((restore) =>
      Effect.withFiber((fiber) => {
        const context: AnyContext = fiber.context
        this.block = (value) =>
          Effect.withFiber((inner) => {
            const effect = effectOf(`ContextManager ${this.name}: use`, block(value))
            return Effect.setContext(restore(effect) as Effect.Effect<any>, blockContext(context, inner))
          })
        this.driver.rest = (rest) => (this.state === "closing" ? this.closing(rest) : rest)
        return Effect.flatMap(Effect.exit(Scope.provide(drive(this.driver), this.scope)), (body) => {
          const exit = this.outcome(fiber, body)
          return beside(exit, this.release(exit))
        })
      })
    )
  }

  /** What the generator took from the Scope. */
  private release(exit: AnyExit): AnyEffect {
    const close = Scope.close(this.scope, exit)
    return this.closeTimeout === Infinity ? close : this.bounded(close)
  }

  private outcome(fiber: AnyFiber, body: AnyExit): AnyExit {
    const block = this.blockExit
    const dies = (problem: string) => Exit.die(new UsageError({ manager: this.name, problem }))
    if (block === undefined) {
      if (Exit.isFailure(body)) return body
      return dies(this.state === "block" ? stillRunning : neverProvided)
    }
    if (Exit.isSuccess(block)) return Exit.isSuccess(body) ? block : body
    // A block that the generator itself cancelled is told by what the generator does then.
    const foreign = !this.blockCancelled || isInterrupted(fiber)
    const own = foreign ? block.cause.reasons : block.cause.reasons.filter(isNoInterrupt)
    const all = Exit.isSuccess(body) ? own : [...own, ...body.cause.reasons]
    return all.length === 0 ? dies(swallowed) : Exit.failCause(Cause.fromReasons(all))
  }

  open(): Effect.Effect<Opened, any, any> {
    return Effect.withFiber((fiber) => {
      const context: AnyContext = fiber.context
      this.driver.pause = (yielded) => {
        if (!(yielded instanceof Providing) || yielded.session !== this || this.state !== "opening")
          return undefined
        this.state = "block"
        this.value = yielded.value
        return Effect.succeed(provided)
      }
      return Effect.flatMap(Effect.exit(Scope.provide(drive(this.driver), this.scope)), (body) => {
        if (Exit.isSuccess(body) && body.value === provided) {
          return Effect.succeed({ value: this.value, close: (exit: AnyExit) => this.close(exit, context) })
        }
        const exit = Exit.isSuccess(body)
          ? Exit.die(new UsageError({ manager: this.name, problem: neverProvided }))
          : body
        return beside(exit, this.release(exit))
      })
    })
  }

  private close(exit: AnyExit, context: AnyContext): AnyEffect {
    return Effect.suspend(() => {
      this.state = "closing"
      this.driver.pause = undefined
      const rest = this.closing(Effect.suspend(() => resume(this.driver, Exit.succeed({ exit }))))
      const withServices = Effect.provideContext(Scope.provide(rest, this.scope), context)
      return Effect.flatMap(Effect.exit(withServices), (body) =>
        beside(body, this.release(Exit.isSuccess(body) ? exit : withCause(exit, body.cause)))
      )
    })
  }

  /** The code after `provide`: no deadline of the work applies to it, `closeTimeout` does. */
  private closing(rest: AnyEffect): AnyEffect {
    this.driver.rest = undefined
    this.driver.restore = this.closeTimeout === Infinity ? undefined : Effect.interruptible
    const timely = this.closeTimeout === Infinity ? rest : this.bounded(rest)
    return Effect.updateContext(timely as Effect.Effect<any>, (context: AnyContext) => {
      const env = Context.get(context, Env)
      return env.scope === undefined
        ? context
        : withEnv(context, { group: env.group, scope: undefined, held: env.held })
    })
  }

  /** Nothing can bound an uninterruptible effect from inside its fiber, so the rest runs in a fiber of its own. */
  private bounded(rest: AnyEffect): AnyEffect {
    const timeout = Duration.millis(this.closeTimeout)
    return Effect.withFiber((fiber) => {
      const run = Effect.runForkWith(fiber.context as Context.Context<any>)
      const child = run(rest, { uninterruptible: true })
      const done = child.pollUnsafe()
      if (done !== undefined) return done
      return Effect.callback<unknown, unknown>((resume) => {
        let late = false
        const timer = run(
          Effect.flatMap(Effect.sleep(timeout), () => {
            late = true
            child.interruptUnsafe(fiber.id)
            return Effect.flatMap(Effect.sleep(timeout), () => Effect.sync(() => finish(this.late(true, []))))
          })
        )
        const finish = (exit: AnyExit) => resume(exit)
        child.addObserver((exit) => {
          timer.interruptUnsafe(fiber.id)
          if (!late) finish(exit)
          else finish(this.late(false, Exit.isSuccess(exit) ? [] : exit.cause.reasons.filter(isNoInterrupt)))
        })
      })
    })
  }

  private late(stuck: boolean, others: ReadonlyArray<Cause.Reason<unknown>>): AnyExit {
    const timeout = Duration.millis(this.closeTimeout)
    const defect = new CloseTimeout({ manager: this.name, timeout, stuck })
    return Exit.failCause(Cause.fromReasons([Cause.makeDieReason(defect), ...others]))
  }
}

const neverProvided = "the generator ended without calling provide"
const stillRunning = "the generator ended before its block; provide must be waited for"
const swallowed = "the generator cancelled its block and did not fail: the block has no result"

/**
 * The caller's context, so that nothing the generator provides around `provide` shadows the caller's services; but the
 * deadlines and locks that it put around `provide` do hold inside the block.
 */
const blockContext = (context: AnyContext, inner: AnyFiber): AnyContext => {
  const own = Context.get(context, Env)
  const env = envOf(inner)
  if (own === env) return context
  return withEnv(context, { group: own.group, scope: env.scope, held: env.held })
}

/** How to dispose of the value; throws when it does not know. */
export const dispose = (value: AsyncDisposable | Disposable): Effect.Effect<void> => {
  const asynchronous = (value as Partial<AsyncDisposable> | null | undefined)?.[Symbol.asyncDispose]
  if (typeof asynchronous === "function") {
    return Effect.promise(async () => {
      await asynchronous.call(value)
    })
  }
  const synchronous = (value as Partial<Disposable> | null | undefined)?.[Symbol.dispose]
  if (typeof synchronous === "function") return Effect.sync(() => synchronous.call(value))
  const problem = "the value has neither Symbol.asyncDispose nor Symbol.dispose"
  throw new UsageError({ manager: "fromDisposable", problem })
}
