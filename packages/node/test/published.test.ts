import { describe, expect, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll } from "vitest"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  packageManager: string
}
const effect = JSON.parse(
  readFileSync(fileURLToPath(new URL("../node_modules/effect/package.json", import.meta.url)), "utf8")
) as { version: string }

const folder = mkdtempSync(join(tmpdir(), "skein-published-"))
const app = join(folder, "app")

const app1 = `
import { Effect } from "effect"
import { LoopMonitor, Offload } from "@skein/node"
import { parse } from "library"
const program = Effect.gen(function* () {
  yield* LoopMonitor.make({ onBlocked: () => Effect.void })
  const hash = yield* Offload.module(new URL("./hash.ts", import.meta.url), { workers: 1 })
  const failure = yield* Effect.flip(hash.fail())
  return [yield* hash.sha("a", 3), yield* parse("x"), yield* hash.aborted(), failure.reason.error.message]
})
console.log(JSON.stringify(await Effect.runPromise(Effect.scoped(program))))
`

const pnpm = (cwd: string, ...args: ReadonlyArray<string>): string =>
  execFileSync("npx", ["--yes", packageManager, ...args], { cwd, encoding: "utf8", stdio: "pipe" })

describe("published", { timeout: 300_000 }, () => {
  beforeAll(() => {
    for (const name of ["core", "node"])
      pnpm(join(root, "packages", name), "pack", "--pack-destination", folder)
    mkdirSync(join(app, "library"), { recursive: true })
    // What tsc makes of hash.ts: the .ts file stays at home.
    writeFileSync(
      join(app, "hash.js"),
      `import { currentSignal } from "@skein/node/worker"
export const sha = (s, rounds) => s.repeat(rounds)
export const aborted = () => currentSignal().aborted
export const fail = () => { throw new RangeError("from the tarball") }\n`
    )
    writeFileSync(join(app, "app.js"), app1)
    // A package that ships its sources beside the compiled files: Node strips no types under node_modules.
    const library = join(app, "library")
    writeFileSync(
      join(library, "package.json"),
      JSON.stringify({ name: "library", version: "1.0.0", type: "module", exports: "./index.js" })
    )
    writeFileSync(
      join(library, "index.js"),
      `import { Effect } from "effect"
import { Offload } from "@skein/node"
export const parse = (text) => Effect.scoped(Effect.flatMap(
  Offload.module(new URL("./worker.ts", import.meta.url), { workers: 1 }), (worker) => worker.parse(text)))\n`
    )
    writeFileSync(
      join(library, "worker.ts"),
      `export const parse = (text: string): string => "source of " + text\n`
    )
    writeFileSync(join(library, "worker.js"), `export const parse = (text) => "parsed " + text\n`)
    writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }))
    execFileSync("npm", ["pack", "--pack-destination", folder], { cwd: library, stdio: "pipe" })
    const tarballs = readdirSync(folder)
      .filter((name) => name.endsWith(".tgz"))
      .map((name) => join(folder, name))
    execFileSync(
      "npm",
      [
        "install",
        "--no-audit",
        "--no-fund",
        "--no-package-lock",
        "--prefer-offline",
        `effect@${effect.version}`,
        ...tarballs
      ],
      { cwd: app, stdio: "pipe" }
    )
  }, 300_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it("works from tarballs installed by npm, workers and the watcher included", () => {
    const output = execFileSync(process.execPath, ["app.js"], { cwd: app, encoding: "utf8", timeout: 60_000 })
    expect(JSON.parse(output)).toEqual(["aaa", "parsed x", false, "from the tarball"])
  })
})
