/** Work queues and memory channels. Type-checked, never run. */
// @effect-diagnostics floatingEffect:off
import { Effect } from "effect"
import type { Cause, Scope } from "effect"
import { MemoryChannel, TaskGroup, WorkQueue } from "@skein/core"
import { is, HttpError, DbError, ParseError, Db, fetchUser, fetchPosts } from "./domain.ts"
import type { EffOf, StrOf } from "./domain.ts"

{
  const queue = Effect.gen(function* () {
    const q = yield* WorkQueue.bounded<string, ParseError>(10, { order: "lifo" })
    yield* WorkQueue.offer(q, "a")
    yield* q.pipe(WorkQueue.offer("b"))
    // @ts-expect-error a string queue
    yield* WorkQueue.offer(q, 1)
    const item = yield* WorkQueue.take(q)
    is<typeof item, string>(true)
    yield* WorkQueue.done(q)
    const consumed = WorkQueue.consume(q, (s) => Effect.andThen(fetchUser(s.length), fetchPosts), {
      workers: 4
    })
    is<EffOf<typeof consumed>, [void, ParseError | HttpError | DbError, Db]>(true)
    const consumedLast = q.pipe(
      WorkQueue.consume((s: string) => fetchUser(s.length), { workers: 4, until: "idle" })
    )
    is<EffOf<typeof consumedLast>, [void, ParseError | HttpError, never]>(true)
    const produced = fetchPosts.pipe(WorkQueue.producing(q))
    is<EffOf<typeof produced>, [number, DbError, Db]>(true)
    const consumedAll = WorkQueue.consume(q, (s) => fetchUser(s.length), {
      workers: 4,
      onFailure: (item, cause) => {
        is<typeof item, string>(true)
        is<typeof cause, Cause.Cause<HttpError>>(true)
        return Effect.asVoid(fetchPosts.pipe(Effect.orDie))
      }
    })
    is<EffOf<typeof consumedAll>, [void, ParseError, Db]>(true)
    // a handler that forks leaves its tasks with the caller's group
    const forking = WorkQueue.consume(q, () => TaskGroup.fork(fetchPosts), { workers: 1 })
    is<Effect.Services<typeof forking>, Db | TaskGroup.TaskGroup<DbError>>(true)
    yield* WorkQueue.shutdown(q, { immediate: true })
  })
  is<EffOf<typeof queue>, [void, WorkQueue.QueueShutdown | ParseError, never]>(true)

  const channel = Effect.gen(function* () {
    const [tx, rx] = yield* MemoryChannel.make<number>(0)
    const tx2 = yield* MemoryChannel.clone(tx)
    const rx2 = yield* MemoryChannel.clone(rx)
    is<typeof tx2, MemoryChannel.Sender<number>>(true)
    is<typeof rx2, MemoryChannel.Receiver<number>>(true)
    yield* MemoryChannel.send(tx, 1)
    yield* tx.pipe(MemoryChannel.send(2))
    // @ts-expect-error numbers only
    yield* MemoryChannel.send(tx, "x")
    const mine = yield* MemoryChannel.scoped(tx2)
    is<typeof mine, MemoryChannel.Sender<number>>(true)
    yield* MemoryChannel.close(rx2)
    is<StrOf<ReturnType<typeof MemoryChannel.stream<number>>>, [number, never, never]>(true)
    return yield* MemoryChannel.receive(rx)
  })
  is<EffOf<typeof channel>, [number, MemoryChannel.ChannelBroken | Cause.Done, Scope.Scope]>(true)
}
