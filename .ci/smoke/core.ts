// What a user's first program does, on the packed and installed packages.
import { CancelScope, Lock, Pool, Retry, Semaphore, Task, TaskGroup, WorkQueue } from "@skein/core"
import { Data, Effect, Exit } from "effect"

class Busy extends Data.TaggedError("Busy")<{ readonly times: number }> {}

let calls = 0
const call = Effect.suspend(() =>
  ++calls < 3 ? Effect.fail(new Busy({ times: calls })) : Effect.succeed(calls)
)

const program: Effect.Effect<number, Busy | CancelScope.DeadlineExceeded> = TaskGroup.run(
  Effect.gen(function* () {
    const semaphore = yield* Semaphore.make(2)
    const lock = yield* Lock.make()
    const retried = yield* TaskGroup.fork(call.pipe(Retry.run({ tags: ["Busy"], initial: "1 millis" })), {
      name: "retried"
    })
    const limited = yield* TaskGroup.fork(
      Effect.succeed(1).pipe(
        Semaphore.withPermit(semaphore),
        Lock.withLock(lock),
        CancelScope.failAfter("5 seconds")
      )
    )
    return (yield* Task.join(retried)) + (yield* Task.join(limited))
  })
)
console.log(`groups: ${await Effect.runPromise(program)}`)

const queue = Effect.gen(function* () {
  const jobs = yield* WorkQueue.unbounded<number>()
  yield* WorkQueue.offerAll(jobs, [1, 2, 3])
  let sum = 0
  yield* WorkQueue.consume(jobs, (n) => Effect.sync(() => (sum += n)), { workers: 2, until: "idle" })
  return sum
})
console.log(`queue: ${await Effect.runPromise(queue)}`)

const pool = Effect.scoped(
  Effect.flatMap(
    Pool.make({ acquire: Effect.succeed("connection"), min: 0, max: 1, acquireTimeout: "1 second" }),
    (p) => Pool.use(p, Effect.succeed)
  )
)
console.log(`pool: ${await Effect.runPromise(pool)}`)

const failed = await Effect.runPromiseExit(TaskGroup.run(TaskGroup.fork(Effect.fail(new Busy({ times: 0 })))))
if (!Exit.isFailure(failed)) throw new Error("a failing task must fail its group")
