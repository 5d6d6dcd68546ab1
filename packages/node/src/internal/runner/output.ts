/** What the Runner itself says, and the last bytes of the program. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import type * as Fiber from "effect/Fiber"

export type Level = "Info" | "Warn" | "Error"

const standard = Context.get(Context.empty(), References.CurrentLoggers)

/** The context of the program where it has set loggers of its own; they are in the context of the fiber that runs it. */
export const loggingContext = (
  fiber: Fiber.Fiber<unknown, unknown> | undefined
): Context.Context<never> | undefined =>
  fiber !== undefined &&
  fiber.pollUnsafe() === undefined &&
  fiber.getRef(References.CurrentLoggers) !== standard
    ? fiber.context
    : undefined

/** Through the loggers of the program; else to standard error, because standard output belongs to the program. */
export const say = (context: Context.Context<never> | undefined, level: Level, message: string): void => {
  if (context === undefined) process.stderr.write(`${message}\n`)
  else Effect.runForkWith(context)(Effect.logWithLevel(level)(message))
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
