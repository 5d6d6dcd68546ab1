/** Pools: resources, errors, leases. Type-checked, never run. */
// @effect-diagnostics floatingEffect:off
import { Effect } from "effect"
import type { Scope } from "effect"
import { Pool } from "@skein/core"
import { is, HttpError, DbError, Db, fetchUser } from "./domain.ts"
import type { EffOf, User } from "./domain.ts"

class Conn {
  readonly sql = (s: string): Effect.Effect<number, DbError> => Effect.succeed(s.length)
}
{
  const acquire = Effect.gen(function* () {
    const db = yield* Db
    yield* Effect.addFinalizer(() => Effect.void)
    yield* db.query("open")
    return new Conn()
  })
  const pool = Pool.make({
    acquire,
    min: 1,
    max: 10,
    acquireTimeout: "5 seconds",
    validate: (c) => {
      is<typeof c, Conn>(true)
      return Effect.succeed(true)
    }
  })
  is<EffOf<typeof pool>, [Pool.Pool<Conn, DbError>, never, Db | Scope.Scope]>(true)
  Pool.make({
    acquire,
    min: 1,
    max: 2,
    acquireTimeout: "1 second",
    // @ts-expect-error validation says false, it does not fail
    validate: () => Effect.fail("bad")
  })
  const program = Effect.gen(function* () {
    const p = yield* pool
    const used = Pool.use(p, (c) => Effect.andThen(c.sql("x"), fetchUser(1)))
    is<EffOf<typeof used>, [User, DbError | HttpError | Pool.PoolTimeout, never]>(true)
    const usedLast = p.pipe(Pool.use((c) => c.sql("x")))
    is<EffOf<typeof usedLast>, [number, DbError | Pool.PoolTimeout, never]>(true)
    const c = yield* Pool.lease(p)
    yield* Pool.invalidate(p, c)
    return yield* Pool.statistics(p)
  })
  is<EffOf<typeof program>, [Pool.Statistics, DbError | Pool.PoolTimeout, Db | Scope.Scope]>(true)
}
