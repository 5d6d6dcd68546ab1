import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"

import { eventually } from "./support.ts"

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Program {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** Waits until standard output has this text. */
  readonly says: (text: string) => Effect.Effect<void>
  readonly kill: (signal: NodeJS.Signals) => Effect.Effect<void>
  readonly ended: Effect.Effect<Ended>
}

/** Generous: dozens of processes may start on few cores. */
const patience = 90_000

/** Starts a program of `fixtures/programs` as a process of its own; the test's end ends it. */
export const start = (file: string, ...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync((): Program => {
      const path = fileURLToPath(new URL(`./fixtures/programs/${file}.ts`, import.meta.url))
      const child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "pipe"] })
      let [stdout, stderr] = ["", ""]
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk))
      child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk))
      let ended: Ended | undefined
      child.on("close", (code, signal) => (ended = { code, signal, stdout, stderr }))
      return {
        child,
        stdout: () => stdout,
        stderr: () => stderr,
        says: (text) =>
          eventually(
            `"${text}" (stderr: ${stderr})`,
            () => stdout.includes(text) || ended !== undefined,
            patience
          ),
        kill: (signal) => Effect.sync(() => void child.kill(signal)),
        ended: Effect.map(
          eventually("the end of the process", () => ended !== undefined, patience),
          () => ended!
        )
      }
    }),
    ({ child }) => Effect.sync(() => void child.kill("SIGKILL"))
  )

/** Runs it to its end. */
export const run = (file: string, ...args: ReadonlyArray<string>) =>
  Effect.flatMap(start(file, ...args), (program) => program.ended)
