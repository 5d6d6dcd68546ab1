/** Locks, semaphores, limiters, events, conditions and barriers. Type-checked, never run. */
// @effect-diagnostics floatingEffect:off
import { Effect, Option } from "effect"
import type { Scope } from "effect"
import { Barrier, CapacityLimiter, Condition, Event, Lock, Semaphore } from "@skein/core"
import { is, HttpError, DbError, Db, fetchUser, fetchPosts } from "./domain.ts"
import type { EffOf, User } from "./domain.ts"

{
  const sync = Effect.gen(function* () {
    const lock = yield* Lock.make({ name: "cache" })
    const sem = yield* Semaphore.make(3)
    const limiter = yield* CapacityLimiter.make(10)
    const event = yield* Event.make()
    const cond = yield* Condition.make({ lock })
    const barrier = yield* Barrier.make(2)
    const a = yield* fetchPosts.pipe(
      Lock.withLock(lock),
      Semaphore.withPermits(sem, 2),
      CapacityLimiter.withToken(limiter)
    )
    is<typeof a, number>(true)
    const o = yield* Semaphore.tryWithPermits(sem, 1, fetchUser(1))
    is<typeof o, Option.Option<User>>(true)
    yield* Event.wait(event)
    yield* Condition.withLock(
      cond,
      Condition.waitFor(cond, () => true)
    )
    yield* Condition.notify(cond)
    yield* Lock.acquire(lock)
    return yield* Barrier.wait(barrier)
  })
  is<EffOf<typeof sync>, [number, DbError | HttpError | Barrier.BrokenBarrier, Db | Scope.Scope]>(true)
}
