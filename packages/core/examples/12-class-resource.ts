// A class with a dispose method as a resource, as with __aenter__ and __aexit__; and several resources at once, as with
// AsyncExitStack.
import { ContextManager } from "@skein/core"
import { Console, Data, Effect } from "effect"

class Refused extends Data.TaggedError("Refused")<{ readonly what: string }> {}

class Channel implements AsyncDisposable {
  readonly topic: string
  constructor(topic: string) {
    this.topic = topic
  }
  async [Symbol.asyncDispose]() {
    await Promise.resolve()
    console.log(`${this.topic} closed`)
  }
}

const open = (topic: string) =>
  ContextManager.fromDisposable(
    Effect.suspend(() => {
      if (topic === "secret") return Effect.fail(new Refused({ what: topic }))
      console.log(`${topic} opened`)
      return Effect.succeed(new Channel(topic))
    })
  )

const program = Effect.gen(function* () {
  const length = yield* open("news").use((channel) => Effect.succeed(channel.topic.length))
  yield* Console.log(length)

  // Opened in order, closed in reverse; a record gives a record, a tuple gives a tuple.
  yield* ContextManager.stack({ orders: open("orders"), bills: open("bills") }).use(({ orders, bills }) =>
    Console.log(`from ${orders.topic} to ${bills.topic}`)
  )

  // One cannot be opened: those before it are closed, then its error comes out.
  yield* ContextManager.stack([open("first"), open("secret"), open("never")])
    .use(([first]) => Console.log(first.topic))
    .pipe(Effect.catchTag("Refused", (error) => Console.log(`${error.what} refused`)))
})

await Effect.runPromise(program)
