/** A PostgreSQL server of one's own, for as long as somebody uses it. */
import { execFile, spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { chown, mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { Data, Effect } from "effect"
import { ContextManager } from "@skein/core"

const run = promisify(execFile)

export class ServerError extends Data.TaggedError("ServerError")<{
  readonly step: string
  readonly cause: unknown
}> {}

const attempt = <A>(step: string, promise: () => Promise<A>) =>
  Effect.tryPromise({ try: promise, catch: (cause) => new ServerError({ step, cause }) })

/** The folder of `initdb` and `postgres`: where Debian puts them, or a folder of the PATH. Undefined where there are none. */
export const binaries = (): string | undefined => {
  const debian = "/usr/lib/postgresql"
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : []
  const folders = [
    ...versions.map((version) => join(debian, version, "bin")),
    ...(process.env["PATH"] ?? "").split(":")
  ]
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")))
}

/** PostgreSQL refuses to run as root. */
const unprivileged = Effect.gen(function* () {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) =>
    attempt("find the user postgres", async () => Number((await run("id", [flag, "postgres"])).stdout))
  return { uid: yield* id("-u"), gid: yield* id("-g") }
})

const freePort = attempt(
  "find a free port",
  () =>
    new Promise<number>((resolve, reject) => {
      const probe = createServer().once("error", reject)
      probe.listen(0, "127.0.0.1", () => {
        const { port } = probe.address() as { readonly port: number }
        probe.close(() => resolve(port))
      })
    })
)

const ready = (server: ChildProcess) =>
  attempt(
    "start",
    () =>
      new Promise<void>((resolve, reject) => {
        let log = ""
        server.stderr!.on("data", (chunk: Buffer) => {
          log += chunk.toString()
          if (log.includes("ready to accept connections")) resolve()
        })
        server.once("error", reject)
        server.once("exit", () => reject(new Error(log)))
      })
  )

const stopped = (server: ChildProcess) =>
  attempt("stop", async () => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const exited = new Promise((resolve) => server.once("exit", resolve))
    server.kill("SIGINT") // fast shutdown: connections are ended
    await exited
  })

/** Opens: a fresh database folder and a server on loopback. Closes: stops it and removes the folder. */
export const server = ContextManager.make(
  function* (provide) {
    const bin = binaries()
    if (bin === undefined)
      return yield* new ServerError({ step: "find", cause: "PostgreSQL is not installed" })
    const user = yield* unprivileged
    const folder = yield* attempt("make a folder", () => mkdtemp(join(tmpdir(), "skein-postgres-")))
    try {
      if (user.uid !== undefined) yield* attempt("chown", () => chown(folder, user.uid, user.gid))
      const data = join(folder, "data")
      const initdb = [
        "--pgdata",
        data,
        "--username",
        "skein",
        "--auth",
        "trust",
        "--no-sync",
        "--no-instructions"
      ]
      yield* attempt("initdb", () =>
        run(join(bin, "initdb"), [...initdb, "--encoding", "UTF8", "--locale", "C"], user)
      )
      const port = yield* freePort
      const settings = [
        "fsync=off",
        "listen_addresses=127.0.0.1",
        `port=${port}`,
        `unix_socket_directories=${folder}`
      ]
      const process = spawn(
        join(bin, "postgres"),
        ["-D", data, ...settings.flatMap((setting) => ["-c", setting])],
        {
          ...user,
          stdio: ["ignore", "ignore", "pipe"]
        }
      )
      try {
        yield* ready(process)
        yield* provide({ host: "127.0.0.1", port, user: "skein", database: "postgres" })
      } finally {
        yield* stopped(process)
      }
    } finally {
      yield* attempt("remove the folder", () => rm(folder, { recursive: true, force: true }))
    }
  },
  { name: "PostgreSQL", closeTimeout: "20 seconds" }
)

export interface Address {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}
