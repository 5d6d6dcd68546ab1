// A connection pool: bounded, checked, closed, leak-free, and one that says who holds what. Over the database that is built
// into Node; `postgres/pool.ts` shows it with a server that kills connections in mid-flight.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { ContextManager, Event, Pool, Retry, TaskGroup } from "@skein/core"
import { Console, Data, Effect } from "effect"

class DbError extends Data.TaggedError("DbError")<{ readonly cause: unknown }> {}

const attempt = <A>(run: () => A) => Effect.try({ try: run, catch: (cause) => new DbError({ cause }) })

const folder = ContextManager.make(function* (provide) {
  const path = mkdtempSync(join(tmpdir(), "skein-pool-"))
  try {
    yield* provide(path)
  } finally {
    rmSync(path, { recursive: true })
  }
})

const count = { opened: 0, closed: 0 }

// A context manager is a scoped effect: what a pool opens.
const connection = (path: string) =>
  ContextManager.make(function* (provide) {
    const db = yield* attempt(() => new DatabaseSync(join(path, "visits.db")))
    db.exec("pragma busy_timeout = 1000; create table if not exists visits (page text)")
    count.opened++
    yield* provide(db)
    db.close()
    count.closed++
  })

const program = Effect.gen(function* () {
  const path = yield* folder
  const pool = yield* Pool.make({
    acquire: connection(path),
    min: 1,
    max: 3,
    acquireTimeout: "2 seconds",
    validate: (db) => Effect.sync(() => db.isOpen),
    idleTimeToLive: "1 minute",
    leakAfter: "30 seconds",
    name: "visits"
  })

  const visit = (page: string) =>
    Pool.use(pool, (db) => attempt(() => db.prepare("insert into visits values (?)").run(page))).pipe(
      Retry.run({ tags: ["DbError"] })
    )

  // 50 tasks, three connections.
  yield* TaskGroup.run(
    Effect.gen(function* () {
      for (let n = 0; n < 50; n++) yield* TaskGroup.fork(visit(`/page/${n}`), { name: `visit:${n}` })
    })
  )
  const rows = yield* Pool.use(pool, (db) =>
    attempt(() => db.prepare("select count(*) as n from visits").get())
  )
  yield* Console.log(
    `${String(rows?.["n"])} rows over at most ${(yield* Pool.statistics(pool)).max} connections`
  )

  // A connection that broke: marked, and replaced when its lease ends.
  yield* Pool.use(pool, (db) => Pool.invalidate(pool, db))

  // Nothing free in time: the error says who holds the leases.
  const enough = yield* Event.make()
  yield* TaskGroup.run(
    Effect.gen(function* () {
      for (const name of ["report", "backup", "import"]) {
        yield* TaskGroup.start(
          (ready) => Pool.use(pool, () => Effect.andThen(ready(name), Event.wait(enough))),
          { name }
        )
      }
      const late = yield* Effect.flip(visit("/late"))
      if (late._tag === "PoolTimeout") {
        yield* Console.log(`no lease; held by ${late.holders.map(({ task }) => task).join(", ")}`)
      }
      yield* Event.set(enough)
    }),
    { name: "nightly" }
  )
}).pipe(Effect.scoped)

await Effect.runPromise(program)
console.log(`all closed: ${count.opened === count.closed}`)
