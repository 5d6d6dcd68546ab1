/** Measures, shows each result as soon as it is there, and writes docs/benchmarks.md at the end; `--help` says how. */
import { BadArgument, parseCommand, usage } from "./args.ts"
import type { Args } from "./args.ts"
import { busy, describeMachine, loopMs, pythons } from "./machine.ts"
import { measure } from "./measure.ts"
import { ids, load } from "./plan.ts"
import { publish, publishedOrigin, rewrite } from "./publish.ts"
import { compare, describe, isRegression } from "./report/compare.ts"
import { toRows } from "./results.ts"
import type { Row } from "./results.ts"
import type { Work } from "./work.ts"

const say = (line: string): void => void process.stderr.write(`${line}\n`)

const fail = (message: string): never => {
  say(message)
  process.exit(2)
}

const understood = (): Args => {
  try {
    return parseCommand(process.argv.slice(2))
  } catch (error) {
    if (error instanceof BadArgument) return fail(error.message)
    throw error
  }
}

const args = understood()

// On the way out whoever measures is ended too; nothing has been written before the last step.
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129]
] as const) {
  process.on(signal, () => process.exit(code))
}
// `pnpm bench --json | head`
process.stdout.on("error", () => process.exit(0))

const show = (row: Row): void => {
  if (args.json) return void process.stdout.write(`${JSON.stringify(row)}\n`)
  const figure = row.bytes === undefined ? `${row.cpuUs.toFixed(2)} µs` : `${row.bytes} B`
  const ratios = [
    row.ratioToFloor === undefined ? "" : `${row.ratioToFloor.toFixed(2)}x floor`,
    row.ratioToEffect === undefined ? "" : `${row.ratioToEffect.toFixed(2)}x Effect`
  ]
  console.log(`  ${row.system.padEnd(28)}${figure.padStart(12)}  ${ratios.join("  ")}`)
}

const head = (line: string): void => {
  if (!args.json) console.log(line)
}

const rows: Array<Row> = []
const python = new Set(Object.keys(pythons()))

/** One more n tells growth from noise no better: a run that would take longer than this is left out. */
const longest = 15_000_000

const measureOne = async (work: Work): Promise<void> => {
  const before = await busy()
  const loopBefore = loopMs()
  head(work.title)
  const common = { python, say }
  const add = (extra: Parameters<typeof toRows>[2], measured: Awaited<ReturnType<typeof measure>>) => {
    for (const row of toRows(work, measured, extra)) {
      rows.push(row)
      show(row)
    }
  }
  const measured = await measure(work, { ...common, rounds: args.rounds, scale: 1 })
  const around = { load: Math.max(before, await busy()), loopMs: Math.max(loopBefore, loopMs()) }
  add(around, measured)
  if (args.full && work.scales === true) {
    const slow = new Set<string>()
    let last = measured
    for (const scale of [2, 4]) {
      head(`  with ${scale} times the ${work.unit}s`)
      // Growth with the square of n is to be seen, not to be waited for.
      for (const { n, samples, system } of last) {
        if (4 * n * Math.max(...samples.map((sample) => sample.wallUs)) > longest) slow.add(system)
      }
      last = await measure(work, { ...common, rounds: 3, scale, without: slow })
      add({ ...around, scale }, last)
    }
  }
  if (args.full && work.collected === true) {
    head("  with a collection forced before each round")
    add(
      { ...around, collected: true },
      await measure(work, { ...common, rounds: args.rounds, scale: 1, collect: true })
    )
  }
}

if (args.help) {
  console.log(usage)
} else if (args.page) {
  await rewrite(publishedOrigin() ?? fail("there are no results yet; run pnpm bench"))
  console.log("docs/benchmarks.md and its charts are written")
} else {
  const writes = !args.json && args.earlier === undefined
  const machine = describeMachine()
  const published = publishedOrigin()
  const partly = args.only !== undefined
  if (writes && partly && published !== undefined) {
    if (JSON.stringify(published.machine) !== JSON.stringify(machine))
      fail(
        "the page is of another machine or other versions: run pnpm bench for all of it, or --json for these"
      )
  }
  const works = await Promise.all((args.only ?? ids).map(load))
  for (const work of works) {
    if (partly || args.full || work.essential === true) await measureOne(work)
  }
  if (writes) {
    const command = ["pnpm bench", ...process.argv.slice(2)].join(" ")
    await publish(rows, { command, machine, partly })
    console.log("docs/benchmarks.md and its charts are written")
  }
  if (args.earlier !== undefined) {
    const changes = compare(args.earlier, rows)
    const report = args.json ? say : (line: string) => console.log(line)
    for (const change of changes) report(describe(change))
    if (changes.length === 0) report("nothing in common to compare")
    if (changes.some(isRegression)) process.exitCode = 1
  }
}
