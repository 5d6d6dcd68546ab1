/**
 * One measurement in a process of its own: `node --expose-gc child.ts <work> <system> <n> [collect] [quick]`. Warms up, says so, and
 * then has a turn for each line on stdin, so that the turns of several processes can alternate.
 */
import { createInterface } from "node:readline"

import { load } from "./plan.ts"
import type { Sample } from "./results.ts"
import type { Timer } from "./work.ts"

const [id, name, count, ...modes] = process.argv.slice(2) as [string, string, string, ...Array<string>]
const n = Number(count)
const work = await load(id)
const round = work.systems[name]?.round
if (round === undefined) throw new Error(`${id}: no system "${name}"`)

const lines = createInterface({ input: process.stdin })
// Whoever asked is gone: nobody wants the answer.
lines.once("close", () => process.exit(0))

const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`)

/** Milliseconds the last run took in all, what is not timed included. */
let lasted = 0

const run = async (): Promise<Sample> => {
  const begun = performance.now()
  let cpu = process.cpuUsage()
  let wall = begun
  let used: NodeJS.CpuUsage | undefined
  let passed = 0
  const timer: Timer = {
    begin: () => {
      cpu = process.cpuUsage()
      wall = performance.now()
    },
    end: () => {
      used = process.cpuUsage(cpu)
      passed = performance.now() - wall
    }
  }
  const bytes = await round(n, timer)
  if (used === undefined) timer.end()
  lasted = performance.now() - begun
  return {
    cpuUs: (used!.user + used!.system) / n,
    wallUs: (passed * 1_000) / n,
    bytes: typeof bytes === "number" ? bytes / n : undefined
  }
}

/** A run that is longer than this has its own warm-up in it; nor is the heap measured better by a second one. */
const long = 1_000

/**
 * What counts is a program at work, so each timed run comes right after an untimed one of the same work, and no collection is
 * forced: one at a moment when none of the work's objects is alive takes their hidden classes away, and with them all code
 * that was compiled for them. `collect` does just that, to show what it would do.
 */
const turn = async (): Promise<Sample> => {
  if (modes.includes("collect")) globalThis.gc?.()
  else if (work.memory !== true && lasted < long) await run()
  return run()
}

/** Microseconds of CPU time: the compilers of V8 take their time. */
const warm = modes.includes("quick") ? 0 : 700_000

const begun = process.cpuUsage()
for (let runs = 1; ; runs++) {
  await run()
  const { system, user } = process.cpuUsage(begun)
  if (runs >= 2 && (work.memory === true || user + system > warm)) break
  if (user + system > 3 * warm) break
}
say({ ready: true })

for await (const line of lines) {
  if (line === "turn") say(await turn())
}
