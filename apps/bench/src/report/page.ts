/** docs/benchmarks.md: a table per work, the goals and whether they hold, and who wins where. */
import { bundleGoal, bundleSection } from "./bundles.ts"
import { collectionSection } from "./collection.ts"
import { growthTable } from "./growth.ts"
import { figure, isSkein, number, table, times } from "./text.ts"
import type { Bundle } from "../bundle.ts"
import type { Machine } from "../machine.ts"
import { isMain, median } from "../results.ts"
import type { Row } from "../results.ts"
import type { Goal, Work } from "../work.ts"

export interface Input {
  readonly works: ReadonlyArray<Work>
  readonly rows: ReadonlyArray<Row>
  readonly bundles: ReadonlyArray<Bundle>
  readonly machine: Machine
  readonly commands: ReadonlyArray<string>
}

const main = (work: Work, rows: ReadonlyArray<Row>): ReadonlyArray<Row> =>
  rows.filter((row) => row.work === work.id && isMain(row))

export interface Verdict {
  readonly goal: Goal
  /** The goal, and what was measured, in words. */
  readonly text: string
  readonly measured: string
  readonly holds: boolean
}

export const verdicts = (work: Work, rows: ReadonlyArray<Row>): ReadonlyArray<Verdict> => {
  const mine = main(work, rows)
  return (work.goals ?? []).flatMap((goal): ReadonlyArray<Verdict> => {
    const of = mine.find((row) => row.system === goal.system)
    if (of === undefined) return []
    if ("bytes" in goal) {
      const bytes = figure(of)
      const text = `at most ${number(goal.bytes)} bytes`
      return [{ goal, text, measured: `${number(bytes)} bytes`, holds: bytes <= goal.bytes }]
    }
    const to = mine.find((row) => row.system === goal.against)
    if (to === undefined) return []
    const paired =
      goal.against === work.floor
        ? of.ratioToFloor
        : goal.against === work.effect
          ? of.ratioToEffect
          : undefined
    const ratio = paired ?? figure(of) / figure(to)
    const text = `at most ${goal.ratio} times ${goal.against}`
    return [{ goal, text, measured: times(ratio), holds: ratio <= goal.ratio * 1.005 }]
  })
}

/** Peers that are faster (or smaller) than the best of Skein's rows. */
export const winners = (work: Work, rows: ReadonlyArray<Row>): ReadonlyArray<Row> => {
  const mine = main(work, rows)
  const best = Math.min(...mine.filter(isSkein).map(figure))
  return mine.filter((row) => !isSkein(row) && row.system !== "floor" && figure(row) < best)
}

/** One bar alone says nothing. */
export const hasChart = (rows: ReadonlyArray<Row>): boolean => rows.length > 1

const section = (work: Work, rows: ReadonlyArray<Row>): string => {
  const mine = main(work, rows).toSorted((a, b) => figure(a) - figure(b))
  if (mine.length === 0) return ""
  const columns = [
    { name: "", cell: (row: Row) => (isSkein(row) ? `**${row.system}**` : row.system) },
    { name: "n", cell: (row: Row) => number(row.n) },
    ...(work.memory === true
      ? [
          {
            name: `bytes per ${work.unit}`,
            cell: (row: Row) => (row.bytes === undefined ? "" : number(row.bytes))
          }
        ]
      : [
          { name: "CPU µs", cell: (row: Row) => String(row.cpuUs) },
          { name: "wall µs", cell: (row: Row) => String(row.wallUs) }
        ]),
    { name: "±", cell: (row: Row) => `${Math.round(row.spread * 100)}%` },
    ...(work.floor === undefined ? [] : [{ name: "to floor", cell: (row: Row) => times(row.ratioToFloor) }]),
    ...(work.effect === undefined
      ? []
      : [{ name: `to ${work.effect}`, cell: (row: Row) => times(row.ratioToEffect) }]),
    { name: "remark", cell: (row: Row) => row.note ?? "" }
  ]
  const growth = growthTable(work, rows)
  const goals = verdicts(work, rows).map(
    ({ goal, holds, measured, text }) =>
      `Goal for ${goal.system}: ${text}. ${holds ? "Holds" : "**Does not hold**"}: ${measured}.`
  )
  const better = winners(work, rows).map((row) => row.system)
  const honest = better.length === 0 ? "" : `Cheaper than Skein here: ${better.join(", ")}.`
  return [
    `## ${work.title}`,
    [work.description, work.remarks].filter(Boolean).join(" "),
    [...goals, honest].filter(Boolean).join(" "),
    hasChart(mine) ? `![${work.title}](benchmarks/${work.id}.svg)` : "",
    table(
      columns.map((column) => column.name),
      mine.map((row) => columns.map((column) => column.cell(row)))
    ),
    growth
  ]
    .filter(Boolean)
    .join("\n\n")
}

