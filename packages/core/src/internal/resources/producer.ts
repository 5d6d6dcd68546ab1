/** What is behind `Generator.make`: a fiber that runs the generator and is suspended in `emit` between two pulls. */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"

import { afterExit, isInterruptible, start, succeedNow } from "../effect.ts"
import type { AnyEffect, AnyExit, AnyFiber } from "../effect.ts"
import { asDefects, begin, beside, drive, isNoInterrupt } from "./generatorDriver.ts"
import type { Body } from "./generatorDriver.ts"
import { waitingFrameOf, WaitingFrame } from "../node.ts"
import type { Node, Wait } from "../node.ts"
import { enqueue } from "../trampoline.ts"

export class GeneratorMisuse
  extends /*#__PURE__*/ Data.TaggedError("GeneratorMisuse")<{ readonly problem: string }>
{
  override get message(): string {
    return `Generator: ${this.problem}`
  }
}

const misuse = (problem: string): Exit.Exit<never> => Exit.die(new GeneratorMisuse({ problem }))

/** The producer's fiber, as part of the task that consumes. */
class ProducerFrame extends WaitingFrame {
  wait: Wait | undefined = undefined
  readonly up: WaitingFrame | undefined
  readonly node: Node | undefined

  constructor(effect: AnyEffect, consumer: AnyFiber) {
    super(effect)
    this.up = waitingFrameOf(consumer)
    this.node = this.up?.node
  }

  protected onExit(): void {}
}

interface Emission {
  readonly value: unknown
  /** Whose `emit` it is: the producer's, or one below it. */
  readonly fiber: AnyFiber
  /** Lets `emit` return. */
  readonly resume: (effect: AnyEffect) => void
}

/**
 * Invariant: of `items` and `pulling` one is empty, except between the two steps of one function. Fibers are resumed
 * through the trampoline: a pull may come from inside an emit and the other way round.
 */
export class Producer {
  private readonly body: (emit: (value: unknown) => AnyEffect) => Body
  private fiber: AnyFiber | undefined = undefined
  private stopped = false
  private exit: AnyExit | undefined = undefined
  /** Emitted and not taken: more than one when the generator emits from several fibers at once. */
  private readonly items: Array<Emission> = []
  /** Taken by the last pull: its `emit` returns at the next. */
  private taken: Emission | undefined = undefined
  private pulling: ((effect: AnyEffect) => void) | undefined = undefined

  constructor(body: (emit: (value: unknown) => AnyEffect) => Body) {
    this.body = body
  }

  private readonly emit = (value: unknown): AnyEffect =>
    Effect.callback<void>((resume) => {
      if (this.exit !== undefined) return resume(misuse("emit was called after the generator had ended"))
      if (this.stopped) return resume(misuse("emit was called in the cleanup after the consumer had stopped"))
      const emission: Emission = {
        value,
        fiber: Fiber.getCurrent()!,
        resume: resume as (effect: AnyEffect) => void
      }
      this.items.push(emission)
      this.deliver()
      return Effect.sync(() => this.forget(emission))
    })

  private refuse(which: (emission: Emission) => boolean): void {
    const pending = this.taken === undefined ? this.items : [this.taken, ...this.items]
    for (const emission of pending.filter(which)) {
      this.forget(emission)
      emission.resume(misuse("emit was called in the cleanup after the consumer had stopped"))
    }
  }

  private forget(emission: Emission): void {
    if (this.taken === emission) this.taken = undefined
    const at = this.items.indexOf(emission)
    if (at >= 0) this.items.splice(at, 1)
  }

  /** The next item, alone in an array; `Cause.Done` at the end. */
  readonly pull: AnyEffect = Effect.withFiber((fiber) => {
    if (this.pulling !== undefined) return misuse("pulled twice at once")
    const taken = this.taken
    this.taken = undefined
    if (taken !== undefined) enqueue(() => taken.resume(Exit.void))
    const item = this.items.shift()
    if (item === undefined) return this.wait
    // In this very step: an exit is an operation of its own, and the item would be lost with an interruption before it.
    this.taken = item
    return succeedNow(fiber, [item.value])
  })

  private readonly wait: AnyEffect = Effect.callback<unknown, unknown>((resume) => {
    this.pulling = resume as (effect: AnyEffect) => void
    this.deliver()
    return Effect.sync(() => {
      if (this.pulling === resume) this.pulling = undefined
    })
  })

  private deliver(): void {
    const pulling = this.pulling
    if (pulling === undefined) return
    const item = this.items.shift()
    if (item !== undefined) {
      this.pulling = undefined
      this.taken = item
      enqueue(() => pulling(Effect.succeed([item.value])))
    } else if (this.exit !== undefined) {
      this.pulling = undefined
      const exit = this.exit
      enqueue(() => pulling(Exit.isSuccess(exit) ? Cause.done() : exit))
    }
  }

  /** Run by the first pull, on the consumer's fiber. */
  start(consumer: AnyFiber): void {
    if (this.fiber !== undefined || this.stopped) return
    const scope = Scope.makeUnsafe()
    const run = Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(
        Effect.exit(
          Scope.provide(
            Effect.suspend(() =>
              drive({
                where: "Generator.make",
                iterator: begin("Generator.make", this.body, this.emit),
                restore,
                pause: undefined,
                rest: undefined,
                unwinding: false
              })
            ),
            scope
          )
        ),
        (exit) => beside(exit, Scope.close(scope, exit))
      )
    )
    const context = consumer.context as Context.Context<never>
    this.fiber = start(context, new ProducerFrame(run, consumer))
    afterExit(this.fiber, (exit) => this.ended(exit))
  }

  get started(): boolean {
    return this.fiber !== undefined
  }

  private ended(exit: AnyExit): void {
    // Effect's Stream would take it for the end of the stream.
    const done = Exit.isFailure(exit) && exit.cause.reasons.some(isDone)
    this.exit = done
      ? misuse("the generator failed with Cause.Done, which is Stream's end and no failure")
      : exit
    // Of fibers that the generator left behind.
    if (this.stopped) this.refuse(() => true)
    this.deliver()
  }

  /** The consumer wants no more. Returns when the generator's cleanup has run; dies with what that failed with. */
  readonly stop: Effect.Effect<void> = Effect.uninterruptible(
    Effect.withFiber((consumer) => {
      const fiber = this.fiber
      this.stopped = true
      if (fiber === undefined || this.exit !== undefined) {
        this.exit ??= misuse("pulled after the stream had ended")
        return Effect.void
      }
      enqueue(() => {
        fiber.interruptUnsafe(consumer.id)
        // Nobody else would ever resume those that are uninterruptible.
        this.refuse((emission) => !isInterruptible(emission.fiber))
      })
      return Effect.callback<void>((resume) =>
        afterExit(fiber, (exit) => {
          const failed = Exit.isSuccess(exit) ? [] : exit.cause.reasons.filter(isNoInterrupt)
          resume(failed.length === 0 ? Exit.void : Exit.failCause(asDefects(Cause.fromReasons(failed))))
        })
      )
    })
  )
}

const isDone = (reason: Cause.Reason<unknown>): boolean =>
  reason._tag === "Fail" && Cause.isDone(reason.error)
