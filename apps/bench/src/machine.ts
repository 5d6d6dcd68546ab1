/** On what it was measured: a number without this says nothing. */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { cpus, totalmem } from "node:os"

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGb: number
  readonly system: string
  readonly versions: Readonly<Record<string, string>>
}

const peers = [
  "effect",
  "effection",
  "p-limit",
  "p-queue",
  "async-sema",
  "async-mutex",
  "piscina",
  "rolldown",
  "esbuild"
]

const versionOf = (name: string): string =>
  (
    JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), "utf8")) as {
      readonly version: string
    }
  ).version

const ask = (command: string, ...args: ReadonlyArray<string>): string | undefined => {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()
  } catch {
    return undefined
  }
}

/** What Python offers here, with versions. */
export const pythons = (): Readonly<Record<string, string>> => {
  const version = ask(
    "python3",
    "-c",
    "import asyncio, sys; asyncio.TaskGroup; print(sys.version.split()[0])"
  )
  if (version === undefined) return {}
  const trio = ask("python3", "-c", "import trio; print(trio.__version__)")
  return { asyncio: version, ...(trio !== undefined && { trio }) }
}

export const describeMachine = (): Machine => ({
  processor: cpus()[0]?.model.trim() ?? "unknown",
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  system: `${process.platform} ${process.arch}`,
  versions: {
    node: process.versions.node,
    ...Object.fromEntries(peers.map((name) => [name, versionOf(name)])),
    ...pythons()
  }
})

const ticks = (): { readonly idle: number; readonly all: number } => {
  const times = cpus().map((cpu) => cpu.times)
  const idle = times.reduce((sum, time) => sum + time.idle, 0)
  return { idle, all: times.reduce((sum, t) => sum + t.idle + t.user + t.nice + t.sys + t.irq, 0) }
}

/** How many processors have other work just now, found by doing nothing for a moment. */
export const busy = async (): Promise<number> => {
  const before = ticks()
  await new Promise((resolve) => setTimeout(resolve, 500))
  const after = ticks()
  const part = 1 - (after.idle - before.idle) / Math.max(1, after.all - before.all)
  return Number((part * cpus().length).toFixed(2))
}

const loop = (): number => {
  const began = performance.now()
  const seen = new Map<number, { readonly at: number }>()
  let x = 1
  for (let i = 0; i < 1_000_000; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0
    if ((i & 7) === 0) seen.set(x & 0xfff, { at: x })
  }
  return performance.now() - began
}

/** Milliseconds of the same loop each time: how fast the machine itself is just now. */
export const loopMs = (): number => {
  // The first turns are V8's.
  const times = Array.from({ length: 8 }, loop)
  return Number(Math.min(...times.slice(3)).toFixed(2))
}
