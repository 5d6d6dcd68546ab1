// `asyncio.gather(...)`: run together, results in order. `Gather.all` keeps the shape of its input, and a failure leaves nothing
// running behind it.
import { Console, Data, Effect } from "effect"

import { Gather } from "@skein/core"

class NotFound extends Data.TaggedError("NotFound")<{ readonly what: string }> {}

const fetchUser = (id: number) => Effect.as(Effect.sleep(20), { id, name: "ada" })
const fetchPosts = (id: number) => Effect.as(Effect.sleep(10), [`post of ${id}`])
const missing = Effect.andThen(Effect.sleep(5), Effect.fail(new NotFound({ what: "avatar" })))
const slow = Effect.onInterrupt(Effect.sleep("1 minute"), () => Console.log("the slow one was cancelled"))

const main = Effect.gen(function* () {
  // A tuple: the values in the order they were asked for, not the order in which they came.
  const [user, posts] = yield* Gather.all([fetchUser(1), fetchPosts(1)])
  yield* Console.log(user.name, posts)

  // A record keeps its names.
  const page = yield* Gather.all({ user: fetchUser(2), posts: fetchPosts(2) })
  yield* Console.log(page.user.id, page.posts.length)

  // The first failure cancels the others and waits for their cleanup; then it is seen.
  yield* Gather.all([slow, missing]).pipe(
    Effect.catchTag("NotFound", (error) => Console.log(`no ${error.what}`))
  )
})

Effect.runPromise(main)
