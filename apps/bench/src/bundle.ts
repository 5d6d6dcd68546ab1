/** What the library adds to a program that is shipped to a browser: minified and gzipped, by two bundlers. */
import { gzipSync } from "node:zlib"
import { fileURLToPath } from "node:url"

import * as esbuild from "esbuild"
import { build } from "rolldown"

export interface Bundle {
  readonly entry: string
  readonly bundler: "rolldown" | "esbuild"
  readonly minified: number
  readonly gzipped: number
}

/** Programs in `fixtures/`. */
export const entries = [
  "effect",
  "taskGroup",
  "taskGroupIndex",
  "effectLogging",
  "taskGroupLogging",
  "core"
] as const

const file = (entry: string): string =>
  fileURLToPath(new URL(`./fixtures/${entry}.bundle.ts`, import.meta.url))

const size = (code: string | Uint8Array) => ({
  minified: code.length,
  gzipped: gzipSync(code, { level: 9 }).length
})

/** Of a program with `TaskGroup`, what is Skein's own; the rest are parts of Effect that it needs besides. */
export const own = "own"

const byRolldown = async (entry: string, alone = false): Promise<Bundle> => {
  const { output } = await build({
    input: file(entry),
    ...(alone && { external: /^effect\// }),
    platform: "browser",
    write: false,
    logLevel: "silent",
    output: { format: "esm", minify: true }
  })
  const code = output.map((chunk) => (chunk.type === "chunk" ? chunk.code : "")).join("")
  return { entry: alone ? own : entry, bundler: "rolldown", ...size(Buffer.from(code)) }
}

const byEsbuild = async (entry: string, alone = false): Promise<Bundle> => {
  const { outputFiles } = await esbuild.build({
    entryPoints: [file(entry)],
    ...(alone && { external: ["effect/*"] }),
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "silent"
  })
  return { entry: alone ? own : entry, bundler: "esbuild", ...size(outputFiles[0]!.contents) }
}

/** Skein's modules of which something is in the program, below `packages/core/src`. */
export const modulesIn = async (entry: string): Promise<ReadonlyArray<string>> => {
  const { output } = await build({
    input: file(entry),
    platform: "browser",
    write: false,
    logLevel: "silent"
  })
  const modules = output.flatMap((chunk) => (chunk.type === "chunk" ? Object.entries(chunk.modules) : []))
  return modules
    .filter(([, rendered]) => rendered.renderedLength > 0)
    .flatMap(([id]) => id.replaceAll("\\", "/").split("/packages/core/src/").slice(1))
    .sort()
}

export const bundles = async (): Promise<ReadonlyArray<Bundle>> => {
  const all: Array<Bundle> = []
  for (const entry of entries) all.push(await byRolldown(entry), await byEsbuild(entry))
  all.push(await byRolldown("taskGroup", true), await byEsbuild("taskGroup", true))
  return all
}
