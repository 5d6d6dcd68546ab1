/** The crawl: a frontier of targets, many workers, each fetching one target, reading it and storing what came of it. */
import { TaskGroup, WorkQueue } from "@skein/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { normalise } from "../domain/Address.ts"
import { NotHtml, type Problem } from "../domain/Problem.ts"
import { decodeHtml, decodeSheet, isSheet } from "../html/decode.ts"
import { type Fetched, Fetcher } from "../http/Fetcher.ts"
import { Progress } from "../report/Progress.ts"
import { type Outcome, Store, type Target } from "../store/Store.ts"
import { harvest, type Rules } from "./harvest.ts"
import * as Ledger from "./Ledger.ts"
import { Parser } from "./Parser.ts"

export interface Options extends Rules {
  readonly start: URL
  readonly resume: boolean
  readonly maxUrls: number
  /** Targets taken in hand at a time. Most of them stand in line for their host; far more than requests may run. */
  readonly workers: number
}

/**
 * Checks the site. Broken links are findings, not failures; they are in the store and went to `Progress`.
 *
 * **Errors** `StoreError`: results can no longer be kept, so the crawl ends.
 * **Cancellation** Cancel-safe: what was recorded stays, the rest is pending in the store and can be resumed.
 */
export const crawl = Effect.fn("crawl")(function* (run: Run, options: Options) {
  const store = yield* Store
  const progress = yield* Progress
  const fetcher = yield* Fetcher
  const { ledger } = run
  const frontier = yield* WorkQueue.unbounded<Target>({ name: "frontier" })

  const visit = Effect.fnUntraced(function* (target: Target) {
    const began = yield* Clock.currentTimeMillis
    const fetched = yield* Effect.result(fetcher.fetch(target.url, target.want, progress.retried))
    const { aliased, outcome } = yield* Result.match(fetched, {
      onFailure: (problem) => Effect.succeed<Read>({ outcome: failed(target, problem), aliased: undefined }),
      onSuccess: (got) => read(target, got, run, options)
    })
    const ended = yield* Clock.currentTimeMillis
    const complete = { ...outcome, millis: ended - began }
    yield* store.record(run.id, complete)
    if (aliased !== undefined) yield* recordAlias(aliased, complete, run)
    yield* WorkQueue.offerAll(frontier, complete.discovered)
    yield* progress.checked(complete, ledger.size())
  })

  yield* WorkQueue.offerAll(frontier, run.pending)
  yield* Effect.gen(function* () {
    yield* TaskGroup.fork(progress.ticking, { name: "progress", background: true })
    yield* TaskGroup.fork(store.flushing, { name: "store", background: true })
    yield* WorkQueue.consume(frontier, visit, { workers: options.workers, until: "idle", name: "visit" })
  }).pipe(TaskGroup.run({ name: "crawl" }))
})

/** One run as it stands in the store. */
export interface Run {
  readonly id: number
  readonly ledger: Ledger.Ledger
  readonly pending: ReadonlyArray<Target>
  readonly resumed: boolean
  readonly ignored: Map<string, number>
}

/** Opens a run: the start URL alone, or all that an interrupted run had not got to. */
export const openRun = Effect.fn("openRun")(function* (options: Options) {
  const store = yield* Store
  const url = normalise(options.start)
  const { known, run } = yield* store.open(url, options.resume)
  const ledger = Ledger.make(options.maxUrls, known)
  const first = known.length === 0 ? ledger.claim(url, "page", 0) : undefined
  if (first !== undefined) yield* store.add(run, [first])
  // Where the first page had been redirected to is part of the site for the resumed run too.
  const start = known.find((target) => target.url === url)
  if (start?.final) options.scope.admit(start.final)
  const pending = first === undefined ? known.filter((target) => target.state === "pending") : [first]
  const opened: Run = { id: run, ledger, pending, resumed: known.length > 0, ignored: new Map() }
  return opened
})

const nothing = {
  skipped: false,
  links: [],
  anchors: [],
  discovered: [],
  title: "",
  parsed: false,
  millis: 0
}

// Being turned away from the start page is a finding: there is nothing that could be checked.
const failed = (target: Target, problem: Problem): Outcome => ({
  ...nothing,
  url: target.url,
  problem: Option.some(problem),
  skipped: problem._tag === "Disallowed" && target.depth > 0,
  status: problem._tag === "HttpStatus" ? problem.status : undefined,
  final: undefined,
  contentType: "",
  retries: 0,
  redirects: 0
})

interface Read {
  readonly outcome: Outcome
  /** Where a redirect ended, when nobody had taken that on yet: it has been read now. */
  readonly aliased: Target | undefined
}

const read = Effect.fnUntraced(function* (target: Target, got: Fetched, run: Run, options: Options) {
  const isStart = target.depth === 0
  const fetched: Outcome = {
    ...nothing,
    url: target.url,
    problem: Option.none(),
    status: got.status,
    final: got.url,
    contentType: got.contentType,
    retries: got.retries,
    redirects: got.redirects
  }
  if (Option.isNone(got.body)) {
    const problem = new NotHtml({ url: target.url, contentType: got.contentType || "of no declared type" })
    const outcome = isStart ? { ...fetched, problem: Option.some(problem) } : fetched
    const answered: Read = { outcome, aliased: undefined }
    return answered
  }
  const parser = yield* Parser
  const sheet = isSheet(got.contentType)
  const document = yield* sheet
    ? parser.parseSheet(decodeSheet(got.body.value, got.contentType))
    : parser.parse(decodeHtml(got.body.value, got.contentType))
  const anchors = options.fragments === "none" ? [] : document.anchors
  const page: Outcome = { ...fetched, parsed: !sheet, title: document.title, anchors }
  if (isStart) options.scope.admit(got.url)
  // Before the page's own links are looked at: one to itself would have it fetched again.
  const aliased = got.url === target.url ? undefined : run.ledger.claim(got.url, target.want, target.depth)
  const ours = sheet ? options.scope.owns(new URL(got.url)) : options.scope.includes(got.url)
  // A page that redirects out of the site is somebody else's, one that another URL led to has been recorded.
  if (!ours || !run.ledger.enter(got.url)) {
    return { outcome: page, aliased }
  }
  const { discovered, ignored, links } = harvest(got.url, target.depth, document, options, run.ledger)
  for (const [reason, count] of ignored) run.ignored.set(reason, (run.ignored.get(reason) ?? 0) + count)
  return { outcome: { ...page, links, discovered }, aliased }
})

const recordAlias = Effect.fnUntraced(function* (aliased: Target, outcome: Outcome, run: Run) {
  const store = yield* Store
  yield* store.add(run.id, [aliased])
  yield* store.record(run.id, {
    ...outcome,
    url: aliased.url,
    redirects: 0,
    links: [],
    discovered: [],
    anchors: []
  })
})
