/**
 * `pnpm explore`: every explored program of this folder under as many schedules as you like, and a table at the end.
 *
 *     pnpm explore --schedules 10000 --only Pool
 *
 * The schedules of a primitive are shared out among its programs and their modes.
 */
import { parseArgs } from "node:util"

import { Explore } from "@skein/testing"
import { Effect, Result } from "effect"

import { programs } from "./all.ts"
import { modesOf, optionsOf, primitiveOf } from "./program.ts"
import type { Explored, Mode } from "./program.ts"

interface Row {
  readonly primitive: string
  readonly mode: Mode
  readonly programs: number
  readonly schedules: number
  readonly distinct: number
  readonly interruptions: number
  readonly problems: number
  readonly seconds: number
}

const fail = (message: string): never => {
  console.error(message)
  process.exit(2)
}

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
  options: { schedules: { type: "string", default: "1000000" }, only: { type: "string", default: "" } }
})
const schedules = Number(values.schedules)
if (!Number.isInteger(schedules) || schedules < 1) {
  fail(`--schedules must be an integer >= 1, got ${values.schedules}`)
}
const wanted = values.only.toLowerCase()
const chosen = programs.filter((explored) => explored.name.toLowerCase().includes(wanted))
if (chosen.length === 0) fail(`--only ${values.only}: no program has this in its name`)

/** Of each program in each mode. */
const each = (own: ReadonlyArray<Explored>): number =>
  Math.ceil(schedules / own.reduce((runs, explored) => runs + modesOf(explored).length, 0))

const exploreAll = async (
  primitive: string,
  mode: Mode,
  own: ReadonlyArray<Explored>,
  each: number
): Promise<Row> => {
  const began = performance.now()
  const row = {
    primitive,
    mode,
    programs: own.length,
    schedules: 0,
    distinct: 0,
    interruptions: 0,
    problems: 0
  }
  for (const explored of own) {
    const run = Explore.run(explored.program, optionsOf(explored, mode, each))
    const result = await Effect.runPromise(Effect.result(run))
    if (Result.isFailure(result)) {
      row.problems++
      row.schedules += result.failure.schedules
      console.log(`\n${explored.name} (${mode})\n\n${result.failure.message}\n`)
    } else {
      row.schedules += result.success.schedules
      row.distinct += result.success.distinct
      row.interruptions += result.success.interruptions
    }
  }
  return { ...row, seconds: (performance.now() - began) / 1000 }
}

const rows: Array<Row> = []
const primitives = [...new Set(chosen.map(primitiveOf))]
for (const primitive of primitives) {
  const all = chosen.filter((one) => primitiveOf(one) === primitive)
  for (const mode of ["resumes", "ops"] as const) {
    const own = all.filter((one) => modesOf(one).includes(mode))
    if (own.length === 0) continue
    const row = await exploreAll(primitive, mode, own, each(all))
    rows.push(row)
    console.error(`${primitive} ${mode}: ${count(row.schedules)} schedules, ${row.seconds.toFixed(1)} s`)
  }
}

function count(n: number): string {
  return n.toLocaleString("en-US")
}

const total = (pick: (row: Row) => number): number => rows.reduce((sum, row) => sum + pick(row), 0)
const cellsOf = (row: Omit<Row, "mode"> & { readonly mode: string }): ReadonlyArray<string> => [
  row.primitive,
  row.mode,
  ...[row.programs, row.schedules, row.distinct, row.interruptions, row.problems].map(count),
  row.seconds.toFixed(1)
]
const line = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`
const heads = [
  "primitive",
  "mode",
  "programs",
  "schedules",
  "distinct",
  "interruptions",
  "problems",
  "seconds"
]
const problems = total((row) => row.problems)

console.log(line(heads))
console.log(`|${heads.map((_, i) => (i < 2 ? "---" : "---:")).join("|")}|`)
for (const row of rows) console.log(line(cellsOf(row)))
console.log(
  line(
    cellsOf({
      primitive: "all",
      mode: "",
      programs: total((row) => row.programs),
      schedules: total((row) => row.schedules),
      distinct: total((row) => row.distinct),
      interruptions: total((row) => row.interruptions),
      problems,
      seconds: total((row) => row.seconds)
    })
  )
)
if (problems > 0) process.exitCode = 1
