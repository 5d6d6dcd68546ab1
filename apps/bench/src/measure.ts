/** Runs the systems of a work, each in a process of its own, their turns alternating: A B C, C B A, ... */
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"

import { Measuring } from "./measuring.ts"
import type { Measured, Sample } from "./results.ts"
import type { Work } from "./work.ts"

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

export interface Options {
  readonly rounds: number
  /** Times the n of the work. */
  readonly scale: number
  /** The interpreters that were found, with the modules they have. */
  readonly python: ReadonlySet<string>
  readonly say: (line: string) => void
  /** A full collection is forced before each round. */
  readonly collect?: boolean
  /** Systems that are not to be measured. */
  readonly without?: ReadonlySet<string>
  /** For tests: far fewer operations, and hardly a warm-up. */
  readonly most?: number
}

interface Candidate {
  readonly system: string
  readonly n: number
  readonly note: string | undefined
  readonly start: () => Measuring
}

/** Python takes ten times as long: fewer operations are as good. */
const mostPython = 5_000

/**
 * A heap as of a program that has been running for a while. With a small one V8 now and then collects all in the middle of a
 * run; what dies after that seems to hold on to what follows it, so that from then on half of each run survives until the next
 * such collection, at two to three times the time: for every system that yields, by luck, process by process.
 */
const heap = "--initial-old-space-size=512"

const flags = ["--expose-gc", heap, "--disable-warning=ExperimentalWarning"]

const candidates = (work: Work, options: Options): ReadonlyArray<Candidate> => {
  const count = (most: number): number =>
    Math.min(options.most ?? Infinity, Math.min(work.n, most) * options.scale)
  const mode = [
    ...(options.collect === true ? ["collect"] : []),
    ...(options.most === undefined ? [] : ["quick"])
  ]
  const native = Object.entries(work.systems).map(([system, { most = Infinity, note }]): Candidate => {
    const n = count(most)
    return {
      system,
      n,
      note,
      start: () =>
        new Measuring(process.execPath, [...flags, here("./child.ts"), work.id, system, String(n), ...mode])
    }
  })
  const python = (work.python ?? [])
    .filter((system) => options.python.has(system))
    .map((system): Candidate => {
      const n = count(work.mostPython ?? mostPython)
      return {
        system,
        n,
        note: undefined,
        start: () =>
          new Measuring("python3", [here(`./python/${system}_works.py`), work.id, String(n), ...mode])
      }
    })
  return [...native, ...python].filter(({ system }) => options.without?.has(system) !== true)
}

/** As many at a time as there are processors: the warm-up is not measured. */
const atATime = async <A>(items: ReadonlyArray<A>, step: (item: A) => Promise<void>): Promise<void> => {
  const waiting = items.values()
  const worker = async () => {
    for (const item of waiting) await step(item)
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
}

export const measure = async (work: Work, options: Options): Promise<ReadonlyArray<Measured>> => {
  const all = candidates(work, options).map((candidate) => ({
    ...candidate,
    samples: new Array<Sample>(),
    measuring: undefined as Measuring | undefined
  }))
  const running = new Set(all)
  const attempt = async (one: (typeof all)[number], step: () => Promise<unknown>): Promise<void> => {
    if (!running.has(one)) return
    try {
      await step()
    } catch (error) {
      running.delete(one)
      options.say(
        `${work.id}, ${one.system}: left out, ${error instanceof Error ? error.message : String(error)}`
      )
      one.measuring?.stop()
    }
  }
  try {
    await atATime(all, (one) =>
      attempt(one, () => {
        one.measuring = one.start()
        return one.measuring.ready()
      })
    )
    // A heap is hardly ever larger than the last time.
    const rounds = work.memory === true ? Math.min(3, options.rounds) : options.rounds
    for (let round = 0; round < rounds; round++) {
      // The other way round each time: nobody always comes after the same neighbour.
      for (const one of round % 2 === 0 ? all : all.toReversed()) {
        await attempt(one, async () => one.samples.push(await one.measuring!.turn()))
      }
    }
  } finally {
    for (const one of all) one.measuring?.stop()
  }
  return all.filter((one) => running.has(one))
}
