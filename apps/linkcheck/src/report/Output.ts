/** Standard output and error, as a tool in a pipeline needs them: flushed, and quiet when the reader has gone. */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { fstatSync, writeFile } from "node:fs"
import { isatty } from "node:tty"

/** The report could not be written to its file, or to standard output. */
export class ReportNotWritten extends Data.TaggedError("ReportNotWritten")<{
  readonly path: string
  readonly detail: string
}> {
  override get message(): string {
    return `cannot write the report to ${this.path}: ${this.detail}`
  }
}

export const notWritten = (path: string, error: unknown): ReportNotWritten =>
  new ReportNotWritten({ path, detail: error instanceof Error ? error.message : String(error) })

export class Output extends Context.Service<
  Output,
  {
    /**
     * Returns when the text has been handed on. A closed pipe (`| head`) swallows it.
     *
     * **Errors** `ReportNotWritten` where it leads to a file, and the disk is full.
     */
    readonly stdout: (text: string) => Effect.Effect<void, ReportNotWritten>
    readonly stderr: (text: string) => Effect.Effect<void>
    /** Progress is redrawn in place on a terminal, written line by line elsewhere. */
    readonly live: boolean
    readonly columns: () => number
  }
>()("linkcheck/Output") {}

export const layer: Layer.Layer<Output> = Layer.sync(Output, () => ({
  stdout: leadsToFile(1) ? fileWriter(1) : writer(process.stdout),
  stderr: writer(process.stderr),
  live: process.stderr.isTTY === true && process.env["TERM"] !== "dumb",
  columns: () => process.stderr.columns ?? 80
}))

const leadsToFile = (descriptor: number): boolean => {
  try {
    const status = fstatSync(descriptor)
    return status.isFile() || (status.isCharacterDevice() && !isatty(descriptor))
  } catch {
    return false
  }
}

// Not through the stream: what it cannot write ends the program as an uncaught error, with that one's exit status.
const fileWriter =
  (descriptor: number) =>
  (text: string): Effect.Effect<void, ReportNotWritten> =>
    Effect.callback((resume) =>
      writeFile(descriptor, text, (error) =>
        resume(error === null ? Effect.void : Effect.fail(notWritten("standard output", error)))
      )
    )

const writer = (stream: NodeJS.WriteStream): ((text: string) => Effect.Effect<void>) => {
  let gone = false
  // Without a listener a closed pipe would end the process with a stack trace.
  stream.on("error", () => (gone = true))
  return (text) =>
    Effect.callback<void>((resume) => {
      if (gone || text === "") return resume(Effect.void)
      stream.write(text, (error) => {
        // Not resumed when the reader of the report has gone: the Runner is told next, and ends the program for that.
        if (stream !== process.stdout || (error as NodeJS.ErrnoException | null)?.code !== "EPIPE")
          resume(Effect.void)
      })
    })
}
