/** What was asked for on the command line; what makes no sense is one line and exit code 2. */
import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { parseArgs } from "node:util"

import { ids } from "./plan.ts"
import { parse } from "./results.ts"
import type { Row } from "./results.ts"

export const usage = `pnpm bench                    the essential works, in under five minutes; writes docs/benchmarks.md
pnpm bench --full             all works, more rounds, growth, and what forced collections do
pnpm bench --only id,id       these works; with --full also their growth
pnpm bench --rounds n         more rounds, less noise
pnpm bench --json             a line of JSON for each result, nothing written
pnpm bench --compare file     what has changed since; nothing written, exit code 1 for a regression
pnpm bench --page             nothing measured: the page again, from its data

works: ${ids.join(", ")}`

export interface Args {
  readonly full: boolean
  readonly json: boolean
  readonly page: boolean
  readonly help: boolean
  readonly only: ReadonlyArray<string> | undefined
  readonly rounds: number
  readonly earlier: ReadonlyArray<Row> | undefined
}

export class BadArgument extends Error {}

const bad = (message: string): never => {
  throw new BadArgument(message)
}

const options = {
  full: { type: "boolean", default: false },
  only: { type: "string" },
  json: { type: "boolean", default: false },
  page: { type: "boolean", default: false },
  help: { type: "boolean", default: false, short: "h" },
  compare: { type: "string" },
  rounds: { type: "string" }
} as const

const split = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    return bad((error as Error).message.split(". ")[0]!)
  }
}

const worksOf = (list: string): ReadonlyArray<string> => {
  const wanted = [...new Set(list.split(",").map((id) => id.trim()))]
  const unknown = wanted.filter((id) => !ids.includes(id))
  if (unknown.length > 0)
    bad(`--only: no work ${unknown.map((id) => `"${id}"`).join(", ")}; there are ${ids.join(", ")}`)
  return ids.filter((id) => wanted.includes(id))
}

const earlierRows = (file: string, works: ReadonlyArray<string> | undefined): ReadonlyArray<Row> => {
  // The folder in which somebody typed the command, where a package manager has changed it.
  const path = [process.env["INIT_CWD"] ?? ".", "."].map((folder) => resolve(folder, file)).find(existsSync)
  if (path === undefined) return bad(`--compare: no file ${file}`)
  let rows: ReadonlyArray<Row> = []
  try {
    rows = parse(readFileSync(path, "utf8"))
  } catch (error) {
    bad(`--compare: cannot read ${file}: ${(error as Error).message}`)
  }
  const known = rows.filter((row) => ids.includes(row.work) && typeof row.cpuUs === "number")
  if (known.length === 0) bad(`--compare: ${file} has no results; it takes what --json prints`)
  if (works !== undefined && !known.some((row) => works.includes(row.work)))
    bad(`--compare: ${file} has no results of ${works.join(", ")}`)
  return known
}

export const parseCommand = (args: ReadonlyArray<string>): Args => {
  // `pnpm bench -- --full` hands the dashes on.
  const values = split(args[0] === "--" ? args.slice(1) : args)
  const rounds = values.rounds === undefined ? (values.full ? 9 : 4) : Number(values.rounds)
  if (!(Number.isInteger(rounds) && rounds >= 1))
    bad(`--rounds must be an integer >= 1, got ${values.rounds}`)
  const others = Object.keys(options).filter(
    (name) => name !== "page" && values[name as keyof typeof options] !== undefined
  )
  const asked = others.filter((name) => values[name as keyof typeof options] !== false)
  if (values.page && asked.length > 0) bad(`--page measures nothing, so it cannot be with --${asked[0]}`)
  const only = values.only === undefined ? undefined : worksOf(values.only)
  return {
    full: values.full,
    json: values.json,
    page: values.page,
    help: values.help,
    only,
    rounds,
    earlier: values.compare === undefined ? undefined : earlierRows(values.compare, only)
  }
}
