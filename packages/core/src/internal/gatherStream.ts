/** `Gather.asCompleted`: a gathering that hands its values on as they come. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

import type { AnyEffect } from "./effect.ts"
import { Gathering } from "./gathering.ts"
import type { Options } from "./gathering.ts"
import { asCompleted } from "./gatherRules.ts"

interface Input {
  readonly effects: ReadonlyArray<AnyEffect>
  readonly options: Options
}

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
      yield* Effect.forkScoped(
        Effect.onExit(owner, (exit) =>
          exit._tag === "Success"
            ? Queue.end(queue as never)
            : Queue.failCause(queue, exit.cause as Cause.Cause<unknown>)
        )
      )
      return Stream.fromQueue(queue as never)
    })
  ) as never
