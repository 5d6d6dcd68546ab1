/** A process that measures one system. */
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { createInterface } from "node:readline"

import type { Sample } from "./results.ts"

/** A system that has not warmed up, or not had its turn, by then is left out and said to be too slow. */
const patience = 120_000

const alive = new Set<ChildProcess>()

// However this process ends, none of them goes on.
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL")
})

export class Measuring {
  private readonly process: ChildProcess
  private readonly lines: AsyncIterator<string>
  private errors = ""

  constructor(command: string, args: ReadonlyArray<string>) {
    const child = spawn(command, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" }
    })
    alive.add(child)
    child.on("exit", () => alive.delete(child))
    child.on("error", (error) => {
      alive.delete(child)
      this.errors += error.message
    })
    child.stderr!.on("data", (chunk) => (this.errors += chunk))
    // It may have ended when it is asked: that shows as the end of its answers.
    child.stdin!.on("error", () => {})
    this.process = child
    this.lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
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

  async turn(): Promise<Sample> {
    this.process.stdin!.write("turn\n")
    return (await this.next()) as unknown as Sample
  }

  stop(): void {
    this.process.kill("SIGKILL")
  }
}
