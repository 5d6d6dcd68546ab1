/** A small crawler, written as a user would write it: nothing is annotated that need not be. Type-checked, never run. */
import {
  Config,
  Console,
  Context,
  Data,
  Duration,
  Effect,
  HashMap,
  Layer,
  Option,
  Ref,
  Schedule,
  Stream
} from "effect"
import {
  CancelScope,
  ContextManager,
  Gather,
  Generator,
  Pool,
  Retry,
  RetryBudget,
  Semaphore,
  TaskGroup,
  TaskGroupError,
  TaskTree,
  WorkQueue
} from "@skein/core"
import { LoopMonitor, Offload, Runner } from "@skein/node"

// ---- the domain: errors and services

class HttpError extends Data.TaggedError("HttpError")<{
  readonly url: string
  readonly status: number
  readonly retryAfter: Option.Option<Duration.Duration>
}> {}
class DbError extends Data.TaggedError("DbError")<{ readonly message: string }> {}
class SitemapError extends Data.TaggedError("SitemapError")<{ readonly url: string }> {}

interface Page {
  readonly url: string
  readonly status: number
  readonly html: string
}
interface Job {
  readonly url: string
  readonly depth: number
}
interface Connection {
  readonly insert: (page: Page) => Effect.Effect<void, DbError>
  readonly close: Effect.Effect<void>
}

class Http extends Context.Service<Http, { readonly get: (url: string) => Effect.Effect<Page, HttpError> }>()(
  "Http"
) {}
class Driver extends Context.Service<Driver, { readonly connect: Effect.Effect<Connection, DbError> }>()(
  "Driver"
) {}

// ---- resources

const connection = ContextManager.make(function* (provide) {
  const driver = yield* Driver
  const db = yield* driver.connect
  const ended = yield* provide(db)
  yield* Effect.logDebug(`connection closes after ${ended.exit._tag}`)
  yield* db.close
})

const makePool = Pool.make({
  acquire: connection, // a context manager is a scoped effect
  min: 1,
  max: 8,
  acquireTimeout: "5 seconds",
  idleTimeToLive: "1 minute",
  name: "db"
})

// ---- one polite request: a permit per host, a deadline per try, retries for what may pass

const hosts = Effect.gen(function* () {
  const semaphores = yield* Ref.make(HashMap.empty<string, Semaphore.Semaphore>())
  return (url: string) =>
    Ref.modify(semaphores, (map) => {
      const host = new URL(url).host
      const known = HashMap.get(map, host)
      if (Option.isSome(known)) return [known.value, map]
      const fresh = Semaphore.makeUnsafe(2, { name: `host ${host}` })
      return [fresh, HashMap.set(map, host, fresh)]
    })
})

const fetchPage = Effect.fn("fetchPage")(function* (url: string, budget: RetryBudget.RetryBudget) {
  const http = yield* Http
  return yield* http.get(url).pipe(
    CancelScope.failAfter("10 seconds", { name: "request" }),
    Retry.run({
      tags: ["HttpError", "DeadlineExceeded"],
      while: (error) => error._tag === "DeadlineExceeded" || error.status >= 500 || error.status === 429,
      retryAfter: (error) => (error._tag === "HttpError" ? error.retryAfter : Option.none()),
      onRetry: (attempt) =>
        Effect.logDebug(`${url}: try ${attempt.number} failed with ${attempt.error._tag}`),
      budget
    })
  )
})

// ---- the sitemap as a lazy stream: pages of it are fetched only as the frontier has room

const sitemap = (root: string) =>
  Generator.make(function* (emit) {
    const http = yield* Http
    for (let n = 1; ; n++) {
      const page = yield* http.get(`${root}/sitemap-${n}.txt`)
      if (page.status === 404) return
      if (page.html === "") return yield* new SitemapError({ url: page.url })
      for (const url of page.html.split("\n")) yield* emit({ url, depth: 0 } satisfies Job)
    }
  })

// ---- helpers that leave tasks running say so: TaskGroup<...> is in their R

const progressLine = (queue: WorkQueue.WorkQueue<Job>) =>
  TaskGroup.fork(
    WorkQueue.statistics(queue).pipe(
      Effect.flatMap((s) => Console.log(`${s.size} queued, ${s.unfinished} open`)),
      Effect.repeat(Schedule.spaced("1 second"))
    ),
    { name: "progress", background: true }
  )

const statusServer = TaskGroup.start(
  (ready) =>
    Effect.gen(function* () {
      const port = yield* Config.Int("PORT")
      yield* ready({ port })
      return yield* Runner.forever
    }),
  { name: "status", background: true }
)

// ---- the crawl

