/** Every result as it comes in, one transaction per fetched URL; what a run can be resumed from. */
import { Pool } from "@skein/core"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type { MissingFragment, Problem } from "../domain/Problem.ts"
import type { Want } from "../http/Exchange.ts"
import { attempt, connection, type Database, StoreError } from "./Database.ts"
import * as Sql from "./sql.ts"
import { insertTargets, openRun, recordOutcome } from "./writes.ts"

export { StoreError }

/** Results that are written at once, without waiting for the next tick. */
const BATCH = 256

export interface Target {
  readonly url: string
  readonly want: Want
  readonly depth: number
}

export interface KnownTarget extends Target {
  readonly state: "pending" | "ok" | "broken" | "skipped"
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
  /** The problem is why nobody was asked: no finding. */
  readonly skipped: boolean
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

/**
 * Results are written in batches, none later than a tenth of a second after it came (`flushing`); `end`, `query` and
 * the closing of the scope write what is left. A process that is killed loses no more than that, and a resumed run
 * fetches it again: a result and the targets it adds are in one transaction.
 *
 * **Errors** of all operations: `StoreError`. **Cancellation** Cancel-safe: a transaction is one synchronous step.
 */
export class Store extends Context.Service<
  Store,
  {
    /** Starts a run of this URL, or goes on with the last one if that was not finished. */
    readonly open: (start: string, resume: boolean) => Effect.Effect<Opened, StoreError>
    readonly add: (run: number, targets: ReadonlyArray<Target>) => Effect.Effect<void, StoreError>
    readonly record: (run: number, outcome: Outcome) => Effect.Effect<void, StoreError>
    /** Writes again and again what has come in; runs beside the crawl. */
    readonly flushing: Effect.Effect<never, StoreError>
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

      let pending: Array<(database: Database) => void> = []
      const writePending = (database: Database): void => {
        if (pending.length === 0) return
        database.transaction(() => {
          for (const write of pending) write(database)
        })
        // Only now: a write that failed is tried again with the next, and fails that too.
        pending = []
      }
      const flush = use(writePending)
      const later = (write: (database: Database) => void): Effect.Effect<void, StoreError> =>
        Effect.suspend(() => (pending.push(write) < BATCH ? Effect.void : flush))
      yield* Effect.addFinalizer(() => Effect.ignore(flush))

      return {
        query: (read) => Effect.andThen(Effect.ignore(flush), use(read)),
        open: Effect.fnUntraced(function* (start, resume) {
          yield* flush
          const now = yield* Clock.currentTimeMillis
          return yield* use((database) => database.transaction(() => openRun(database, start, resume, now)))
        }),
        add: (run, targets) => later((database) => insertTargets(database, run, targets)),
        record: (run, outcome) => later((database) => recordOutcome(database, run, outcome)),
        flushing: Effect.forever(Effect.andThen(Effect.sleep("100 millis"), flush)),
        end: Effect.fnUntraced(function* (run, state) {
          const now = yield* Clock.currentTimeMillis
          yield* later((database) => void database.prepare(Sql.END_RUN).run(state, now, run))
          yield* flush
        })
      }
    })
  )
