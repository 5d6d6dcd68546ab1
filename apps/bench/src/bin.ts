/**
 * `pnpm bench`: the essential works, in under five minutes. `--full`: all, with growth. `--only id,id`: some. `--json`: a
 * line of JSON for each result and nothing written. `--page`: nothing measured, the page is written from the data. `--compare file`: what has changed since; exit code 1 for a regression.
 * `--rounds n`: more rounds, less noise.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

import { bundles } from "./bundle.ts"
import { describeMachine, pythons, load as busy } from "./machine.ts"
import { measure } from "./measure.ts"
import { ids, load } from "./plan.ts"
import { chart } from "./report/chart.ts"
import { compare, describe, isRegression } from "./report/compare.ts"
import { page } from "./report/page.ts"
import { merge, parse, toRows } from "./results.ts"
import type { Row } from "./results.ts"
import type { Work } from "./work.ts"

const { values } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    only: { type: "string" },
    json: { type: "boolean", default: false },
    page: { type: "boolean", default: false },
    compare: { type: "string" },
    rounds: { type: "string" }
  }
})

const say = (line: string): void => void process.stderr.write(`${line}\n`)

const fail = (message: string): never => {
  say(message)
  process.exit(2)
}

const selected = async (): Promise<ReadonlyArray<Work>> => {
  if (values.page) return []
  const wanted = values.only?.split(",")
  const unknown = wanted?.filter((id) => !ids.includes(id)) ?? []
  if (unknown.length > 0) fail(`no work ${unknown.join(", ")}; there are ${ids.join(", ")}`)
  const works = await Promise.all((wanted ?? ids).map(load))
  return wanted !== undefined || values.full ? works : works.filter((work) => work.essential === true)
}

const rounds = values.rounds === undefined ? (values.full ? 9 : 5) : Number(values.rounds)
if (!(Number.isInteger(rounds) && rounds >= 1)) fail(`--rounds must be an integer >= 1, got ${values.rounds}`)
const earlier = values.compare === undefined ? [] : parse(readFileSync(values.compare, "utf8"))

const works = await selected()
const python = new Set(Object.keys(pythons()))
const rows: Array<Row> = []
const show = (row: Row): void => {
  if (values.json) return void process.stdout.write(`${JSON.stringify(row)}\n`)
  const figure = row.bytes === undefined ? `${row.cpuUs.toFixed(2)} µs` : `${row.bytes} B`
  const ratios = [
    row.ratioToFloor === undefined ? "" : `${row.ratioToFloor.toFixed(2)}x floor`,
    row.ratioToEffect === undefined ? "" : `${row.ratioToEffect.toFixed(2)}x Effect`
  ]
  console.log(`  ${row.system.padEnd(26)}${figure.padStart(12)}  ${ratios.join("  ")}`)
}

for (const work of works) {
  const scales = values.full && work.scales === true ? [1, 2, 4] : [1]
  const load = busy()
  if (!values.json) console.log(`${work.title} (load of the machine: ${load.toFixed(1)})`)
  for (const scale of scales) {
    const measured = await measure(work, { rounds: scale === 1 ? rounds : 3, scale, python, say })
    // A system that stays at its own n is no news at the larger ones.
    const fresh = scale === 1 ? measured : measured.filter((one) => one.n === work.n * scale)
    if (scale > 1 && !values.json) console.log(`  n ${work.n * scale}`)
    for (const row of toRows(work, fresh, load)) {
      rows.push(row)
      show(row)
    }
  }
}

if (!values.json) {
  const docs = fileURLToPath(new URL("../../../docs/", import.meta.url))
  const data = `${docs}benchmarks/results.jsonl`
  mkdirSync(`${docs}benchmarks`, { recursive: true })
  const all = merge(existsSync(data) ? parse(readFileSync(data, "utf8")) : [], rows)
  const known = await Promise.all(ids.filter((id) => all.some((row) => row.work === id)).map(load))
  writeFileSync(data, all.map((row) => `${JSON.stringify(row)}\n`).join(""))
  for (const work of known) {
    const mine = all.filter((row) => row.work === work.id && row.n <= work.n)
    writeFileSync(`${docs}benchmarks/${work.id}.svg`, await chart(work, mine))
  }
  const command = values.page ? "pnpm bench" : ["pnpm bench", ...process.argv.slice(2)].join(" ")
  writeFileSync(
    `${docs}benchmarks.md`,
    page({ works: known, rows: all, bundles: await bundles(), machine: describeMachine(), command })
  )
  console.log("docs/benchmarks.md and its charts are written")
}

const changes = compare(earlier, rows)
for (const change of changes) console.log(describe(change))
if (changes.some(isRegression)) process.exitCode = 1
