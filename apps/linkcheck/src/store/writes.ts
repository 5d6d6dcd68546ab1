/** What is written to the tables, in steps that run inside one transaction. */
import * as Option from "effect/Option"
import type { Database } from "./Database.ts"
import * as Sql from "./sql.ts"
import type { KnownTarget, Opened, Outcome, Target } from "./Store.ts"

export const openRun = (database: Database, start: string, resume: boolean, now: number): Opened => {
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

export const recordOutcome = (database: Database, run: number, outcome: Outcome): void => {
  const problem = Option.getOrUndefined(outcome.problem)
  database
    .prepare(Sql.FINISH_TARGET)
    .run(
      problem === undefined ? "ok" : outcome.skipped ? "skipped" : "broken",
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
  insertTargets(database, run, outcome.discovered)
}

export const insertTargets = (database: Database, run: number, targets: ReadonlyArray<Target>): void => {
  const statement = database.prepare(Sql.INSERT_TARGET)
  for (const { depth, url, want } of targets) statement.run(run, url, want, depth)
}
