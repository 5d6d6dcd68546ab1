/** What a run found, put together from the store: the model that every format renders. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { excerpt } from "../domain/Escape.ts"
import { spellings } from "../domain/Fragment.ts"
import { MissingFragment } from "../domain/Problem.ts"
import type { Database } from "../store/Database.ts"
import * as Sql from "../store/sql.ts"
import { Store } from "../store/Store.ts"

/** Where a link stands; `element` is empty in a style sheet. */
export interface Place {
  readonly page: string
  readonly line: number
  readonly element: string
  readonly attribute: string
  readonly text: string
}

/** `<img src>`, or `url()` in a style sheet; fit to be printed. */
export const tagOf = ({ attribute, element }: Place): string =>
  element === "" ? excerpt(attribute, 20) : `<${excerpt(element, 20)} ${excerpt(attribute, 20)}>`

/** One broken link: what is wrong, and everywhere it was found. */
export interface Broken {
  /** As it would be requested; with the fragment, where that is what is missing. */
  readonly url: string
  /** The tag of the error: "HttpStatus", "RequestTimeout", "MissingFragment", ... */
  readonly problem: string
  readonly why: string
  readonly status: number | null
  /** Empty for the start page, which no page need link to. */
  readonly places: ReadonlyArray<Place>
}

export interface Summary {
  /** URLs that were asked for. */
  readonly checked: number
  /** Of these, pages that were read. */
  readonly pages: number
  /** Links found on them, each target once per page. */
  readonly links: number
  readonly broken: number
  /** Failed at first and were fine on another try. */
  readonly healed: number
  /** Known, but not got to. */
  readonly pending: number
  readonly millis: number
}

export interface Report {
  readonly start: string
  /** False when the run was stopped before its end. */
  readonly complete: boolean
  readonly summary: Summary
  readonly broken: ReadonlyArray<Broken>
  readonly healed: ReadonlyArray<{ readonly url: string; readonly retries: number }>
  /** Links that were not checked, by reason: the scheme, "external", "skipped"; and URLs, for "robots.txt". */
  readonly ignored: Readonly<Record<string, number>>
  /** Links that were not checked because of the limit on URLs. */
  readonly turnedAway: number
  /** What is pending is kept in a file, for another run to go on with. */
  readonly resumable: boolean
}

export interface Input {
  readonly run: number
  readonly start: string
  readonly complete: boolean
  readonly began: number
  readonly ignored: ReadonlyMap<string, number>
  readonly turnedAway: number
  readonly resumable: boolean
}

/** **Errors** `StoreError` when the results cannot be read back. */
export const make = Effect.fn("report")(function* (input: Input) {
  const store = yield* Store
  const now = yield* Clock.currentTimeMillis
  return yield* store.query((database): Report => {
    const broken = [...brokenTargets(database, input.run), ...missingFragments(database, input.run)]
    broken.sort((a, b) => (a.url < b.url ? -1 : a.url > b.url ? 1 : 0))
    const counts = database.prepare(Sql.SUMMARY).get(input.run, input.run) as unknown as Omit<
      Summary,
      "millis"
    >
    const { skipped } = database.prepare(Sql.SKIPPED).get(input.run) as unknown as {
      readonly skipped: number
    }
    const ignored = new Map(input.ignored)
    if (skipped > 0) ignored.set("robots.txt", skipped)
    return {
      start: input.start,
      complete: input.complete,
      summary: { ...counts, broken: broken.length, millis: now - input.began },
      broken,
      healed: database.prepare(Sql.HEALED).all(input.run) as unknown as Report["healed"],
      ignored: Object.fromEntries([...ignored].sort(([a], [b]) => (a < b ? -1 : 1))),
      turnedAway: input.turnedAway,
      resumable: input.resumable
    }
  })
})

interface Row extends Place {
  readonly url: string
  readonly fragment: string | null
  readonly problem: string
  readonly why: string
  readonly status: number | null
  readonly final: string | null
}

const brokenTargets = (database: Database, run: number): ReadonlyArray<Broken> => {
  const alone = database.prepare(Sql.BROKEN_ALONE).all(run) as unknown as ReadonlyArray<Row>
  const linked = database.prepare(Sql.BROKEN_LINKS).all(run) as unknown as ReadonlyArray<Row>
  return [
    ...alone.map(({ problem, status, url, why }) => ({ url, problem, why, status, places: [] })),
    ...group(linked, (row) => ({ url: row.url, problem: row.problem, why: row.why, status: row.status }))
  ]
}

const missingFragments = (database: Database, run: number): ReadonlyArray<Broken> => {
  const anchor = database.prepare(Sql.HAS_ANCHOR)
  const links = database.prepare(Sql.FRAGMENT_LINKS).all(run) as unknown as ReadonlyArray<Row>
  const missing = links.filter(({ final, fragment, url }) => {
    const names = spellings(fragment ?? undefined)
    return names.length > 0 && names.every((name) => anchor.get(run, final ?? url, name) === undefined)
  })
  return group(missing, (row) => {
    const problem = new MissingFragment({ url: row.url, fragment: row.fragment ?? "" })
    return { url: `${row.url}#${row.fragment}`, problem: problem._tag, why: problem.why, status: row.status }
  })
}

// Rows of one broken link follow each other: the queries sort by URL.
const group = (
  rows: ReadonlyArray<Row>,
  key: (row: Row) => Omit<Broken, "places">
): ReadonlyArray<Broken> => {
  const groups = new Map<string, Broken & { readonly places: Array<Place> }>()
  for (const row of rows) {
    const head = key(row)
    let found = groups.get(head.url)
    if (found === undefined) groups.set(head.url, (found = { ...head, places: [] }))
    const { attribute, element, line, page, text } = row
    found.places.push({ page, line, element, attribute, text })
  }
  return [...groups.values()]
}
