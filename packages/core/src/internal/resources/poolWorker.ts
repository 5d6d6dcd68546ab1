/** The fibers of a pool: they open, check and close its resources, and keep its time. */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

import { clearAlarm, setAlarm } from "../alarm.ts"
import type { Alarm } from "../alarm.ts"
import type { AnyEffect, AnyExit, AnyFiber } from "../effect.ts"
import { isNoInterrupt } from "./generatorDriver.ts"
import { effectOf } from "../misuse.ts"
import type { Pool } from "./pool.ts"
import { PoolCloseTimeout } from "./poolErrors.ts"
import type { Item, PoolWork, Supply } from "./poolItems.ts"
import { holders } from "./poolLease.ts"
import type { Lease } from "./poolLease.ts"
import type { Sleeper } from "../timers.ts"
import { enqueue } from "../trampoline.ts"

const uninterruptible = { uninterruptible: true } as const

const notify = (tell: (fiber: AnyFiber) => void): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    tell(fiber)
    return Effect.void
  })

export class PoolWorker implements PoolWork, Sleeper {
  private readonly pool: Pool
  private readonly context: Context.Context<never>
  /** In fibers that nobody can interrupt before, between or after their steps: the pool counts on their reports. */
  private readonly run: (effect: AnyEffect) => AnyFiber
  private alarm: Alarm | undefined = undefined

  constructor(pool: Pool, context: Context.Context<never>) {
    this.pool = pool
    this.context = context
    const run = Effect.runForkWith(context as Context.Context<any>)
    this.run = (effect) => run(effect, uninterruptible)
    pool.worker = this
  }

  open(supply: Supply): void {
    const { pool } = this
    const scope = Scope.makeUnsafe()
    supply.fiber = this.run(
      Effect.flatMap(Effect.exit(Effect.interruptible(Scope.provide(pool.options.acquire, scope))), (exit) =>
        Exit.isSuccess(exit)
          ? notify((fiber) => pool.opened(supply, exit.value, scope, fiber))
          : this.failed(supply, exit.cause, scope)
      )
    )
  }

  private failed(supply: Supply, cause: Cause.Cause<unknown>, scope: Scope.Closeable): Effect.Effect<void> {
    const { pool } = this
    const own = pool.closed || !pool.supplies.has(supply)
    const reasons = cause.reasons.filter(isNoInterrupt)
    const interrupted = Cause.die(new Error(`Pool "${pool.options.name}": acquire was interrupted`))
    const failure = reasons.length === 0 ? interrupted : Cause.fromReasons(reasons)
    const told = pool.openFailed(supply, Exit.failCause(failure))
    const quiet = told || (own && reasons.length === 0)
    const report = quiet ? Effect.void : this.report("opening a resource failed", failure)
    return Effect.andThen(
      Effect.andThen(report, this.closeScope(scope, Exit.failCause(cause))),
      notify((fiber) => pool.openEnded(fiber))
    )
  }

  check(supply: Supply, item: Item): void {
    const { pool } = this
    const ended = (exit: AnyExit): Effect.Effect<void> => {
      const reasons = Exit.isSuccess(exit) ? [] : exit.cause.reasons.filter(isNoInterrupt)
      const failed = this.report("validate failed, the resource is replaced", Cause.fromReasons(reasons))
      return Effect.andThen(
        reasons.length === 0 ? Effect.void : failed,
        notify((fiber) => pool.checked(supply, item, Exit.isSuccess(exit) && exit.value === true, fiber))
      )
    }
    const validate = Effect.suspend(() => effectOf("Pool: validate", pool.options.validate!(item.value)))
    supply.fiber = this.run(Effect.flatMap(Effect.exit(Effect.interruptible(validate)), ended))
  }

  close(item: Item): void {
    const close = this.closeScope(item.scope, Exit.void)
    this.run(
      Effect.andThen(
        close,
        notify((fiber) => this.pool.closeEnded(fiber))
      )
    )
  }

  private closeScope(scope: Scope.Closeable, exit: AnyExit): Effect.Effect<void> {
    return Effect.catchCause(Scope.close(scope, exit), (cause) =>
      this.report("closing a resource failed", cause)
    )
  }

  private report(what: string, cause: Cause.Cause<unknown>): Effect.Effect<void> {
    return Effect.logWarning(`Pool "${this.pool.options.name}": ${what}`, cause)
  }

  reportLeak(lease: Lease, held: number): void {
    const { name } = this.pool.options
    const time = Duration.format(Duration.millis(Math.round(held)))
    this.run(
      Effect.logWarning(
        `Pool "${name}": ${lease.describe().name} has held a lease for ${time}${lease.whence()}`
      )
    )
  }

  setAlarm(millis: number): void {
    const { clock } = this.pool
    this.alarm = setAlarm({ context: this.context } as AnyFiber, clock, this.pool.now(), millis, this)
  }

  clearAlarm(): void {
    if (this.alarm !== undefined) clearAlarm(this.alarm)
    this.alarm = undefined
  }

  onAlarm(): void {
    this.alarm = undefined
    this.pool.onAlarm()
  }

  /** Returns when every resource is closed; dies after `closeTimeout`, leaving the rest to be closed as it comes back. */
  readonly shutDown: Effect.Effect<void> = Effect.uninterruptible(
    Effect.withFiber((fiber) => {
      const { pool } = this
      pool.shutDown(fiber)
      if (pool.empty) return Effect.void
      return Effect.callback<void>((resume) => {
        // The fiber may have been parked since.
        if (pool.empty) return resume(Exit.void)
        let alarm: Alarm | undefined
        pool.onEmpty = () => {
          if (alarm !== undefined) clearAlarm(alarm)
          enqueue(() => resume(Exit.void))
        }
        if (pool.options.closeTimeout === Infinity) return
        const late = () => {
          alarm = undefined
          resume(Exit.die(this.tooLate()))
        }
        alarm = setAlarm(fiber, pool.clock, pool.now(), Math.max(pool.options.closeTimeout, 0.001), {
          onAlarm: late
        })
      })
    })
  )

  private tooLate(): PoolCloseTimeout {
    const { pool } = this
    return new PoolCloseTimeout({
      pool: pool.options.name,
      timeout: Duration.millis(pool.options.closeTimeout),
      holders: holders(pool),
      busy: pool.size - pool.leased
    })
  }
}
