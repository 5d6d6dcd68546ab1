/** What the Runner itself says, and the last bytes of the program. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import type * as Fiber from "effect/Fiber"

export type Level = "Info" | "Warn" | "Error"

const standard = Context.get(Context.empty(), References.CurrentLoggers)

/**
 * Through the loggers of the program when it has set any; else to standard error, because standard output belongs to the
 * program.
 */
export const say = (
  fiber: Fiber.Fiber<unknown, unknown> | undefined,
  level: Level,
  message: string
): void => {
  if (
    fiber !== undefined &&
    fiber.pollUnsafe() === undefined &&
    fiber.getRef(References.CurrentLoggers) !== standard
  ) {
    Effect.runForkWith(fiber.context)(Effect.logWithLevel(level)(message))
  } else {
    process.stderr.write(`${message}\n`)
  }
}

/** A reader that does not read must not keep the process. */
const patience = 2000

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed || stream.errored !== null || stream.writableLength === 0) return resolve()
    stream.once("error", () => resolve())
    stream.write("", () => resolve())
  })

/** Ends the process once everything written has gone out, into a pipe too; `process.exitCode` may still change. */
export const exitFlushed = (code: number): void => {
  process.exitCode = code
  const timer = setTimeout(() => process.exit(), patience)
  // Not in this turn: an exception that is on its way is to be seen.
  setImmediate(() => {
    void Promise.all([flushed(process.stdout), flushed(process.stderr)]).then(() => {
      clearTimeout(timer)
      process.exit()
    })
  })
}
