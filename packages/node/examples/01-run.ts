// `asyncio.run(main())`: the one step from the outside into the program. `Runner.main` runs an effect as the process: what
// was opened is closed at the end, also on Ctrl-C; the exit code says how it went; a program that cannot go on says so.
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

import { Console, Effect } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"

import { Runner } from "@skein/node"

/** A server to talk to, open as long as its scope. */
const server = Effect.acquireRelease(
  Effect.callback<ReturnType<typeof createServer>>((resume) => {
    const server = createServer((request, response) =>
      response.end(JSON.stringify([request.url, "ada", "grace"]))
    )
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) =>
    Effect.callback<void>((resume) => {
      server.closeAllConnections()
      server.close(() => resume(Console.log("closed")))
    })
)

const main = Effect.gen(function* () {
  const { port } = (yield* server).address() as AddressInfo
  const client = yield* HttpClient.HttpClient
  const response = yield* client.get(`http://127.0.0.1:${port}/users`)
  yield* Console.log(response.status, yield* response.json)
})

main.pipe(Effect.scoped, Effect.provide(FetchHttpClient.layer), Runner.main)
