/** Runs the command as users do: as a process. */
import { spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const BIN = fileURLToPath(new URL("../src/bin.ts", import.meta.url))

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly ended: Promise<Ended>
  /** Resolves once standard error matches. */
  readonly said: (pattern: RegExp) => Promise<void>
  readonly kill: (signal: NodeJS.Signals) => void
  readonly closeStdout: () => void
}

export interface Options {
  readonly cwd?: string
  /** A file to write to instead of what `Ended` holds. */
  readonly stdout?: number
}

export const start = (args: ReadonlyArray<string>, { cwd, stdout: target }: Options = {}): Running => {
  const child = spawn(process.execPath, [BIN, ...args], { cwd, stdio: ["ignore", target ?? "pipe", "pipe"] })
  let stdout = ""
  let stderr = ""
  const waiting = new Set<() => void>()
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text))
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
    for (const check of waiting) check()
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (status) => resolve({ status, stdout, stderr }))
  })
  return {
    ended,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!pattern.test(stderr)) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        void ended.then(() => reject(new Error(`ended without ${pattern}:\n${stderr}`)))
        check()
      }),
    kill: (signal) => void child.kill(signal),
    closeStdout: () => void child.stdout?.destroy()
  }
}

export const run = (args: ReadonlyArray<string>, options?: Options): Promise<Ended> =>
  start(args, options).ended

/** A folder of its own, gone afterwards. */
export const inFolder = async <A>(body: (folder: string) => Promise<A>): Promise<A> => {
  const folder = await mkdtemp(join(tmpdir(), "linkcheck-"))
  try {
    return await body(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