const crawl = Effect.fn("crawl")(function* (root: string, maxDepth: number) {
  const pool = yield* makePool
  const budget = yield* RetryBudget.make({ capacity: 50, refillPerSecond: 5 })
  const hostPermit = yield* hosts
  const parser = yield* Offload.module<typeof import("./links.ts")>(new URL("./links.ts", import.meta.url))
  const frontier = yield* WorkQueue.bounded<Job>(10_000, { name: "frontier" })
  const seen = new Set<string>([root])

  const visit = Effect.fn("visit")(
    function* ({ url, depth }: Job) {
      const permit = yield* hostPermit(url)
      const page = yield* fetchPage(url, budget).pipe(Semaphore.withPermit(permit))
      yield* Pool.use(pool, (db) => db.insert(page))
      if (depth === maxDepth) return
      const links = yield* parser.extractLinks(page.html, url)
      const fresh = links.filter((link) => !seen.has(link) && seen.add(link))
      yield* WorkQueue.offerAll(
        frontier,
        fresh.map((link) => ({ url: link, depth: depth + 1 }))
      )
    }, // a broken page is a finding, not the end of the crawl
    Effect.catchTags({
      HttpError: (e) => Console.log(`BROKEN ${e.url} ${e.status}`),
      DeadlineExceeded: (e) => Console.log(`SLOW ${e.scope} ${Duration.format(e.timeout)} at ${e.waitingOn}`)
    })
  )

  yield* WorkQueue.offer(frontier, { url: root, depth: 0 })
  return yield* Effect.gen(function* () {
    yield* progressLine(frontier)
    const [address] = yield* statusServer
    yield* Console.log(`status on port ${address.port}`)
    yield* TaskGroup.fork(
      Stream.runForEach(sitemap(root), (job) => WorkQueue.offer(frontier, job)).pipe(
        WorkQueue.producing(frontier)
      ),
      { name: "sitemap" }
    )
    yield* WorkQueue.consume(frontier, visit, { workers: 64, until: "idle" })
    return seen.size
  }).pipe(TaskGroup.run({ name: "crawl" }))
})

// ---- after the crawl: deliver reports; some sinks may fail, say which

const report = (count: number) =>
  TaskGroup.collect(
    Effect.gen(function* () {
      const http = yield* Http
      for (const sink of ["https://a.example/hook", "https://b.example/hook"]) {
        yield* TaskGroup.fork(http.get(`${sink}?count=${count}`), { name: sink })
      }
      yield* TaskGroup.fork(
        connection.use((db) => db.insert({ url: "report", status: 200, html: String(count) }))
      )
    })
  ).pipe(
    TaskGroupError.catchEach({
      HttpError: (failures) => Console.error(failures.map((f) => `${f.task}: ${f.error.status}`).join("\n"))
    }) // TaskGroupError<DbError> is left
  )

// ---- background work that must not disturb anything, the first mirror to answer, and a look at what runs

const withMetrics = <A, E, R>(main: Effect.Effect<A, E, R>) =>
  TaskGroup.supervise(
    Effect.gen(function* () {
      yield* TaskGroup.fork(
        Effect.flatMap(TaskTree.snapshot, (s) => Effect.logDebug(TaskTree.render(s))).pipe(
          Effect.repeat(Schedule.spaced("30 seconds"))
        ),
        { name: "metrics", background: true }
      )
      return yield* main
    }),
    { onFailure: (failure) => Effect.logError(`${failure.path} ${failure._tag}`) }
  )

const program = Effect.gen(function* () {
  const http = yield* Http
  const mirror = yield* Gather.firstSuccess(
    ["https://eu.example", "https://us.example"].map((url) => Effect.as(http.get(url), url))
  )
  const outcome = yield* CancelScope.run(() => crawl(mirror, 3), { timeout: "10 minutes", name: "crawl" })
  const count = CancelScope.match(outcome, {
    onCompleted: (n) => n,
    onCancelled: () => 0
  })
  yield* report(count).pipe(CancelScope.shield({ atMost: "20 seconds" }))
}).pipe(
  Effect.scoped,
  withMetrics,
  Effect.catchTag("SitemapError", (e) => Effect.logWarning(`no sitemap at ${e.url}`))
)

declare const Live: Layer.Layer<Http | Driver>
program.pipe(
  Effect.provide([Live, LoopMonitor.layer({ threshold: "100 millis" })]),
  Runner.main({ shutdown: { drain: "20 seconds", cancel: "5 seconds" } })
)

// what the compiler made of it, written out: exactly this
type Expected =
  | HttpError
  | DbError
  | Config.ConfigError
  | Pool.PoolTimeout
  | WorkQueue.QueueShutdown
  | Offload.OffloadError
  | TaskGroup.TaskNotStarted
  | TaskGroupError.TaskGroupError<DbError>
export const check: Effect.Effect<void, Expected, Http | Driver> = program
export const exact: [Expected] extends [Effect.Error<typeof program>] ? true : false = true
export const needs: [Http | Driver] extends [Effect.Services<typeof program>] ? true : false = true
