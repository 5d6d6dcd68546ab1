/** Runs programs and keeps what they say. */
import { spawn } from "node:child_process"

export interface Result {
  readonly ok: boolean
  readonly output: string
}

/** Result of one step of verification. */
export type Step = (root: string) => Promise<Result>

interface Options {
  readonly cwd: string
  /** Killed and failed after this long. Default 4 minutes. */
  readonly timeout?: number
  /** Leaves out what the program prints to stderr. */
  readonly stdoutOnly?: boolean
}

export const run = (command: string, args: ReadonlyArray<string>, options: Options): Promise<Result> =>
  new Promise((resolve) => {
    const limit = options.timeout ?? 240_000
    const child = spawn(command, args, {
      cwd: options.cwd,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined }
    })
    let output = ""
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      child.kill("SIGKILL")
    }, limit)
    const keep = (data: Buffer): void => {
      output += data.toString()
    }
    child.stdout.on("data", keep)
    if (options.stdoutOnly !== true) child.stderr.on("data", keep)
    else child.stderr.resume()
    child.on("error", (error) => {
      clearTimeout(timer)
      resolve({ ok: false, output: `${command}: ${error.message}` })
    })
    child.on("close", (code) => {
      clearTimeout(timer)
      resolve({
        ok: code === 0,
        output: timedOut ? `${output}\n${command}: killed after ${limit / 1000} s` : output
      })
    })
  })

/** Runs all, one after the other; fails if one fails, and keeps what all of them said. */
export const inTurn = async (steps: ReadonlyArray<() => Promise<Result>>): Promise<Result> => {
  let ok = true
  let output = ""
  for (const step of steps) {
    const result = await step()
    ok &&= result.ok
    if (!result.ok || result.output.trim() !== "") output += `${result.output.trimEnd()}\n`
  }
  return { ok, output }
}
