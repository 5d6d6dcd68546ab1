/** The SQLite file: opened, prepared, and closed whatever happens. */
import { ContextManager } from "@skein/core"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { DatabaseSync, StatementSync } from "node:sqlite"
import { LAYOUT, SCHEMA } from "./sql.ts"

/** The results cannot be kept: disk full, no permission, not a database. */
export class StoreError extends Data.TaggedError("StoreError")<{
  readonly path: string
  readonly detail: string
}> {
  override get message(): string {
    return `cannot store results in ${this.path}: ${this.detail}`
  }
}

export interface Database {
  readonly path: string
  /** Prepared once per text. */
  readonly prepare: (sql: string) => StatementSync
  /** All or nothing. */
  readonly transaction: <A>(body: () => A) => A
}

/** Runs synchronous work on the database, what it throws becoming a `StoreError`. */
export const attempt = <A>(path: string, work: () => A): Effect.Effect<A, StoreError> =>
  Effect.try({ try: work, catch: (error) => new StoreError({ path, detail: detailOf(error) }) })

/** A connection as a context manager: `use` it, or yield it in a scope. */
export const connection = (path: string) =>
  ContextManager.make(function* (provide) {
    // Loaded here, not at the top: some versions of Node print a warning when this module is first imported.
    const { DatabaseSync } = yield* Effect.promise(() => import("node:sqlite"))
    const database = yield* attempt(path, () => new DatabaseSync(path, { timeout: 5000 }))
    try {
      yield* attempt(path, () => prepareTables(database))
      yield* provide(wrap(path, database))
    } finally {
      yield* Effect.ignore(attempt(path, () => database.close()))
    }
  })

// A file of another program, or of another version of this one, is left as it is.
const prepareTables = (database: DatabaseSync): void => {
  const inside = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0])
  const layout = inside("pragma user_version")
  if (layout !== LAYOUT && (layout !== 0 || inside("select count(*) from sqlite_master") > 0)) {
    throw new Error("the file is not of this version of linkcheck; delete it, or name another with --db")
  }
  database.exec("pragma journal_mode = wal")
  database.exec("pragma synchronous = normal")
  database.exec(`begin immediate; ${SCHEMA} pragma user_version = ${LAYOUT}; commit`)
}

const wrap = (path: string, database: DatabaseSync): Database => {
  const statements = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql)
    if (statement === undefined) statements.set(sql, (statement = database.prepare(sql)))
    return statement
  }
  return {
    path,
    prepare,
    transaction: (body) => {
      database.exec("begin immediate")
      try {
        const result = body()
        database.exec("commit")
        return result
      } catch (error) {
        // A full disk has rolled back already; a second rollback then fails and says nothing new.
        if (database.isTransaction) database.exec("rollback")
        throw error
      }
    }
  }
}

const detailOf = (error: unknown): string => {
  const { errcode, message } = error as { readonly errcode?: number; readonly message?: string }
  switch (errcode === undefined ? undefined : errcode & 0xff) {
    case 13:
      return "the disk is full"
    case 8:
      return "the file is read-only"
    case 14:
      return "the file cannot be opened"
    case 26:
      return "the file is not an SQLite database"
    case 10:
      return `reading or writing failed (${message ?? "no detail"})`
    default:
      return message ?? String(error)
  }
}
