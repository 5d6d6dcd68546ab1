/**
 * Type-checks and runs the TypeScript in README and docs. A block fenced as `ts` is a whole program: it must end by itself
 * with exit code 0, and where the next block is fenced as `output`, print just that. `ts no-run` is type-checked only.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { inTurn, run } from "../lib/run.ts"
import type { Result, Step } from "../lib/run.ts"
import { packagesIn, read, walk } from "../lib/source.ts"

export interface Snippet {
  readonly file: string
  readonly line: number
  readonly code: string
  readonly runs: boolean
  readonly output: string | undefined
}

const fence = /^```([^\n`]*)\n([\s\S]*?)^```$/gm

/** The TypeScript blocks of a Markdown text, with the output that is promised for them. */
export const snippetsOf = (file: string, text: string): ReadonlyArray<Snippet> => {
  const blocks = [...text.matchAll(fence)].map((match) => ({
    info: match[1]!.trim(),
    code: match[2]!,
    line: text.slice(0, match.index).split("\n").length
  }))
  return blocks.flatMap(({ code, info, line }, i) => {
    if (info !== "ts" && info !== "ts no-run") return []
    const next = blocks[i + 1]
    return [
      { file, line, code, runs: info === "ts", output: next?.info === "output" ? next.code : undefined }
    ]
  })
}

/** Written by hand; `cookbook.md` is assembled from examples, which are run as tests. */
const documents = (root: string): ReadonlyArray<string> =>
  [
    "README.md",
    "CONTRIBUTING.md",
    ...packagesIn(root, "packages").flatMap((dir) => walk(root, dir, /^[^/]+\/[^/]+\/README\.md$/)),
    ...walk(root, "docs", /\.md$/)
  ].filter((file) => file !== "docs/cookbook.md")

const execute = async (folder: string, name: string, snippet: Snippet): Promise<Result> => {
  const where = `${snippet.file}:${snippet.line}`
  const result = await run(process.execPath, [name], { cwd: folder, timeout: 30_000 })
  if (!result.ok) return { ok: false, output: `${where}: the program failed\n${result.output}` }
  if (snippet.output === undefined || snippet.output.trimEnd() === result.output.trimEnd())
    return { ok: true, output: "" }
  return { ok: false, output: `${where}: promised\n${snippet.output}\nprinted\n${result.output}` }
}

const config = {
  extends: "../../tsconfig.base.json",
  compilerOptions: {
    composite: false,
    noEmit: true,
    declaration: false,
    declarationMap: false,
    noUnusedLocals: false,
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: false
  },
  include: ["*.ts"]
}

/** Checks and runs these snippets in a folder of this workspace, so that its packages are found. */
export const checkSnippets = async (root: string, all: ReadonlyArray<Snippet>): Promise<Result> => {
  if (all.length === 0) return { ok: true, output: "" }
  const folder = join(root, `.ci/.snippets-${process.pid}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  try {
    const named = all.map((snippet) => ({
      name: `${snippet.file.replace(/\W+/g, "-")}-${snippet.line}.ts`,
      snippet
    }))
    for (const { name, snippet } of named) writeFileSync(join(folder, name), snippet.code)
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
    const typed = await run("tsc", ["-p", "."], { cwd: folder })
    const ran = await inTurn(
      named.filter((s) => s.snippet.runs).map((s) => () => execute(folder, s.name, s.snippet))
    )
    return { ok: typed.ok && ran.ok, output: `${typed.output}${ran.output}` }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const snippets: Step = (root) =>
  checkSnippets(
    root,
    documents(root).flatMap((file) => snippetsOf(file, read(root, file)))
  )
