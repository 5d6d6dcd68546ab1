/** What a user gets: packs every package, checks the tarballs, installs them with npm and runs a program. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { inTurn, run } from "../lib/run.ts"
import type { Result, Step } from "../lib/run.ts"
import { packagesIn, read } from "../lib/source.ts"

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
}

const manifest = (root: string, dir: string): Manifest =>
  JSON.parse(read(root, `${dir}/package.json`)) as Manifest

const publishable = (root: string): ReadonlyArray<string> =>
  packagesIn(root, "packages").filter((dir) => manifest(root, dir).private !== true)

/** Packs a package into `to`; what the tarball is called. */
const pack = async (
  root: string,
  dir: string,
  to: string
): Promise<Result & { readonly tarball: string }> => {
  rmSync(join(root, dir, "dist"), { recursive: true, force: true })
  const result = await run("npx", ["--yes", "pnpm@12.21.0", "pack", "--pack-destination", to], {
    cwd: join(root, dir)
  })
  const { name, version } = manifest(root, dir)
  return { ...result, tarball: join(to, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`) }
}

const quiet = (result: Result): Result => (result.ok ? { ok: true, output: "" } : result)

const install = async (root: string, folder: string, tarballs: ReadonlyArray<string>): Promise<Result> => {
  mkdirSync(folder)
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "smoke", private: true, type: "module" })
  )
  cpSync(join(root, ".ci/smoke"), folder, { recursive: true })
  const catalog = read(root, "pnpm-workspace.yaml")
  const pinned = ["effect", "@types/node"].map((name) => {
    const version = new RegExp(`^ {2}"?${name}"?: (\\S+)$`, "m").exec(catalog)?.[1]
    return `${name}@${version}`
  })
  return run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...tarballs, ...pinned], {
    cwd: folder
  })
}

/** The installed lint plugin finds a mistake. */
const lint = async (folder: string): Promise<Result> => {
  const config = { jsPlugins: ["@skein/oxlint-plugin"], rules: { "skein/no-unowned-fork": "error" } }
  writeFileSync(join(folder, "oxlint.json"), JSON.stringify(config))
  writeFileSync(
    join(folder, "unowned.js"),
    'import { Effect } from "effect"\nEffect.runFork(Effect.forkDetach(Effect.void))\n'
  )
  const { output } = await run("oxlint", ["-c", "oxlint.json", "unowned.js"], { cwd: folder })
  const found = output.includes("skein(no-unowned-fork)")
  return { ok: found, output: found ? "" : `the lint plugin found nothing\n${output}` }
}

const smoke = (root: string, folder: string): Promise<Result> => {
  const bin = (name: string) => join(root, "node_modules/.bin", name)
  const programs = readdirSync(folder).filter((file) => file.endsWith(".ts"))
  return inTurn([
    () => lint(folder),
    async () => quiet(await run(bin("tsc"), ["-p", "."], { cwd: folder })),
    ...programs.map((file) => async () => {
      const result = await run(process.execPath, [file], { cwd: folder, timeout: 30_000 })
      return result.ok && result.output.trim() === ""
        ? { ok: false, output: `${file} printed nothing` }
        : quiet(result)
    })
  ])
}

export const packages: Step = async (root) => {
  const temp = mkdtempSync(join(tmpdir(), "skein-pack-"))
  try {
    const tarballs: Array<string> = []
    const each = await inTurn(
      publishable(root).map((dir) => async () => {
        const packed = await pack(root, dir, temp)
        if (!packed.ok) return packed
        tarballs.push(packed.tarball)
        return inTurn([
          async () => quiet(await run("publint", ["run", packed.tarball, "--strict"], { cwd: root })),
          async () => quiet(await run("attw", [packed.tarball, "--profile", "esm-only"], { cwd: root }))
        ])
      })
    )
    if (!each.ok) return each
    const folder = join(temp, "smoke")
    const installed = await install(root, folder, tarballs)
    return installed.ok ? await smoke(root, folder) : installed
  } finally {
    rmSync(temp, { recursive: true, force: true })
  }
}
