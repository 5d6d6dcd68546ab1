/** What Skein adds to the size of a program. */
import { table } from "./text.ts"
import type { Bundle } from "../bundle.ts"

const kB = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`

const names: Readonly<Record<string, string>> = {
  effect: "run, fork and join with Effect alone",
  taskGroup: "run, fork and join with `TaskGroup`",
  own: "of that, Skein's own modules, the rest being parts of Effect",
  taskGroupIndex: "the same program, importing from the index `@skein/core`",
  effectLogging: "run, fork, join and log with Effect alone",
  taskGroupLogging: "run, fork, join and log with `TaskGroup`",
  core: "all of `@skein/core`"
}

const bundlers = ["rolldown", "esbuild"] as const
const goal = 4000

/** The goal as a line of the table of goals; the bundler that does worse counts. */
export const bundleGoal = (bundles: ReadonlyArray<Bundle>): ReadonlyArray<ReadonlyArray<string>> => {
  if (bundles.length === 0) return []
  const size = (entry: string, bundler: string) =>
    bundles.find((bundle) => bundle.entry === entry && bundle.bundler === bundler)!.gzipped
  const most = Math.max(...bundlers.map((bundler) => size("taskGroup", bundler) - size("effect", bundler)))
  return [
    [
      "Size of a bundle",
      `TaskGroup adds at most ${kB(goal)}, gzipped`,
      kB(most),
      most <= goal ? "holds" : "**does not hold**"
    ]
  ]
}

export const bundleSection = (bundles: ReadonlyArray<Bundle>): string => {
  if (bundles.length === 0) return ""
  const of = (entry: string, bundler: string): Bundle =>
    bundles.find((bundle) => bundle.entry === entry && bundle.bundler === bundler)!
  const added = (entry: string, without: string): ReadonlyArray<number> =>
    bundlers.map((bundler) => of(entry, bundler).gzipped - of(without, bundler).gzipped)
  const inWords = (sizes: ReadonlyArray<number>): string =>
    sizes.map((bytes, i) => `${kB(bytes)} with ${bundlers[i]}`).join(", ")
  const all = added("taskGroup", "effect")
  const lines = Object.entries(names).map(([entry, name]) => [
    name,
    ...bundlers.flatMap((bundler) => [kB(of(entry, bundler).minified), kB(of(entry, bundler).gzipped)])
  ])
  return [
    "## Size of a bundle",
    [
      `Minified, and minified and gzipped. A program that runs, forks and joins grows by ${inWords(all)}, gzipped.`,
      `Goal: at most ${kB(goal)}. ${all.every((bytes) => bytes <= goal) ? "Holds." : "**Does not hold.**"}`,
      "Part of it is Effect's logger, which `TaskGroup.run` needs for failures that its error does not show:",
      `a program that logs anyway grows by ${inWords(added("taskGroupLogging", "effectLogging"))}.`,
      "[Where the bytes go](adr/0006-bundle-size.md)."
    ].join(" "),
    table(["", "rolldown", "gzipped", "esbuild", "gzipped"], lines),
    "esbuild keeps the whole of a module that an index exports as a namespace, rolldown what is used: with esbuild, import from `@skein/core/TaskGroup` and the like."
  ].join("\n\n")
}
