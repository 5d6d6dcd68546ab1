/** One check from beginning to end: services built, the site crawled, the report delivered, the exit status decided. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Runner } from "@skein/node"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { appendFile, writeFile } from "node:fs/promises"
import * as Crawl from "../crawl/Crawl.ts"
import * as Parser from "../crawl/Parser.ts"
import { makeScope, normalise, type Scope } from "../domain/Address.ts"
import { secretsOf } from "../http/Exchange.ts"
import * as Fetcher from "../http/Fetcher.ts"
import * as Html from "../report/html.ts"
import * as Json from "../report/json.ts"
import * as Junit from "../report/junit.ts"
import { notWritten, Output } from "../report/Output.ts"
import * as Progress from "../report/Progress.ts"
import * as Report from "../report/Report.ts"
import * as Text from "../report/text.ts"
import * as Store from "../store/Store.ts"
import type { Settings } from "./Command.ts"
import { parseHeader } from "./values.ts"

const RENDER = { text: Text.render, json: Json.render, junit: Junit.render, html: Html.render }

// 128 and the number of the signal, as shells do.
const stopped = Effect.map(Runner.shutdownRequested, ({ label }) => (label === "SIGTERM" ? 143 : 130))

/** Checks the site of `start`; the report and the exit status it stands for. */
export const check = (start: URL, settings: Settings) => {
  const scope = makeScope(normalise(start), { below: settings.below })
  return Effect.gen(function* () {
    yield* openOutput(settings)
    const progress = yield* Progress.Progress
    const store = yield* Store.Store
    const began = yield* Clock.currentTimeMillis
    const options: Crawl.Options = {
      start,
      resume: settings.resume,
      maxUrls: settings.maxUrls,
      workers: Math.min(2048, settings.concurrency * 8),
      scope,
      maxDepth: Option.getOrElse(settings.depth, () => Number.MAX_SAFE_INTEGER),
      fragments: settings.fragments,
      external: !settings.internalOnly,
      skip: settings.skip
    }
    const run = yield* Crawl.openRun(options)
    // At the first Ctrl-C the crawl is cancelled; this goes on, and reports what there is.
    const crawled = yield* Crawl.crawl(run, options).pipe(
      Runner.untilShutdown,
      Effect.ensuring(progress.clear),
      Effect.result
    )
    // A full disk ends the crawl; what had been stored by then can be read back and is reported all the same.
    const trouble = Result.isFailure(crawled) ? Option.some(crawled.failure) : Option.none()
    const complete = Result.isSuccess(crawled) && Option.isSome(crawled.success)
    if (Option.isNone(trouble)) yield* store.end(run.id, complete ? "finished" : "interrupted")
    const report = yield* Report.make({
      run: run.id,
      start: normalise(start),
      complete,
      began,
      ignored: run.ignored,
      turnedAway: run.ledger.turnedAway(),
      resumable: Option.getOrUndefined(settings.db) !== ":memory:"
    })
    yield* deliver(report, settings)
    if (Option.isSome(trouble)) return yield* trouble.value
    if (!complete) return { report, status: yield* stopped }
    return { report, status: report.broken.length === 0 ? 0 : 1 }
  }).pipe(Effect.provide(services(start, scope, settings)))
}

// Before the check, which may take hours, rather than after it.
const openOutput = (settings: Settings) =>
  Option.match(settings.output, {
    onNone: () => Effect.void,
    onSome: (path) =>
      Effect.tryPromise({
        try: () => appendFile(path, ""),
        catch: (error) => notWritten(path, error)
      })
  })

const deliver = Effect.fnUntraced(function* (report: Report.Report, settings: Settings) {
  const text = RENDER[settings.json ? "json" : settings.format](report)
  const output = yield* Output
  if (Option.isNone(settings.output)) return yield* output.stdout(text)
  const path = settings.output.value
  yield* Effect.tryPromise({
    try: () => writeFile(path, text),
    catch: (error) => notWritten(path, error)
  }).pipe(
    // The disk may have filled up meanwhile: what was found is shown, at least.
    Effect.tapError(() => output.stdout(text))
  )
})

const OBEYED = {
  internal: (scope: Scope) => scope.owns,
  all: () => () => true,
  none: () => () => false
}

const services = (start: URL, scope: Scope, settings: Settings) => {
  const fetcher = Fetcher.layer({
    concurrency: settings.concurrency,
    perHost: settings.perHost,
    rate: settings.rate,
    timeout: Option.getOrElse(settings.timeout, () => Duration.seconds(10)),
    retries: settings.retries,
    maxPause: Option.getOrElse(settings.maxPause, () => Duration.seconds(60)),
    maxRedirects: 10,
    maxBody: Option.getOrElse(settings.maxBody, () => 10 * 1024 * 1024),
    userAgent: settings.userAgent,
    robots: OBEYED[settings.robots](scope),
    secrets: secretsOf(start, Object.fromEntries(settings.header.map(parseHeader).flatMap(Option.toArray)))
  }).pipe(Layer.provide(NodeHttpClient.layerUndici))
  return Layer.mergeAll(
    fetcher,
    Parser.layer,
    Progress.layer({ quiet: settings.quiet }),
    Store.layer(Option.getOrElse(settings.db, () => "linkcheck.sqlite"))
  )
}
