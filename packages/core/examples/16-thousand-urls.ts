// `Semaphore(10)` and 1,000 URLs: bounded concurrency, three ways.
import { Console, Effect } from "effect"

import { Gather, Semaphore, TaskGroup } from "@skein/core"

const urls = Array.from({ length: 1_000 }, (_, n) => `https://example.org/${n}`)

/** A server that counts its visitors. */
const makeServer = () => {
  const seen = { now: 0, most: 0, served: 0 }
  const get = (_url: string) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        seen.now++
        seen.most = Math.max(seen.most, seen.now)
      }),
      () => Effect.andThen(Effect.yieldNow, Effect.succeed(200)),
      () =>
        Effect.sync(() => {
          seen.now--
          seen.served++
        })
    )
  return { get, seen }
}

const main = Effect.gen(function* () {
  // A fixed list, all results in order.
  const mapped = makeServer()
  const statuses = yield* Gather.map(urls, mapped.get, { concurrency: 10 })
  yield* Console.log(`map: ${statuses.length} answers, ${mapped.seen.most} at once`)

  // Tasks that are forked as one goes: `fork` waits while ten run.
  const grouped = makeServer()
  yield* TaskGroup.run(
    Effect.forEach(urls, (url) => TaskGroup.fork(grouped.get(url)), { discard: true }),
    { limit: 10, name: "urls" }
  )
  yield* Console.log(`group: ${grouped.seen.served} served, ${grouped.seen.most} at once`)

  // A limit shared by whoever uses the server, in whatever group.
  const shared = makeServer()
  const server = yield* Semaphore.make(10, { name: "server" })
  yield* TaskGroup.run(
    Effect.forEach(urls, (url) => TaskGroup.fork(Semaphore.withPermit(server, shared.get(url))), {
      discard: true
    })
  )
  const { free, maxWaiting } = yield* Semaphore.statistics(server)
  yield* Console.log(`semaphore: ${shared.seen.most} at once, ${maxWaiting} waited, ${free} free`)
})

Effect.runPromise(main)
