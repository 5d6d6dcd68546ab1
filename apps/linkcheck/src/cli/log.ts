/** What the program and its libraries log: warnings and errors (more with --log-level), to standard error, escaped. */
import * as Cause from "effect/Cause"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { escape } from "../domain/Escape.ts"

const logger = Logger.make(({ cause, message }) => {
  const parts = (Array.isArray(message) ? message : [message]).map(String)
  if (cause.reasons.length > 0) parts.push(Cause.pretty(cause))
  // Line by line: a task tree or a stack keeps its lines, what is in them is escaped.
  const lines = parts.join(" ").split("\n").map(escape)
  process.stderr.write(`linkcheck: ${lines.join("\n  ")}\n`)
})

export const layer = Layer.mergeAll(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, "Warn"))
