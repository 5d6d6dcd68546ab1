#!/usr/bin/env node
/** `linkcheck`: see README.md. */
import { Runner } from "@skein/node"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

// `node:sqlite` works, but some versions of Node call it experimental on every start: no news for users.
const emitWarning = process.emitWarning.bind(process) as (...args: ReadonlyArray<unknown>) => void
process.emitWarning = (warning: string | Error, ...rest: ReadonlyArray<unknown>): void => {
  if (!String(warning).includes("SQLite is an experimental feature")) emitWarning(warning, ...rest)
}

const { main } = await import("./cli/Main.ts")
const Log = await import("./cli/log.ts")
const Output = await import("./report/Output.ts")

main(process.argv.slice(2)).pipe(
  Effect.provide([Output.layer, Log.layer]),
  Runner.main({
    // The crawl stops at once; the time is for the report, which on a huge site takes longer than a moment.
    shutdown: { drain: "10 seconds", cancel: "2 seconds" },
    exitCode: (exit) => (Exit.isSuccess(exit) && typeof exit.value === "number" ? exit.value : 70)
  })
)
