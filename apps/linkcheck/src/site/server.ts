/**
 * A small web server: each request is a task of a group that the scope owns, cancelled when its client hangs up.
 *
 * Not on Effect's own server: in 4.1 its scope never closes after a client has left a handler that was waiting.
 */
import { TaskGroup } from "@skein/core"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | Stream.Stream<Uint8Array>
}

export type Handler = (request: IncomingMessage) => Effect.Effect<Answer>

/** The origin under which it can be reached, on loopback. **Cancellation** closing the scope cuts every connection. */
export const listen = Effect.fnUntraced(function* (
  handler: Handler,
  name: string
): Effect.fn.Return<string, never, Scope.Scope> {
  const group = yield* TaskGroup.scoped({ name, onFailure: (failure) => Effect.logError(failure.cause) })
  const fork = yield* TaskGroup.runtime(group)()
  const server = yield* Effect.acquireRelease(
    Effect.sync(() => createServer((request, response) => void fork(respond(handler, request, response)))),
    close
  )
  const port = yield* Effect.callback<number>((resume) => {
    server.once("error", (error) => resume(Effect.die(error)))
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as AddressInfo).port)))
  })
  return `http://127.0.0.1:${port}`
})

const respond = (handler: Handler, request: IncomingMessage, response: ServerResponse): Effect.Effect<void> =>
  handler(request).pipe(
    Effect.flatMap(({ body, headers, status }) => {
      response.writeHead(status, headers)
      if (request.method === "HEAD") return end(response)
      if (!Stream.isStream(body)) return end(response, body)
      return Effect.andThen(
        Stream.runForEach(body, (chunk) => write(response, chunk)),
        end(response)
      )
    }),
    Effect.raceFirst(hungUp(response))
  )

const hungUp = (response: ServerResponse): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const onClose = (): void => resume(Effect.void)
    response.once("close", onClose)
    return Effect.sync(() => response.off("close", onClose))
  })

// Returns when there is room for more: an endless page is made as fast as it is read.
const write = (response: ServerResponse, chunk: Uint8Array): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    response.write(chunk, () => resume(Effect.void))
  })

const end = (response: ServerResponse, body?: string | Uint8Array): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    response.end(body ?? "", () => resume(Effect.void))
  })

const close = (server: Server): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })
