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

export const entries = ["effect", "taskGroup", "core"] as const

const file = (entry: string): string =>
  fileURLToPath(new URL(`./fixtures/${entry}.bundle.ts`, import.meta.url))

const size = (code: string | Uint8Array) => ({
  minified: code.length,
  gzipped: gzipSync(code, { level: 9 }).length
})

const byRolldown = async (entry: string): Promise<Bundle> => {
  const { output } = await build({
    input: file(entry),
    platform: "browser",
    write: false,
    logLevel: "silent",
    output: { format: "esm", minify: true }
  })
  const code = output.map((chunk) => (chunk.type === "chunk" ? chunk.code : "")).join("")
  return { entry, bundler: "rolldown", ...size(Buffer.from(code)) }
}

const byEsbuild = async (entry: string): Promise<Bundle> => {
  const { outputFiles } = await esbuild.build({
    entryPoints: [file(entry)],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "silent"
  })
  return { entry, bundler: "esbuild", ...size(outputFiles[0]!.contents) }
}

export const bundles = async (): Promise<ReadonlyArray<Bundle>> => {
  const all: Array<Bundle> = []
  for (const entry of entries) all.push(await byRolldown(entry), await byEsbuild(entry))
  return all
}
