// Producers, consumers, `task_done` and a `None` for each consumer: here none of that is done by hand. `consume` takes,
// acknowledges, ends by itself, and no item is lost when a handler fails.
import { Cause, Console, Data, Effect } from "effect"

import { TaskGroup, WorkQueue } from "@skein/core"

class Unreadable extends Data.TaggedError("Unreadable")<{ readonly file: string }> {}

const parse = (file: string) =>
  file.startsWith("bad") ? Effect.fail(new Unreadable({ file })) : Effect.succeed(file.length)

/** Two producers, three workers, a queue of four places. Shut down, it ends when it is empty. */
const pipeline = Effect.gen(function* () {
  const queue = yield* WorkQueue.bounded<string>(4, { name: "files" })
  let bytes = 0
  yield* TaskGroup.run(
    Effect.gen(function* () {
      const consumer = WorkQueue.consume(
        queue,
        (file) => Effect.map(parse(file), (length) => void (bytes += length)),
        {
          workers: 3,
          onFailure: (file, cause) =>
            Console.log(`${file}: ${Cause.pretty(cause).split(":")[0]}, the others go on`)
        }
      )
      yield* TaskGroup.fork(consumer, { name: "consumer" })
      yield* TaskGroup.run(
        Effect.gen(function* () {
          yield* TaskGroup.fork(WorkQueue.offerAll(queue, ["one", "two", "three", "four", "five"]))
          yield* TaskGroup.fork(WorkQueue.offerAll(queue, ["six", "bad seven", "eight"]))
        })
      )
      yield* WorkQueue.shutdown(queue)
    })
  )
  const { maxSize, unfinished } = yield* WorkQueue.statistics(queue)
  yield* Console.log(`bytes: ${bytes}, unfinished: ${unfinished}, at most 4 queued: ${maxSize <= 4}`)
})

/** Handlers that find more work themselves, as a crawler's do: it ends when there is nothing left to find. */
const tree: Record<string, ReadonlyArray<string>> = {
  "/": ["/bin", "/home"],
  "/home": ["/home/ada", "/home/grace"],
  "/home/ada": ["/home/ada/notes"]
}
const walk = Effect.gen(function* () {
  const queue = yield* WorkQueue.bounded<string>(1)
  const seen: Array<string> = []
  yield* WorkQueue.offer(queue, "/")
  yield* WorkQueue.consume(
    queue,
    (folder) =>
      Effect.andThen(
        Effect.sync(() => seen.push(folder)),
        WorkQueue.offerAll(queue, tree[folder] ?? [])
      ),
    { workers: 4, until: "idle" }
  )
  yield* Console.log(`found: ${seen.toSorted().join(" ")}`)
})

/** Without `onFailure` the first failure ends the consumer; what nobody had begun is still there. */
const failFast = Effect.gen(function* () {
  const queue = yield* WorkQueue.unbounded<string>()
  yield* WorkQueue.offerAll(queue, ["bad one", "two", "three"])
  yield* WorkQueue.consume(queue, parse, { workers: 1 }).pipe(
    Effect.catchTag("Unreadable", (error) => Console.log(`failed: ${error.file}`))
  )
  yield* Console.log(`still queued: ${(yield* WorkQueue.takeUpTo(queue, 10)).join(", ")}`)
})

Effect.runPromise(Effect.andThen(Effect.andThen(pipeline, walk), failFast))
