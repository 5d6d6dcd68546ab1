// Open, hand over, close: in one function, as with @asynccontextmanager.
import { ContextManager } from "@skein/core"
import { Console, Data, Effect } from "effect"

class DbError extends Data.TaggedError("DbError")<{ readonly reason: string }> {}

const rows: Array<string> = []

/** A transaction: committed when the block succeeded, rolled back when it failed or was cancelled. */
const transaction = (name: string) =>
  ContextManager.make(
    function* (provide) {
      yield* Console.log(`${name}: begin`)
      if (name === "refused") return yield* new DbError({ reason: "too many transactions" })
      const pending: Array<string> = []
      try {
        const { exit } = yield* provide({ insert: (row: string) => Effect.sync(() => pending.push(row)) })
        if (exit._tag === "Success") rows.push(...pending)
        yield* Console.log(`${name}: ${exit._tag === "Success" ? "commit" : "rollback"}`)
      } finally {
        // However the lines above ended: runs on failure and on cancellation, too.
        yield* Console.log(`${name}: connection given back`)
      }
    },
    { name, closeTimeout: "5 seconds" }
  )

const program = Effect.gen(function* () {
  // With a block:
  yield* transaction("first").use((tx) => tx.insert("a"))

  // The block fails: its error comes out, after the rollback.
  const failed = yield* transaction("second")
    .use((tx) => Effect.andThen(tx.insert("b"), Effect.fail("no such table")))
    .pipe(Effect.flip)
  yield* Console.log(`failed: ${failed}`)

  // Cancelled: the same.
  yield* transaction("third")
    .use((tx) => Effect.andThen(tx.insert("c"), Effect.never))
    .pipe(Effect.timeoutOption("20 millis"))

  // The opening fails: typed, and the block does not run.
  yield* transaction("refused")
    .use((tx) => tx.insert("d"))
    .pipe(Effect.catchTag("DbError", (error) => Console.log(`refused: ${error.reason}`)))

  // Or open until the end of the surrounding scope:
  yield* Effect.scoped(
    Effect.gen(function* () {
      const tx = yield* transaction("fourth")
      yield* tx.insert("e")
    })
  )
  yield* Console.log(`rows: ${rows.join(", ")}`)
})

await Effect.runPromise(program)
