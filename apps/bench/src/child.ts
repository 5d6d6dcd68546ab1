/**
 * One measurement in a process of its own: `node --expose-gc child.ts <work> <system> <n>`. Warms up, says so, and then does a
 * round for each line on stdin, so that rounds of several processes can take turns.
 */
import { createInterface } from "node:readline"

import { load } from "./plan.ts"
import type { Timer } from "./work.ts"

const [id, name, count] = process.argv.slice(2) as [string, string, string]
const n = Number(count)
const work = await load(id)
const round = work.systems[name]?.round
if (round === undefined) throw new Error(`${id}: no system "${name}"`)

const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`)

const measure = async (): Promise<{
  readonly cpuUs: number
  readonly wallUs: number
  readonly bytes: number | undefined
}> => {
  globalThis.gc?.()
  let cpu = process.cpuUsage()
  let wall = performance.now()
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
  return {
    cpuUs: (used!.user + used!.system) / n,
    wallUs: (passed * 1_000) / n,
    bytes: typeof bytes === "number" ? bytes / n : undefined
  }
}

// The compiler of V8 takes its time: short rounds need more of them.
const enough = 500_000
const begun = process.cpuUsage()
for (let i = 0; i < 20; i++) {
  await measure()
  const { system, user } = process.cpuUsage(begun)
  if (i >= 2 && user + system > enough) break
}
say({ ready: true })

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "round") say(await measure())
}
process.exit(0)