const busy = (rows: ReadonlyArray<Row>): string => {
  const loads = rows.flatMap((row) => (row.load === undefined ? [] : [row.load]))
  const most = Math.max(0, ...loads)
  return most < 0.5
    ? "The machine had no other work."
    : `**The machine had other work meanwhile** (${median(loads).toFixed(1)} processors were busy with it, at times ${most.toFixed(1)}): the microseconds are too high, and ratios near 1 are uncertain.`
}

/** Virtual machines change their speed with what their neighbours do. */
const speed = (rows: ReadonlyArray<Row>): string => {
  const loops = rows.flatMap((row) => (row.loopMs === undefined ? [] : [row.loopMs]))
  if (loops.length === 0) return ""
  const best = Math.min(...loops)
  const worst = Math.max(...loops)
  return worst < 1.2 * best
    ? ""
    : `**It did not always run at the same speed**: a loop that is always the same took ${best.toFixed(1)} to ${worst.toFixed(1)} ms, so microseconds of different tables cannot be compared.`
}

export const page = ({ bundles, commands, machine, rows, works }: Input): string => {
  const judged = works.flatMap((work) => verdicts(work, rows).map((verdict) => ({ work, verdict })))
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`)
  return [
    "# Benchmarks",
    "<!-- Written by `pnpm bench`. -->",
    [
      `Measured on ${machine.processor}, ${machine.cores} processors, ${machine.memoryGb} GB, ${machine.system}, with ${commands.map((command) => `\`${command}\``).join(", then ")}.`,
      `Versions: ${versions.join(", ")}.`,
      busy(rows),
      speed(rows)
    ]
      .filter(Boolean)
      .join(" ")
      .trim(),
    [
      "CPU time per operation counts, garbage collection and helper threads included; wall time stands beside it. Each system runs in a process of its own and is warmed up;",
      "then the systems take turns, round by round. Shown are medians, ± is half the distance between the quartiles, and ratios are medians of the ratios of the same rounds.",
      "*n* is the number of operations in a round; slow systems get by with fewer.",
      "*Floor* is what Effect's fibers cost with no owner at all: started by `Effect.runForkWith`, one observer for all. Compare ratios, not microseconds: machines differ."
    ].join(" "),
    "A round is an untimed run of the work and, right after it, a timed one (those that last longer than a second are timed at once). No garbage collection is forced between them, for any system: what a run leaves behind is collected in the next, as in any program. Only bytes are measured between two forced collections. Node runs with `--initial-old-space-size=512`: with a small heap, whether V8 collects all in the middle of a run, after which half of what follows survives, is luck that doubles the time of any system here.",
    "The numbers as data: [benchmarks/results.jsonl](benchmarks/results.jsonl). `pnpm bench --compare docs/benchmarks/results.jsonl` shows what has changed since; `pnpm bench --help` the rest.",
    "## Goals",
    table(
      ["work", "goal", "measured", ""],
      [
        ...judged.map(({ verdict, work }) => [
          work.title,
          `${verdict.goal.system}: ${verdict.text}`,
          verdict.measured,
          verdict.holds ? "holds" : "**does not hold**"
        ]),
        ...bundleGoal(bundles)
      ]
    ),
    ...works.map((work) => section(work, rows)).filter(Boolean),
    bundleSection(bundles),
    collectionSection(works, rows)
  ]
    .filter(Boolean)
    .join("\n\n")
    .concat("\n")
}
