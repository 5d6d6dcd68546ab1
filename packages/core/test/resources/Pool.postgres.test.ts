import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { afterAll, beforeAll } from "vitest"

import { connection, query, validate } from "../../examples/postgres/connection.ts"
import { binaries, server } from "../../examples/postgres/server.ts"
import type { Address } from "../../examples/postgres/server.ts"
import { Pool, Retry, TaskGroup } from "../../src/index.ts"

const missing = binaries() === undefined
const timeout = 60_000

const scope = Scope.makeUnsafe()
let address: Address

const options = (name: string, max: number) =>
  ({
    acquire: connection(address, name),
    min: 0,
    max,
    acquireTimeout: "10 seconds",
    validate,
    name: "postgres"
  }) as const

/** How many connections of the pool the server knows of. */
const connections = (name: string) =>
  connection(address, "watcher").use((admin) =>
    Effect.map(
      admin.query("select count(*)::int as n from pg_stat_activity where application_name = $1", [name]),
      (rows) => rows[0]!["n"] as number
    )
  )

const kill = (name: string, where: string) =>
  connection(address, "killer").use((admin) =>
    Effect.map(
      admin.query(
        `select count(pg_terminate_backend(pid, 2000))::int as n from pg_stat_activity where application_name = $1 and ${where}`,
        [name]
      ),
      (rows) => rows[0]!["n"] as number
    )
  )

if (missing) {
  it("PostgreSQL is not installed: the pool is not tested over it here", (context) => {
    console.warn("skipped: PostgreSQL is not installed (Debian: apt-get install postgresql)")
    context.skip("PostgreSQL is not installed")
  })
}

// real time: a real server.
describe.runIf(!missing)("Pool over PostgreSQL", () => {
  beforeAll(async () => {
    address = await Effect.runPromise(Scope.provide(server, scope))
  }, timeout)
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)), timeout)

  it.live(
    "never has more than `max` connections, serves everybody, closes them all",
    () =>
      Effect.gen(function* () {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const pool = yield* Pool.make(options("many", 4))
            const seen = yield* Effect.forEach(
              Array.from({ length: 60 }, (_, i) => i),
              (i) =>
                Effect.map(
                  query(
                    pool,
                    "select $1::int as i, (select count(*)::int from pg_stat_activity where application_name = 'many') as n from pg_sleep(0.002)",
                    [i]
                  ),
                  (rows) => rows[0]!
                ),
              { concurrency: "unbounded" }
            )
            assert.deepStrictEqual(
              seen.map((row) => row["i"]),
              seen.map((_, i) => i)
            )
            assert.isAtMost(Math.max(...seen.map((row) => row["n"] as number)), 4)
            const statistics = yield* Pool.statistics(pool)
            assert.strictEqual(yield* connections("many"), statistics.idle)
          })
        )
        assert.strictEqual(yield* connections("many"), 0)
      }),
    timeout
  )

  it.live(
    "connections killed in mid-flight fail their query, are replaced, and strand nobody",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const pool = yield* Pool.make(options("killed", 3))
          yield* query(pool, "create table kept (n int primary key)")
          let failed = 0
          const insert = (n: number) =>
            query(pool, "insert into kept select $1 from pg_sleep(0.02) on conflict do nothing", [n]).pipe(
              Effect.tapError(() => Effect.sync(() => failed++)),
              Retry.run({ tags: ["QueryError"], attempts: 50, initial: "2 millis", max: "20 millis" })
            )
          const killed = yield* TaskGroup.run(
            Effect.gen(function* () {
              for (let n = 0; n < 40; n++) yield* TaskGroup.fork(insert(n))
              let count = 0
              for (let i = 0; i < 6; i++)
                count += yield* kill("killed", "query like 'insert%' and state = 'active'")
              return count
            })
          )
          assert.isAbove(killed, 0)
          assert.isAbove(failed, 0)
          const [row] = yield* query(pool, "select count(*)::int as n from kept")
          assert.strictEqual(row!["n"], 40)
          const { leased, waiting, opening, holders } = yield* Pool.statistics(pool)
          assert.deepStrictEqual([leased, waiting, opening, holders], [0, [], 0, []])
          assert.isAtMost(yield* connections("killed"), 3)
        })
      ),
    timeout
  )

  it.live(
    "connections killed while idle are found by validate, nobody sees an error",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const pool = yield* Pool.make(options("idle", 2))
          const pid = Effect.map(query(pool, "select pg_backend_pid() as pid"), (rows) => rows[0]!["pid"])
          const before = yield* pid
          assert.strictEqual(yield* pid, before)
          assert.strictEqual(yield* kill("idle", "true"), 1)
          assert.notStrictEqual(yield* pid, before)
        })
      ),
    timeout
  )

  it.live(
    "a query interrupted on the way takes its connection with it; who waits gets a new one",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const pool = yield* Pool.make(options("interrupted", 1))
          yield* query(pool, "select 1")
          const slow = yield* Effect.forkChild(query(pool, "select pg_sleep(30)"), {
            startImmediately: true
          })
          const next = yield* Effect.forkChild(query(pool, "select 42 as n"), { startImmediately: true })
          yield* Effect.repeat(connections("interrupted"), { until: (n) => n === 1 })
          yield* Fiber.interrupt(slow)
          const rows = yield* Fiber.join(next)
          assert.deepStrictEqual(rows, [{ n: 42 }])
        })
      ),
    timeout
  )

  it.live(
    "a server that is gone fails the one who asks; a new connection is tried for the next",
    () =>
      Effect.gen(function* () {
        const gone = yield* server.use(Effect.succeed)
        yield* Effect.scoped(
          Effect.gen(function* () {
            const pool = yield* Pool.make({ ...options("gone", 1), acquire: connection(gone, "gone") })
            const exits = yield* Effect.forEach([1, 2, 3], () => Effect.exit(query(pool, "select 1")), {
              concurrency: "unbounded"
            })
            assert.deepStrictEqual(exits.map(Exit.isFailure), [true, true, true])
            assert.strictEqual((yield* Pool.statistics(pool)).waiting.length, 0)
          })
        )
      }),
    timeout
  )

  it("the example prints what it should", { timeout }, async () => {
    const file = fileURLToPath(new URL("../../examples/postgres/pool.ts", import.meta.url))
    const stdout = await new Promise<string>((resolve, reject) =>
      execFile(process.execPath, [file], (error, out) => (error === null ? resolve(out) : reject(error)))
    )
    assert.strictEqual(stdout, "100 rows, some connections killed: true\n0 leased, 0 waiting\n")
  })
})
