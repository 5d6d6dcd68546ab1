/** `Gather.asCompleted`: a gathering that hands its values on as they come. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

import type { AnyEffect } from "../effect.ts"
import { Gathering } from "./gathering.ts"
import type { Options } from "./gathering.ts"
import { asCompleted } from "./gatherRules.ts"
import { InvalidArgument } from "../validate.ts"

interface Input {
  readonly effects: ReadonlyArray<AnyEffect>
  readonly options: Options
}

// In a queue it would pass for the end, and be lost.
const isEnd = (reason: Cause.Reason<unknown>): boolean => reason._tag === "Fail" && Cause.isDone(reason.error)

const failureFor = (cause: Cause.Cause<unknown>): Cause.Cause<unknown> =>
  cause.reasons.some(isEnd)
    ? Cause.die(
        new InvalidArgument(
          "Gather.asCompleted: an effect failed with Cause.Done, which is Stream's end and no failure"
        )
      )
    : cause

// Whoever consumes the stream is gone. What was not read, and what the cleanups died of, is for whoever closes its scope: a
// finalizer cannot fail, so an error, which the consumer chose not to wait for, is logged.
const close = (
  owner: Fiber.Fiber<unknown, unknown>,
  name: string,
  wasRead: () => boolean
): Effect.Effect<void> =>
  Effect.andThen(
    Fiber.interrupt(owner),
    Effect.suspend(() => {
      const exit = owner.pollUnsafe()!
      if (exit._tag === "Success" || wasRead()) return Effect.void
      const left = exit.cause.reasons.filter((reason) => reason._tag !== "Interrupt")
      if (left.length === 0) return Effect.void
      const cause = failureFor(Cause.fromReasons(left))
      return Cause.hasDies(cause)
        ? Effect.failCause(cause as Cause.Cause<never>)
        : Effect.logWarning(`${name}: a failure that nobody read before the stream was ended`, cause)
    })
  )

/** One fiber in the stream's scope owns the gathering; closing the scope interrupts it, and so everything. */
export const gatherStream = (input: () => Input): Stream.Stream<unknown, unknown, unknown> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { effects, options } = input()
      const queue = yield* Queue.unbounded<unknown, unknown>()
      const owner = Effect.withFiber((fiber) =>
        Effect.callback<unknown, unknown>((resume) => {
          const rule = asCompleted((value) => Queue.offerUnsafe(queue, value))
          const gathering = new Gathering(fiber, effects, effects.length, options, rule)
          return Gathering.run(gathering, resume as (exit: Exit.Exit<unknown, unknown>) => void)
        })
      )
      // Its failure is not silent: the consumer finds it in the queue.
      // oxlint-disable-next-line skein/no-unowned-fork
      const fork = Effect.forkDetach(
        Effect.onExit(owner, (exit) =>
          exit._tag === "Success" ? Queue.end(queue as never) : Queue.failCause(queue, failureFor(exit.cause))
        )
      )
      let read = false
      yield* Effect.acquireRelease(fork, (owner) => close(owner, options.name, () => read))
      return Stream.tapCause(Stream.fromQueue(queue), () => Effect.sync(() => void (read = true)))
    })
  ) as never
