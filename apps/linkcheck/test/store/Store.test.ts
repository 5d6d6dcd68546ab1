import { describe, expect, it } from "@effect/vitest"
import { it as skein } from "@skein/testing/vitest"
import { Context, Effect, Exit, Layer, Option, Scope } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Disallowed, HttpStatus } from "../../src/domain/Problem.ts"
import * as Report from "../../src/report/Report.ts"
import * as Store from "../../src/store/Store.ts"
import { inFolder } from "../process.ts"

const START = "http://a.example/"
const place = {
  page: START,
  line: 1,
  element: "a",
  attribute: "href",
  text: "",
  fragment: undefined,
  problem: undefined
}

const outcome = (change: Partial<Store.Outcome>): Store.Outcome => ({
  url: START,
  millis: 5,
  problem: Option.none(),
  skipped: false,
  status: 200,
  final: START,
  contentType: "text/html",
  title: "",
  parsed: true,
  retries: 0,
  redirects: 0,
  links: [],
  anchors: [],
  discovered: [],
  ...change
})

const start: Store.Target = { url: START, want: "page", depth: 0 }
const missing: Store.Target = { url: `${START}missing`, want: "page", depth: 1 }
const notFound = new HttpStatus({ url: missing.url, status: 404, retryAfter: Option.none() })

const report = (run: number, complete = true) =>
  Report.make({ run, start: START, complete, began: 0, ignored: new Map(), turnedAway: 0, resumable: true })

const inMemory = Effect.provide(Store.layer(":memory:"))

describe("record", () => {
  it.effect("keeps results, links and new targets; the report puts them together", () =>
    Effect.gen(function* () {
      const store = yield* Store.Store
      const { known, run } = yield* store.open(START, false)
      expect(known).toEqual([])
      yield* store.add(run, [start])
      yield* store.record(run, outcome({ links: [{ ...place, url: missing.url }], discovered: [missing] }))
      const failed = {
        url: missing.url,
        problem: Option.some(notFound),
        status: 404,
        final: undefined,
        parsed: false
      }
      yield* store.record(run, outcome(failed))
      const { broken, summary } = yield* report(run)
      expect(broken).toEqual([
        {
          url: missing.url,
          problem: "HttpStatus",
          why: "404 Not Found",
          status: 404,
          places: [{ page: START, line: 1, element: "a", attribute: "href", text: "" }]
        }
      ])
      expect(summary).toMatchObject({ checked: 2, pages: 1, links: 1, broken: 1, pending: 0 })
    }).pipe(inMemory)
  )

  it.effect("finds missing anchors on the page that a redirect led to", () =>
    Effect.gen(function* () {
      const store = yield* Store.Store
      const { run } = yield* store.open(START, false)
      const old = `${START}old`
      yield* store.add(run, [start, { url: old, want: "page", depth: 1 }])
      const links = ["here", "caf%C3%A9", "gone"].map((fragment) =>
        Object.assign({}, place, { url: old, fragment })
      )
      yield* store.record(run, outcome({ links }))
      yield* store.record(run, outcome({ url: old, final: `${START}new`, anchors: ["here", "café", "here"] }))
      expect((yield* report(run)).broken.map(({ problem, url }) => [problem, url])).toEqual([
        ["MissingFragment", `${old}#gone`]
      ])
    }).pipe(inMemory)
  )

  it.effect("takes a start page that nothing links to into the report", () =>
    Effect.gen(function* () {
      const store = yield* Store.Store
      const { run } = yield* store.open(START, false)
      yield* store.add(run, [start])
      yield* store.record(run, outcome({ problem: Option.some(notFound), parsed: false }))
      expect((yield* report(run)).broken).toMatchObject([{ url: START, places: [] }])
    }).pipe(inMemory)
  )
})

describe("skipped", () => {
  it.effect("is neither checked nor broken: the report counts it among what was not looked at", () =>
    Effect.gen(function* () {
      const store = yield* Store.Store
      const { run } = yield* store.open(START, false)
      yield* store.add(run, [start])
      yield* store.record(run, outcome({ links: [{ ...place, url: missing.url }], discovered: [missing] }))
      const disallowed = new Disallowed({ url: missing.url, detail: undefined })
      yield* store.record(
        run,
        outcome({ url: missing.url, problem: Option.some(disallowed), skipped: true, parsed: false })
      )
      const { broken, ignored, summary } = yield* report(run)
      expect(broken).toEqual([])
      expect(ignored).toEqual({ "robots.txt": 1 })
      expect(summary).toMatchObject({ checked: 1, broken: 0, pending: 0 })
    }).pipe(inMemory)
  )
})

