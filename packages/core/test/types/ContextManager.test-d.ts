/** What a context manager opens, fails with and needs. Type-checked, never run. */
// @effect-diagnostics floatingEffect:off
import { Effect } from "effect"
import { ContextManager } from "@skein/core"
import { is, HttpError, DbError, Db, Clocked } from "./domain.ts"
import type { EffOf } from "./domain.ts"

class Conn {
  readonly sql = (s: string): Effect.Effect<number, DbError> => Effect.succeed(s.length)
}
const connection = ContextManager.make(function* (provide) {
  const db = yield* Db
  const n = yield* db.query("open")
  if (n < 0) return yield* new HttpError({ status: n })
  const conn = new Conn()
  try {
    const ended = yield* provide(conn)
    is<typeof ended, ContextManager.Ended>(true)
  } finally {
    yield* Clocked
  }
})
{
  is<typeof connection, ContextManager.ContextManager<Conn, HttpError | DbError, Db | Clocked>>(true)
  const used = connection.use((c) => c.sql("select 1"))
  is<EffOf<typeof used>, [number, HttpError | DbError, Db | Clocked]>(true)
  const usedLast = connection.pipe(ContextManager.use((c) => Effect.succeed(c)))
  is<EffOf<typeof usedLast>, [Conn, HttpError | DbError, Db | Clocked]>(true)
  const opened = Effect.scoped(
    Effect.gen(function* () {
      const c = yield* connection
      is<typeof c, Conn>(true)
      return yield* c.sql("select 1")
    })
  )
  is<EffOf<typeof opened>, [number, HttpError | DbError, Db | Clocked]>(true)
  const scopedInside = ContextManager.make(function* (provide) {
    const x = yield* Effect.acquireRelease(Effect.succeed(1), () => Effect.void)
    yield* provide(x)
  })
  is<typeof scopedInside, ContextManager.ContextManager<number, never, never>>(true)
  const disposable = ContextManager.fromDisposable(
    Effect.sync(() => ({ x: 1, async [Symbol.asyncDispose]() {} }))
  )
  void disposable.use((d) => Effect.succeed(d.x))
  // @ts-expect-error not disposable
  ContextManager.fromDisposable(Effect.succeed({ x: 1 }))
  const pair = ContextManager.stack([connection, scopedInside])
  is<typeof pair, ContextManager.ContextManager<[Conn, number], HttpError | DbError, Db | Clocked>>(true)
  const named = ContextManager.stack({ a: connection, b: scopedInside })
  is<typeof named, ContextManager.ContextManager<{ a: Conn; b: number }, HttpError | DbError, Db | Clocked>>(
    true
  )
}
