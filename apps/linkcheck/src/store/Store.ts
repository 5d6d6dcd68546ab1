/** Every result as it comes in, one transaction per fetched URL; what a run can be resumed from. */
import { Pool } from "@skein/core"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { MissingFragment, Problem } from "../domain/Problem.ts"
import type { Want } from "../http/Exchange.ts"
import { attempt, connection, type Database, StoreError } from "./Database.ts"
import * as Sql from "./sql.ts"

export { StoreError }

export interface Target {
  readonly url: string
  readonly want: Want
  readonly depth: number
}

export interface KnownTarget extends Target {
  readonly state: "pending" | "ok" | "broken"
  readonly final: string | null
  readonly parsed: number
}

/** A link as it was found on a page. */
export interface FoundLink {
  readonly page: string
  readonly line: number
  readonly element: string
  readonly attribute: string
  readonly text: string
  /** Without the fragment; as written, where it is no URL. */
  readonly url: string
  readonly fragment: string | undefined
  readonly problem: Problem | MissingFragment | undefined
}

/** What became of one URL, and what its page adds to the crawl. */
export interface Outcome {
  readonly url: string
  readonly millis: number
  readonly problem: Option.Option<Problem>
  readonly status: number | undefined
  readonly final: string | undefined
  readonly contentType: string
  readonly title: string
  /** Its anchors are known. */
  readonly parsed: boolean
  readonly retries: number
  readonly redirects: number
  readonly links: ReadonlyArray<FoundLink>
  readonly anchors: ReadonlyArray<string>
  readonly discovered: ReadonlyArray<Target>
}

export type RunState = "finished" | "interrupted" | "failed"

export interface Opened {
  readonly run: number
  /** What an interrupted run had found; empty for a new one. */
  readonly known: ReadonlyArray<KnownTarget>
}

/** **Errors** of all operations: `StoreError`. **Cancellation** Cancel-safe: a transaction is one synchronous step. */
export class Store extends Context.Service<
  Store,
  {
    /** Starts a run of this URL, or goes on with the last one if that was not finished. */
    readonly open: (start: string, resume: boolean) => Effect.Effect<Opened, StoreError>
    readonly add: (run: number, targets: ReadonlyArray<Target>) => Effect.Effect<void, StoreError>
    readonly record: (run: number, outcome: Outcome) => Effect.Effect<void, StoreError>
    readonly end: (run: number, state: RunState) => Effect.Effect<void, StoreError>
    /** Read with any query: for reports. */
    readonly query: <A>(read: (database: Database) => A) => Effect.Effect<A, StoreError>
  }
>()("linkcheck/Store") {}

/** A store on the file; `:memory:` keeps nothing. */
export const layer = (path: string): Layer.Layer<Store, StoreError> =>
  Layer.effect(
    Store,
    Effect.gen(function* () {
      const pool = yield* Pool.make({
        acquire: connection(path),
        min: 1,
        // SQLite takes one writer at a time; a second connection to ":memory:" would be another database.
        max: 1,
        acquireTimeout: "30 seconds",
        name: "database"
      })
      const use = <A>(work: (database: Database) => A): Effect.Effect<A, StoreError> =>
        Pool.use(pool, (database) => attempt(path, () => work(database))).pipe(
          Effect.catchTag("PoolTimeout", (error) =>
            Effect.fail(new StoreError({ path, detail: error.message }))
          )
        )
      // A file that cannot be used is reported before the first request, not after it.
      yield* use(() => undefined)

      const insert = (database: Database, run: number, targets: ReadonlyArray<Target>): void => {
        const statement = database.prepare(Sql.INSERT_TARGET)
        for (const { depth, url, want } of targets) statement.run(run, url, want, depth)
      }
      return {
        query: use,
        open: Effect.fnUntraced(function* (start, resume) {
          const now = yield* Clock.currentTimeMillis
          return yield* use((database) => database.transaction(() => openRun(database, start, resume, now)))
        }),
        add: (run, targets) => use((database) => database.transaction(() => insert(database, run, targets))),
        record: (run, outcome) =>
          use((database) =>
            database.transaction(() => {
              recordOutcome(database, run, outcome)
              insert(database, run, outcome.discovered)
            })
          ),
        end: Effect.fnUntraced(function* (run, state) {
          const now = yield* Clock.currentTimeMillis
          yield* use((database) => database.prepare(Sql.END_RUN).run(state, now, run))
        })
      }
    })
  )

const openRun = (database: Database, start: string, resume: boolean, now: number): Opened => {
  const last = database.prepare(Sql.LAST_RUN).get(start) as { id: number; state: string } | undefined
  if (resume && last !== undefined && last.state !== "finished") {
    database.prepare(Sql.REOPEN_RUN).run(last.id)
    return {
      run: last.id,
      known: database.prepare(Sql.TARGETS).all(last.id) as unknown as Array<KnownTarget>
    }
  }
  for (const sql of Sql.FORGET) database.prepare(sql).run(start)
  database.prepare("delete from run where start = ?").run(start)
  const { lastInsertRowid } = database.prepare(Sql.INSERT_RUN).run(start, now)
  return { run: Number(lastInsertRowid), known: [] }
}

const recordOutcome = (database: Database, run: number, outcome: Outcome): void => {
  const problem = Option.getOrUndefined(outcome.problem)
  database
    .prepare(Sql.FINISH_TARGET)
    .run(
      problem === undefined ? "ok" : "broken",
      outcome.status ?? null,
      outcome.final ?? null,
      outcome.contentType,
      outcome.title,
      outcome.parsed ? 1 : 0,
      outcome.retries,
      outcome.redirects,
      problem?._tag ?? null,
      problem?.why ?? null,
      outcome.millis,
      run,
      outcome.url
    )
  const link = database.prepare(Sql.INSERT_LINK)
  for (const found of outcome.links) {
    link.run(
      run,
      found.page,
      found.line,
      found.element,
      found.attribute,
      found.text,
      found.url,
      found.fragment ?? null,
      found.problem?._tag ?? null,
      found.problem?.why ?? null
    )
  }
  const anchor = database.prepare(Sql.INSERT_ANCHOR)
  for (const name of outcome.anchors) anchor.run(run, outcome.final ?? outcome.url, name)
}
