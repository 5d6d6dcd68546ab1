/** The page, its charts and its data: all made first, then each file put in its place in one step. */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

import { bundles } from "./bundle.ts"
import type { Bundle } from "./bundle.ts"
import type { Machine } from "./machine.ts"
import { ids, load } from "./plan.ts"
import { chart } from "./report/chart.ts"
import { hasChart, page } from "./report/page.ts"
import { isMain, merge, parse } from "./results.ts"
import type { Row } from "./results.ts"

/** Where the numbers are from. */
export interface Origin {
  readonly machine: Machine
  readonly commands: ReadonlyArray<string>
  readonly bundles: ReadonlyArray<Bundle>
}

const docs = fileURLToPath(new URL("../../../docs/", import.meta.url))
const folder = `${docs}benchmarks/`
const data = `${folder}results.jsonl`
const origin = `${folder}origin.jsonl`

export const publishedOrigin = (): Origin | undefined =>
  existsSync(origin) && existsSync(data) ? (JSON.parse(readFileSync(origin, "utf8")) as Origin) : undefined

const put = (files: ReadonlyMap<string, string>): void => {
  mkdirSync(folder, { recursive: true })
  for (const [path, text] of files) writeFileSync(`${path}.new`, text)
  for (const path of files.keys()) renameSync(`${path}.new`, path)
}

const write = async (rows: ReadonlyArray<Row>, from: Origin): Promise<void> => {
  const works = await Promise.all(ids.filter((id) => rows.some((row) => row.work === id)).map(load))
  const files = new Map<string, string>()
  for (const work of works) {
    const mine = rows.filter((row) => row.work === work.id && isMain(row))
    if (hasChart(mine)) files.set(`${folder}${work.id}.svg`, await chart(work, mine))
  }
  files.set(data, rows.map((row) => `${JSON.stringify(row)}\n`).join(""))
  files.set(origin, `${JSON.stringify(from)}\n`)
  files.set(`${docs}benchmarks.md`, page({ works, rows, ...from }))
  put(files)
  for (const name of readdirSync(folder)) {
    if (name.endsWith(".svg") && !files.has(`${folder}${name}`)) rmSync(`${folder}${name}`)
  }
}

/** The rows of a run of all works replace all; those of some works are put beside what is there. */
export const publish = async (
  rows: ReadonlyArray<Row>,
  {
    command,
    machine,
    partly
  }: { readonly command: string; readonly machine: Machine; readonly partly: boolean }
): Promise<void> => {
  const before = partly ? publishedOrigin() : undefined
  const all = before === undefined ? rows : merge(parse(readFileSync(data, "utf8")), rows)
  await write(all, {
    machine,
    commands: [...new Set([...(before?.commands ?? []), command])],
    bundles: await bundles()
  })
}

/** The page again, from its data. */
export const rewrite = async (from: Origin): Promise<void> => write(parse(readFileSync(data, "utf8")), from)
