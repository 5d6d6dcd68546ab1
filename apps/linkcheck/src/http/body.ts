/** Reads a body that may be compressed, endless, or a bomb: no more than the limit is ever held. */
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Effect from "effect/Effect"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"
import type { Duplex } from "node:stream"
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib"
import { BadAnswer, BodyTooLarge, type Problem } from "../domain/Problem.ts"
import { classify } from "./classify.ts"

/** What `Accept-Encoding` offers. */
export const ENCODINGS = "gzip, deflate, br"

const DECODERS: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress
}

/**
 * The body, decompressed.
 *
 * **Errors** `BodyTooLarge` as soon as the decompressed bytes pass `limit`: the rest is neither read nor inflated.
 * **Cancellation** Cancel-safe; the connection is given up with the response's scope.
 */
export const readBody = Effect.fnUntraced(function* (
  url: URL,
  response: HttpClientResponse.HttpClientResponse,
  limit: number
): Effect.fn.Return<Uint8Array, Problem> {
  const encodings = (response.headers["content-encoding"] ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity")
  if (encodings.length > 2 || encodings.some((name) => !Object.hasOwn(DECODERS, name))) {
    return yield* new BadAnswer({ url: url.href, detail: `content encoding ${encodings.join(", ")}` })
  }
  const chunks: Array<Uint8Array> = []
  let size = 0
  let stream = Stream.mapError(response.stream, (error) => classify(url, error))
  for (const name of encodings.toReversed()) {
    stream = NodeStream.pipeThroughDuplex(stream, {
      evaluate: DECODERS[name]!,
      onError: (error) => classify(url, error),
      // Each read inflates at most one chunk of 16 KiB: a bomb is noticed long before it has unfolded.
      chunkSize: 1
    })
  }
  yield* Stream.runForEach(stream, (chunk) => {
    size += chunk.byteLength
    if (size > limit) return Effect.fail(new BodyTooLarge({ url: url.href, limit }))
    chunks.push(chunk)
    return Effect.void
  })
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)
})