describe("Store", () => {
  const opened = Effect.gen(function* () {
    const scope = yield* Scope.make()
    const context = yield* Effect.orDie(Layer.buildWithScope(Layer.fresh(Store.layer(":memory:")), scope))
    const store = Context.get(context, Store.Store)
    const { run } = yield* Effect.orDie(store.open(START, false))
    return { scope, store, run, done: { steps: 0 } }
  })

  skein.sweep("keeps every result that it took, wholly and in order, wherever it is interrupted", {
    setup: opened,
    subject: ({ done, run, store }) => {
      const step = (effect: Effect.Effect<void, Store.StoreError>) =>
        Effect.tap(effect, () => Effect.sync(() => done.steps++))
      return Effect.gen(function* () {
        yield* step(store.add(run, [start]))
        yield* step(
          store.record(run, outcome({ links: [{ ...place, url: missing.url }], discovered: [missing] }))
        )
        yield* step(
          store.record(run, outcome({ url: missing.url, problem: Option.some(notFound), parsed: false }))
        )
        yield* store.end(run, "finished")
      })
    },
    check: ({ done, store }) =>
      Effect.gen(function* () {
        const { links, targets } = yield* store.query((database) => ({
          targets: database.prepare("select url, state from target order by depth").all(),
          links: database.prepare("select url from link").all().length
        }))
        const states = targets.map(({ state, url }) => `${String(url)} ${String(state)}`).join(", ")
        const kept = [
          "",
          `${START} pending`,
          `${START} ok, ${missing.url} pending`,
          `${START} ok, ${missing.url} broken`
        ].indexOf(states)
        expect(kept).toBeGreaterThanOrEqual(done.steps)
        expect(links).toBe(kept >= 2 ? 1 : 0)
      }),
    teardown: ({ scope }) => Scope.close(scope, Exit.void)
  })
})

describe("open", () => {
  it.effect("goes on with an interrupted run and forgets a finished one", () =>
    Effect.gen(function* () {
      const store = yield* Store.Store
      const first = yield* store.open(START, false)
      yield* store.add(first.run, [start])
      yield* store.record(first.run, outcome({ discovered: [missing] }))
      yield* store.end(first.run, "interrupted")
      const resumed = yield* store.open(START, true)
      expect(resumed.run).toBe(first.run)
      expect(resumed.known.map(({ state, url }) => [url, state])).toEqual([
        [START, "ok"],
        [missing.url, "pending"]
      ])
      yield* store.end(first.run, "finished")
      expect((yield* store.open(START, true)).known).toEqual([])
    }).pipe(inMemory)
  )

  it.effect("starts afresh unless asked, and leaves other sites' runs alone", () =>
    Effect.gen(function* () {
      const store = yield* Store.Store
      const other = yield* store.open("http://b.example/", false)
      yield* store.add(other.run, [{ ...start, url: "http://b.example/" }])
      const first = yield* store.open(START, false)
      yield* store.add(first.run, [start])
      expect((yield* store.open(START, false)).known).toEqual([])
      expect((yield* store.open("http://b.example/", true)).known.length).toBe(1)
    }).pipe(inMemory)
  )
})

describe("layer", () => {
  it("fails with a clear line when the file is no database", () =>
    inFolder(async (folder) => {
      const path = join(folder, "not.sqlite")
      writeFileSync(path, "this is not a database, and long enough to be sure of it".repeat(20))
      const exit = await Effect.runPromiseExit(Effect.provide(Effect.void, Store.layer(path)))
      expect(exit).toEqual(
        Exit.fail(new Store.StoreError({ path, detail: "the file is not an SQLite database" }))
      )
    }))

  it("leaves a file alone that another program, or another version of this one, has made", () =>
    inFolder(async (folder) => {
      const { DatabaseSync } = await import("node:sqlite")
      for (const sql of ["create table target (mine text)", "pragma user_version = 1"]) {
        const path = join(folder, `${sql.length}.sqlite`)
        const database = new DatabaseSync(path)
        database.exec(sql)
        database.close()
        const before = readFileSync(path)
        const exit = await Effect.runPromiseExit(Effect.provide(Effect.void, Store.layer(path)))
        const detail = "the file is not of this version of linkcheck; delete it, or name another with --db"
        expect(exit).toEqual(Exit.fail(new Store.StoreError({ path, detail })))
        expect(readFileSync(path).equals(before)).toBe(true)
      }
    }))

  it("keeps what was recorded in the file", () =>
    inFolder(async (folder) => {
      const path = join(folder, "x.sqlite")
      const known = (resume: boolean) =>
        Effect.gen(function* () {
          const store = yield* Store.Store
          const { known, run } = yield* store.open(START, resume)
          if (!resume) yield* store.add(run, [start])
          return known.length
        }).pipe(Effect.provide(Layer.fresh(Store.layer(path))), Effect.runPromise)
      expect([await known(false), await known(true)]).toEqual([0, 1])
    }))
})
