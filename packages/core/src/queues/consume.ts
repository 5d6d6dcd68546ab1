import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"

import { later } from "../internal/dispatcher.ts"
import { enter, isInterrupted } from "../internal/effect.ts"
import { StackEntry } from "../internal/stackEntry.ts"
import type { AnyEffect } from "../internal/effect.ts"
import { envOf } from "../internal/env.ts"
import { failureOf } from "../internal/tasks/group.ts"
import type { Node } from "../internal/node.ts"
import { integer, InvalidArgument } from "../internal/validate.ts"
import { Work } from "../internal/queues/worker.ts"
import { wrongType } from "../internal/misuse.ts"
import { check, waitsForItself } from "../internal/queues/workOperations.ts"
import type { WorkState } from "../internal/queues/workQueue.ts"
import * as TaskGroup from "../tasks/TaskGroup.ts"
import type * as Types from "effect/Types"
import type { WorkQueue } from "./WorkQueue.ts"

/**
 * How many workers, and when they are done.
 *
 * **Shape / units**: `until: "shutdown"` (the default): when the queue was shut down and is empty. `until: "idle"`: also when
 * nothing is queued, handled, or being produced ({@link producing}), for handlers that offer more work themselves; it then
 * shuts the queue down. `name` is the group's in the task tree, by default the queue's.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConsumeOptions {
  readonly workers: number
  readonly until?: "shutdown" | "idle" | undefined
  readonly name?: string | undefined
}

/**
 * The same with a report instead of the end: a failing item goes to `onFailure`, the others go on.
 *
 * **Shape / units**: the item stays unfinished while `onFailure` runs, which may offer it again.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConsumeAllOptions<A, E1, R2> extends ConsumeOptions {
  readonly onFailure: (item: A, cause: Cause.Cause<E1>) => Effect.Effect<unknown, never, R2>
}

interface AnyOptions extends ConsumeOptions {
  readonly onFailure?: ((item: any, cause: Cause.Cause<any>) => AnyEffect) | undefined
}

/**
 * Handles every item of the queue with so many workers, and ends by itself.
 *
 * **When to use**: for producers and consumers; no sentinels, no counting, no acknowledging by hand.
 *
 * **Errors**: fails with the error of the first handler that fails, after the other handlers have been cancelled; what is
 * queued stays queued. With `onFailure` a failing item (a defect too) is reported there, and the others go on. Fails with what
 * the queue was failed with, once what was left is handled. A handler that interrupts itself has cancelled its item alone:
 * the worker goes on; workers that are cancelled are replaced when none is left. Dies unless `workers` is an integer of at least 1, and
 * with `until: "idle"` in a handler of the same queue or in what is `producing` for it: it would wait for itself.
 *
 * **Cancellation**: Cancel-safe for items whose handler has not taken its first step: they stay queued, in order. Those being
 * handled are interrupted and acknowledged.
 *
 * **Ordering**: each item goes to one handler, and is acknowledged when that one has exited. An offer from a handler (or its
 * `onFailure`) to its own queue never waits for room: it would wait for itself. A fork in a handler goes to the caller's
 * group, not to the workers'.
 *
 * **Example**: `examples/23-producer-consumer.ts`
 *
 * @category operations
 * @since 0.1.0
 */
export const consume: {
  <A, X, E1, R1, R2>(
    handler: (item: A) => Effect.Effect<X, E1, R1>,
    options: ConsumeAllOptions<Types.NoInfer<A>, Types.NoInfer<E1>, R2>
  ): <E>(self: WorkQueue<A, E>) => Effect.Effect<void, E, R1 | R2>
  <A, E, X, E1, R1, R2>(
    self: WorkQueue<A, E>,
    handler: (item: A) => Effect.Effect<X, E1, R1>,
    options: ConsumeAllOptions<Types.NoInfer<A>, Types.NoInfer<E1>, R2>
  ): Effect.Effect<void, E, R1 | R2>
  <A, X, E1, R1>(
    handler: (item: A) => Effect.Effect<X, E1, R1>,
    options: ConsumeOptions
  ): <E>(self: WorkQueue<A, E>) => Effect.Effect<void, E | E1, R1>
  <A, E, X, E1, R1>(
    self: WorkQueue<A, E>,
    handler: (item: A) => Effect.Effect<X, E1, R1>,
    options: ConsumeOptions
  ): Effect.Effect<void, E | E1, R1>
} = ((...args: Array<any>) =>
  typeof args[0] === "function"
    ? (self: WorkState<any>) => run(self, args[0], args[1])
    : run(args[0], args[1], args[2])) as any

