// `asyncio.wait_for(op, 5)`: give up on one operation. `failAfter` interrupts it, sees to its cleanup, and fails with an error
// that says whose limit it was, how long it was, and what the operation waited on.
import { Console, Effect, Exit } from "effect"

import { CancelReason, CancelScope } from "@skein/core"

/** A query that takes too long, with something to close. */
const query = (millis: number) =>
  Effect.acquireUseRelease(
    Console.log("open connection"),
    () => Effect.as(Effect.sleep(millis), `rows after ${millis} ms`).pipe(Effect.withSpan("SELECT")),
    () => Effect.andThen(Effect.sleep(5), Console.log("close connection"))
  )

const main = Effect.gen(function* () {
  yield* Console.log(yield* query(1).pipe(CancelScope.failAfter("5 seconds")))

  // The error comes when the connection is closed.
  yield* query(60_000).pipe(
    CancelScope.failAfter("30 millis", { name: "report" }),
    Effect.catchTag("DeadlineExceeded", (error) => Console.log(`${error._tag}: ${error.message}`))
  )

  // Inside, the work is told why it is interrupted.
  yield* Effect.never.pipe(
    Effect.onExit((exit) =>
      Exit.isFailure(exit) ? Console.log(CancelReason.pretty(exit.cause).replace(/ at .*/, "")) : Effect.void
    ),
    CancelScope.failAfter("10 millis", { name: "ping" }),
    Effect.ignore
  )

  // A value that was there in time is never lost, and one that is there already is never too late.
  yield* Console.log(yield* CancelScope.failAfter(Effect.succeed("at hand"), 0))
})

Effect.runPromise(main)
