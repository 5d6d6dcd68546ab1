/** Parses pages: small ones on the spot, large ones in worker threads, so that none holds up the others' requests. */
import { Offload } from "@skein/node"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Document } from "../domain/Link.ts"
import { extract, extractSheet } from "../html/extract.ts"

/** Below this, copying the page to a thread and the result back costs more than it saves. In characters. */
const WORTH_A_THREAD = 256 * 1024

export class Parser extends Context.Service<
  Parser,
  {
    /** **Cancellation** Cancel-safe: a thread that is still at it is given up. */
    readonly parse: (html: string) => Effect.Effect<Document>
    /** The same for a style sheet. */
    readonly parseSheet: (css: string) => Effect.Effect<Document>
  }
>()("linkcheck/Parser") {}

export const layer: Layer.Layer<Parser> = Layer.effect(
  Parser,
  Effect.gen(function* () {
    const workers = yield* Offload.module<typeof import("../html/extract.ts")>(
      new URL("../html/extract.ts", import.meta.url),
      { name: "parse", grace: "100 millis" }
    )
    type Parse = (text: string) => Document
    const parsing = (here: Parse, inThread: typeof workers.extract) => (text: string) =>
      text.length < WORTH_A_THREAD
        ? Effect.sync(() => here(text))
        : // Whatever befalls a thread (out of memory, say): the page can still be parsed here.
          Effect.catchTag(inThread(text), "OffloadError", () => Effect.sync(() => here(text)))
    return {
      parse: parsing(extract, workers.extract),
      parseSheet: parsing(extractSheet, workers.extractSheet)
    }
  })
)
