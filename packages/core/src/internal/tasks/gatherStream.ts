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

// Whoever consumes the stream is gone, so what the cleanups died of is for whoever closes its scope.
const close = (owner: Fiber.Fiber<unknown, unknown>): Effect.Effect<void> =>
  Effect.andThen(
    Fiber.interrupt(owner),
    Effect.suspend(() => {
      const exit = owner.pollUnsafe()!
      if (exit._tag === "Success" || !Cause.hasInterrupts(exit.cause)) return Effect.void
      const defects = exit.cause.reasons.filter((reason) => reason._tag === "Die")
      return defects.length === 0 ? Effect.void : Effect.failCause(Cause.fromReasons<never>(defects))
    })
  )

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
      yield* Effect.acquireRelease(fork, close)
      return Stream.fromQueue(queue as never)
    })
  ) as never
