/** The program: what was asked for, done; every way it can end as an exit status and a clear line. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Runner } from "@skein/node"
import { CliOutput, Command } from "effect/cli"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Result from "effect/Result"
import { parseStart } from "../domain/Address.ts"
import { escape, excerpt, showUrl } from "../domain/Escape.ts"
import { Output } from "../report/Output.ts"
import type { Report } from "../report/Report.ts"
import { type Fault, faults } from "../site/faults.ts"
import * as Site from "../site/Site.ts"
import { check } from "./check.ts"
import * as Cli from "./Command.ts"
import { parseHeader } from "./values.ts"

const WRONG_USE = 2
const NOT_DONE = 3

/** Runs the command; the exit status. Reports its own errors, never fails. */
export const main = (args: ReadonlyArray<string>): Effect.Effect<number, never, Output> =>
  Effect.gen(function* () {
    const status = yield* Ref.make(0)
    const command = Cli.make((settings) => Effect.flatMap(handle(settings), (code) => Ref.set(status, code)))
    const output = yield* Output
    return yield* Command.runWith(command, { version: "0.0.0" })(args).pipe(
      Effect.provideService(CliOutput.Presenter, presenter(output)),
      Effect.andThen(Ref.get(status)),
      Effect.catchTags({
        // Help is shown already, on wrong use with what was wrong about it.
        ShowHelp: (error) => Effect.succeed(error.errors.length === 0 ? 0 : WRONG_USE),
        StoreError: (error) => complain(NOT_DONE, error.message),
        ReportNotWritten: (error) => complain(NOT_DONE, error.message)
      }),
      Effect.catch((error) => complain(WRONG_USE, error.message))
    )
  }).pipe(Effect.provide(NodeServices.layer))

// On wrong use only what is wrong, and on standard error: two screens of help would push it out of sight.
const presenter = (output: Output["Service"]): CliOutput.Presenter => ({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? output.stderr(
          event.errors.map((error) => `linkcheck: ${escape(error.message)}\n`).join("") +
            "linkcheck --help lists what can be said\n"
        )
      : CliOutput.defaultPresenter.present(event)
})

const complain = Effect.fnUntraced(function* (status: number, message: string) {
  const output = yield* Output
  yield* output.stderr(`linkcheck: ${escape(message)}\n`)
  return status
})

const handle = (settings: Cli.Settings) => {
  if (!settings.header.every((header) => Option.isSome(parseHeader(header)))) {
    return complain(WRONG_USE, '--header takes a header like "Name: value"')
  }
  if (settings.serve) return serveOnly
  if (Option.isNone(settings.url)) return demo(settings)
  const start = parseStart(settings.url.value)
  if (Result.isFailure(start)) {
    const { detail, url } = start.failure
    return complain(WRONG_USE, `${excerpt(showUrl(url), 200)} cannot be checked: ${detail}`)
  }
  return Effect.map(check(start.success, settings), ({ status }) => status)
}

const serveOnly = Effect.gen(function* () {
  const output = yield* Output
  const site = yield* Site.serve
  yield* output.stdout(`${site.site}/\n`)
  yield* Runner.forever
  return 0
}).pipe(Effect.scoped)

// Short limits, so that the demo's hanging and endless pages take seconds; nothing is left behind on disk.
const demo = Effect.fnUntraced(function* (settings: Cli.Settings) {
  const output = yield* Output
  const site = yield* Site.serve
  const planted = faults(site)
  yield* output.stderr(`checking a site with ${planted.length} faults, served at ${site.site}/\n`)
  const { report, status } = yield* check(new URL(site.site), {
    ...settings,
    timeout: Option.orElse(settings.timeout, () => Option.some(Duration.seconds(1))),
    maxBody: Option.orElse(settings.maxBody, () => Option.some(2 * 1024 * 1024)),
    db: Option.orElse(settings.db, () => Option.some(":memory:"))
  })
  yield* output.stderr(`${judge(report, planted)}\n`)
  return status
}, Effect.scoped)

const judge = (report: Report, planted: ReadonlyArray<Fault>): string => {
  if (!report.complete) return "stopped before all faults could be found"
  const found = new Set(report.broken.map((broken) => `${broken.problem} ${broken.url}`))
  const wanted = planted.map((fault) => `${fault.problem} ${fault.url}`)
  const missed = wanted.filter((fault) => !found.delete(fault))
  if (missed.length === 0 && found.size === 0) {
    return `all ${planted.length} planted faults were found, and nothing else`
  }
  return [
    ...missed.map((fault) => `not found: ${fault}`),
    ...[...found].map((fault) => `not planted: ${fault}`)
  ].join("\n")
}