const run = (queue: WorkState<any>, handler: (item: any) => AnyEffect, options: AnyOptions): AnyEffect =>
  Effect.withFiber((owner) => {
    check("WorkQueue.consume", queue)
    if (typeof handler !== "function") throw wrongType("WorkQueue.consume", "handler", "a function", handler)
    const { onFailure, name, until, workers: count } = (options ?? {}) as Partial<AnyOptions>
    const workers = integer("WorkQueue.consume", "workers", count!, 1)
    if (onFailure !== undefined && typeof onFailure !== "function")
      throw wrongType("WorkQueue.consume", "onFailure", "a function", onFailure)
    if (until !== undefined && until !== "shutdown" && until !== "idle") {
      throw new InvalidArgument(`WorkQueue.consume: until must be "shutdown" or "idle", got ${String(until)}`)
    }
    const endless = until === "idle" && queue.refusal === undefined
    const itself = endless ? waitsForItself('WorkQueue.consume, until: "idle"', owner, queue) : undefined
    if (itself !== undefined) return itself
    const work = new Work(queue, { handler, report: onFailure }, envOf(owner))
    const consuming = new Consuming(queue)
    enter(owner, consuming)
    const group = TaskGroup.run(
      body(consuming, persistent(work), workers, until === "idle") as Effect.Effect<void>,
      {
        name: name ?? queue.name
      }
    )
    const all: AnyEffect = Effect.flatMap(group, () => {
      // Each worker was cancelled by somebody: that is not the end of the work.
      if (queue.over === undefined || queue.items.length > 0) return all
      return queue.failure ?? Effect.void
    })
    return all
  })

/** A handler that interrupts itself has cancelled its item, not the worker. */
const persistent = (work: AnyEffect): AnyEffect => {
  const again: AnyEffect = Effect.catchCause(work, (cause) =>
    Effect.withFiber((fiber) => {
      const own = !isInterrupted(fiber) && failureOf({ path: "", fiber }, cause, false) === undefined
      return own ? again : Effect.failCause(cause)
    })
  )
  return again
}

const body = (consuming: Consuming, work: AnyEffect, workers: number, idle: boolean): AnyEffect =>
  Effect.withFiber((fiber) => {
    consuming.begin(envOf(fiber).group!)
    const forks = Array.from({ length: workers }, (_, index) =>
      TaskGroup.fork(work, { name: `worker:${index + 1}` })
    )
    const started = Effect.all(forks, { discard: true })
    // One turn later: a producer that was forked just before may not have taken its first step.
    return idle
      ? started.pipe(Effect.andThen(nextTurn), Effect.andThen(Effect.sync(() => consuming.idle())))
      : started
  })

const nextTurn = Effect.withFiber((fiber) =>
  Effect.callback<void>((resume) => later(fiber, () => resume(Effect.void)))
)

/** What the queue knows of a consumer while it runs. */
class Consuming extends StackEntry {
  private readonly queue: WorkState<any>
  private group: Node | undefined = undefined
  private idling = false

  constructor(queue: WorkState<any>) {
    super()
    this.queue = queue
  }

  begin(group: Node): void {
    if (this.group !== undefined) this.queue.consumers.delete(this.group)
    this.group = group
    this.queue.consumers.add(group)
  }

  idle(): void {
    if (!this.idling) this.queue.idlers++
    this.idling = true
    if (this.queue.unfinished === 0) this.queue.settle()
  }

  protected onResume(): AnyEffect {
    return Effect.void
  }

  protected onLeave(): void {
    if (this.group !== undefined) this.queue.consumers.delete(this.group)
    if (this.idling) this.queue.idlers--
  }
}
