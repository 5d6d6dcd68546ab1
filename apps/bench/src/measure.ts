/** Runs the systems of a work, each in a process of its own, their rounds by turns: A B C, A B C, ... */
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"
import { createInterface } from "node:readline"

import type { Measured, Sample } from "./results.ts"
import type { Work } from "./work.ts"

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** A system that has not warmed up, or not done a round, by then is left out and said to be too slow. */
const patience = 120_000

class Measuring {
  private readonly process: ChildProcess
  private readonly lines: AsyncIterator<string>
  private errors = ""

  constructor(command: string, args: ReadonlyArray<string>) {
    this.process = spawn(command, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" }
    })
    this.process.stderr!.on("data", (chunk) => (this.errors += chunk))
    this.process.on("error", (error) => (this.errors += error.message))
    this.lines = createInterface({ input: this.process.stdout! })[Symbol.asyncIterator]()
  }

  private async next(): Promise<Record<string, unknown>> {
    let handle: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      handle = setTimeout(() => reject(new Error(`no answer within ${patience / 1_000} s`)), patience)
    })
    try {
      const line = await Promise.race([this.lines.next(), late])
      if (line.done === true) throw new Error(this.errors.trim() || "it ended")
      return JSON.parse(line.value) as Record<string, unknown>
    } finally {
      clearTimeout(handle)
    }
  }

  async ready(): Promise<void> {
    await this.next()
  }

  async round(): Promise<Sample> {
    this.process.stdin!.write("round\n")
    return (await this.next()) as unknown as Sample
  }

  stop(): void {
    this.process.kill("SIGKILL")
  }
}

interface Candidate {
  readonly system: string
  readonly n: number
  readonly note: string | undefined
  readonly start: () => Measuring
}

export interface Options {
  readonly rounds: number
  /** Times the n of the work. */
  readonly scale: number
  /** The interpreters that were found, with the modules they have. */
  readonly python: ReadonlySet<string>
  readonly say: (line: string) => void
  /** For tests: far fewer operations. */
  readonly most?: number
}

const candidates = (work: Work, options: Options): ReadonlyArray<Candidate> => {
  const n = Math.min(options.most ?? Infinity, work.n * options.scale)
  const native = Object.entries(work.systems).map(([system, { most = Infinity, note }]): Candidate => {
    const count = Math.min(n, most)
    return {
      system,
      n: count,
      note,
      start: () =>
        new Measuring(process.execPath, [
          "--expose-gc",
          "--disable-warning=ExperimentalWarning",
          here("./child.ts"),
          work.id,
          system,
          String(count)
        ])
    }
  })
  const python = (work.python ?? [])
    .filter((system) => options.python.has(system))
    .map((system): Candidate => ({
      system,
      n,
      note: undefined,
      start: () => new Measuring("python3", [here(`./python/${system}_works.py`), work.id, String(n)])
    }))
  return [...native, ...python]
}

export const measure = async (work: Work, options: Options): Promise<ReadonlyArray<Measured>> => {
  const running = candidates(work, options).map((candidate) => ({
    ...candidate,
    measuring: candidate.start(),
    samples: new Array<Sample>(),
    failed: undefined as string | undefined
  }))
  const attempt = async (one: (typeof running)[number], step: () => Promise<unknown>): Promise<void> => {
    if (one.failed !== undefined) return
    try {
      await step()
    } catch (error) {
      one.failed = error instanceof Error ? error.message : String(error)
      options.say(`${work.id}, ${one.system}: left out, ${one.failed}`)
      one.measuring.stop()
    }
  }
  try {
    await Promise.all(running.map((one) => attempt(one, () => one.measuring.ready())))
    for (let round = 0; round < options.rounds; round++) {
      // The other way round each time: nobody always comes after the same neighbour.
      for (const one of round % 2 === 0 ? running : running.toReversed()) {
        await attempt(one, async () => one.samples.push(await one.measuring.round()))
      }
    }
  } finally {
    for (const one of running) one.measuring.stop()
  }
  return running.filter((one) => one.failed === undefined)
}
