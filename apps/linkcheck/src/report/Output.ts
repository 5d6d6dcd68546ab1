/** Standard output and error, as a tool in a pipeline needs them: flushed, and quiet when the reader has gone. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export class Output extends Context.Service<
  Output,
  {
    /** Returns when the text has been handed on. A closed pipe (`| head`) swallows it. */
    readonly stdout: (text: string) => Effect.Effect<void>
    readonly stderr: (text: string) => Effect.Effect<void>
    /** Progress is redrawn in place on a terminal, written line by line elsewhere. */
    readonly live: boolean
    readonly columns: () => number
  }
>()("linkcheck/Output") {}

export const layer: Layer.Layer<Output> = Layer.sync(Output, () => ({
  stdout: writer(process.stdout),
  stderr: writer(process.stderr),
  live: process.stderr.isTTY === true && process.env["TERM"] !== "dumb",
  columns: () => process.stderr.columns ?? 80
}))

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
