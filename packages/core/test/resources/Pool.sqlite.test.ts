import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { assert, describe, it } from "@effect/vitest"
import { ContextManager, Pool, TaskGroup } from "@skein/core"
import { Data, Effect } from "effect"

class DbError extends Data.TaggedError("DbError")<{ readonly cause: unknown }> {}

const attempt = <A>(run: () => A) => Effect.try({ try: run, catch: (cause) => new DbError({ cause }) })

const folder = ContextManager.make(function* (provide) {
  const path = mkdtempSync(join(tmpdir(), "skein-sqlite-"))
  try {
    yield* provide(path)
  } finally {
    rmSync(path, { recursive: true })
  }
})

describe("Pool over node:sqlite", () => {
  it.effect("many tasks share few connections; broken ones are replaced; all are closed in the end", () =>
    folder.use((path) =>
      Effect.gen(function* () {
        const all: Array<DatabaseSync> = []
        const connection = ContextManager.make(function* (provide) {
          const db = yield* attempt(() => new DatabaseSync(join(path, "test.db")))
          db.exec("pragma busy_timeout = 2000; create table if not exists t (n integer primary key)")
          all.push(db)
          yield* provide(db)
          if (db.isOpen) db.close()
        })
        yield* Effect.scoped(
          Effect.gen(function* () {
            const pool = yield* Pool.make({
              acquire: connection,
              min: 1,
              max: 3,
              acquireTimeout: "1 minute",
              validate: (db) => Effect.sync(() => db.isOpen)
            })
            const insert = (n: number) =>
              Pool.use(pool, (db) =>
                Effect.gen(function* () {
                  yield* attempt(() => db.prepare("insert into t values (?)").run(n))
                  yield* Effect.yieldNow
                  // closed behind the pool's back: found out before it is leased again
                  if (n % 10 === 0) db.close()
                })
              )
            yield* TaskGroup.run(
              Effect.forEach(Array.from({ length: 40 }), (_, n) => TaskGroup.fork(insert(n)))
            )
            const row = yield* Pool.use(pool, (db) =>
              attempt(() => db.prepare("select count(*) as n from t").get())
            )
            assert.strictEqual(row?.["n"], 40)
            assert.isAtMost(all.filter((db) => db.isOpen).length, 3)
            assert.isAtLeast(all.length, 4)
          })
        )
        assert.deepStrictEqual(
          all.filter((db) => db.isOpen),
          []
        )
      })
    )
  )

  it.effect("a database that cannot be opened fails the one who asks, typed", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({
        acquire: attempt(() => new DatabaseSync("/nowhere/at/all.db")),
        min: 0,
        max: 1,
        acquireTimeout: "1 second"
      })
      const error = yield* Effect.flip(Pool.use(pool, () => Effect.void))
      assert.strictEqual(error._tag, "DbError")
    })
  )
})
