// `async with timeout(5)`: give up on a block. `moveOnAfter` goes on without the value, limits nest without taking each
// other's errors for their own, `run` has a deadline that can be moved, and a request takes its deadline along.
import { Console, Duration, Effect, Option } from "effect"

import { CancelScope } from "@skein/core"

const slow = Effect.as(Effect.sleep("1 minute"), "fresh")

/** A server's handler: what the client's header leaves, at most a second. */
const handler = (header: string | undefined) =>
  CancelScope.remaining.pipe(
    Effect.map((left) => (Duration.toMillis(left) > 1_000 ? "more than a second" : "at most a second")),
    CancelScope.withHeader(header, { atMost: "1 second" })
  )

const main = Effect.gen(function* () {
  // Without the recommendations the page is still a page.
  const recommended = yield* CancelScope.moveOnAfter(slow, "10 millis")
  yield* Console.log(`recommendations: ${Option.getOrElse(recommended, () => "none")}`)

  // The inner limit fails, the outer one passes that on: it absorbs its own deadline only.
  yield* slow.pipe(
    CancelScope.failAfter("10 millis", { name: "database" }),
    CancelScope.moveOnAfter("1 minute", { name: "page" }),
    Effect.catchTag("DeadlineExceeded", (error) => Console.log(`too slow: ${error.scope}`))
  )

  // As long as there is progress the deadline moves on; then nothing comes any more.
  const outcome = yield* CancelScope.run(
    (scope) =>
      Effect.gen(function* () {
        for (let chunk = 1; chunk <= 3; chunk++) {
          yield* Effect.sleep("5 millis")
          yield* CancelScope.reschedule(scope, { timeout: "300 millis" })
          yield* Console.log(`chunk ${chunk}`)
        }
        return yield* slow
      }),
    { timeout: "300 millis", name: "download" }
  )
  yield* Console.log(
    CancelScope.match(outcome, {
      onCompleted: (value) => value,
      onCancelled: (reason) => `${reason._tag} of ${reason.label}`
    })
  )

  // The commit is not torn apart by the deadline around it, though it may not take for ever either.
  yield* Effect.sleep("30 millis").pipe(
    Effect.andThen(Console.log("committed")),
    CancelScope.shield({ atMost: "5 seconds" }),
    CancelScope.moveOnAfter("5 millis")
  )

  // The header that a client sends ("5000m" or a little less) and what the server makes of it.
  const header = yield* CancelScope.failAfter(CancelScope.toHeader, "5 seconds")
  yield* Console.log(`client has a deadline: ${Option.isSome(header)}`)
  yield* Console.log(`server: ${yield* handler(Option.getOrUndefined(header))}`)
  yield* Console.log(`malformed: ${yield* handler("soon, please")}`)
})

Effect.runPromise(main)
