/**
 * A pool over PostgreSQL whose server kills connections in mid-flight. Needs PostgreSQL on the machine; `24-pool.ts` shows the
 * same with the database that is built into Node.
 */
import { Console, Effect, Ref } from "effect"
import { Pool, Retry, TaskGroup } from "@skein/core"

import { connection, query, QueryError, validate } from "./connection.ts"
import { binaries, server } from "./server.ts"

const program = server.use((address) =>
  Effect.scoped(
    Effect.gen(function* () {
      const pool = yield* Pool.make({
        acquire: connection(address, "pool"),
        min: 1,
        max: 4,
        acquireTimeout: "5 seconds",
        validate,
        name: "postgres"
      })
      yield* query(pool, "create table visits (n int primary key)")
      const killed = yield* Ref.make(0)

      // Kills whatever runs an insert of the pool, again and again; ready when it is connected.
      const killer = (ready: (what: string) => Effect.Effect<void>) =>
        connection(address, "killer").use((admin) =>
          Effect.gen(function* () {
            yield* ready("connected")
            for (let i = 0; i < 10; i++) {
              yield* Effect.sleep("10 millis")
              const [row] = yield* admin.query(
                "select count(pg_terminate_backend(pid))::int as n from pg_stat_activity where application_name = 'pool' and query like 'insert%'"
              )
              yield* Ref.update(killed, (n) => n + Number(row!["n"]))
            }
          })
        )

      const insert = (n: number) =>
        query(pool, "insert into visits select $1 from pg_sleep(0.005) on conflict do nothing", [n]).pipe(
          Retry.run({ tags: ["QueryError"], attempts: 20, initial: "5 millis", max: "50 millis" })
        )

      yield* TaskGroup.run(
        Effect.gen(function* () {
          yield* TaskGroup.start(killer, { name: "killer" })
          for (let n = 0; n < 100; n++) yield* TaskGroup.fork(insert(n), { name: `insert:${n}` })
        }),
        { limit: 20 }
      )

      const [row] = yield* query(pool, "select count(*)::int as n from visits")
      const { leased, waiting } = yield* Pool.statistics(pool)
      yield* Console.log(
        `${String(row!["n"])} rows, some connections killed: ${(yield* Ref.get(killed)) > 0}`
      )
      yield* Console.log(`${leased} leased, ${waiting.length} waiting`)
    })
  )
)

if (binaries() === undefined) console.log("skipped: PostgreSQL is not installed")
else
  await Effect.runPromise(
    Effect.catchTag(program, "QueryError", (error: QueryError) => Console.error(error.message))
  )
