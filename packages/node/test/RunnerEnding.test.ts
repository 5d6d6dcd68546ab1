// real time: the subject is other processes.
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

import { run, start } from "./processes.ts"
import { eventually } from "./support.ts"

describe("Runner", { concurrent: true, timeout: 300_000 }, () => {
  describe("a program that ends by itself", () => {
    it.live("exits with 0 and says nothing but what the program says", () =>
      Effect.gen(function* () {
        expect(yield* run("ending", "clean")).toEqual({
          code: 0,
          signal: null,
          stdout: "hello\ncleaned up\n",
          stderr: ""
        })
      })
    )

    it.live("prints a failure with its cause and exits with 1", () =>
      Effect.gen(function* () {
        const ended = yield* run("ending", "fails")
        expect(ended.code).toBe(1)
        expect(ended.stdout).toBe("cleaned up\n")
        expect(ended.stderr).toMatch(/^Refused: refused by example\.org/)
      })
    )

    it.live("prints a defect and exits with 1", () =>
      Effect.gen(function* () {
        const ended = yield* run("ending", "dies")
        expect(ended.code).toBe(1)
        expect(ended.stderr).toContain("SyntaxError")
      })
    )

    it.live("exits with the code of an error that has one, of exitCode, and of process.exit", () =>
      Effect.gen(function* () {
        expect((yield* run("ending", "code")).code).toBe(42)
        expect((yield* run("ending", "ownCode")).code).toBe(9)
        expect((yield* run("ending", "exits")).code).toBe(5)
        expect((yield* run("ending", "setsCode")).code).toBe(6)
        const reported = yield* run("ending", "reported")
        expect([reported.code, reported.stderr]).toEqual([8, ""])
        const threw = yield* run("ending", "codeThrows")
        expect([threw.code, threw.stderr]).toEqual([1, "Runner.main: exitCode threw Error: no code\n"])
      })
    )

    it.live("reports a finalizer that fails", () =>
      Effect.gen(function* () {
        const ended = yield* run("ending", "failingFinalizer")
        expect(ended.code).toBe(1)
        expect(ended.stderr).toContain("no clean-up")
      })
    )

    it.live("refuses a second main", () =>
      Effect.gen(function* () {
        const ended = yield* run("ending", "twice")
        expect(ended.code).toBe(1)
        expect(ended.stderr).toContain("Runner.main: another program is run already")
      })
    )

    it.live("reports an uncaught exception and an unhandled rejection, cleans up and exits with 1", () =>
      Effect.gen(function* () {
        const uncaught = yield* run("ending", "uncaught")
        expect(uncaught.code).toBe(1)
        expect(uncaught.stdout).toBe("cleaned up\n")
        expect(uncaught.stderr).toContain("Uncaught exception: Error: nobody catches")
        const unhandled = yield* run("ending", "unhandled")
        expect(unhandled.code).toBe(1)
        expect(unhandled.stdout).toBe("cleaned up\n")
        expect(unhandled.stderr).toContain("Unhandled rejection: Error: nobody handles")
      })
    )
  })

  describe("standard output", () => {
    it.live("is written out into a pipe whose reader is slow", () =>
      Effect.gen(function* () {
        const program = yield* start("ending", "manyLines")
        program.child.stdout!.pause()
        yield* Effect.sleep("500 millis")
        program.child.stdout!.resume()
        const { code, stdout } = yield* program.ended
        expect(code).toBe(0)
        expect(stdout.split("\n")).toHaveLength(60_001)
        expect(stdout.endsWith("line 59999 of a long output\n")).toBe(true)
      })
    )

    it.live("closed by its reader, as by head, cancels the program, which cleans up and exits with 141", () =>
      Effect.gen(function* () {
        const program = fileURLToPath(new URL("./fixtures/programs/ending.ts", import.meta.url))
        const script = `"${process.execPath}" "${program}" endless | head -n 2; echo "code \${PIPESTATUS[0]}"`
        const child = spawn("bash", ["-c", script], { stdio: ["ignore", "pipe", "pipe"] })
        let [stdout, stderr, ended] = ["", "", false]
        child.stdout.on("data", (chunk) => (stdout += chunk))
        child.stderr.on("data", (chunk) => (stderr += chunk))
        child.on("close", () => (ended = true))
        yield* eventually("the end of the pipeline", () => ended, 90_000)
        expect(stdout).toBe("y\ny\ncode 141\n")
        expect(stderr).toContain("cleaned up\n")
        expect(stderr).not.toContain("EPIPE")
      })
    )
  })

  describe("a program that cannot go on", () => {
    it.live("is reported, cleaned up, and exits with 70 instead of 0", () =>
      Effect.gen(function* () {
        const ended = yield* run("ending", "waitsForNothing")
        expect(ended.code).toBe(70)
        expect(ended.stdout).toBe("cleaned up\n")
        expect(ended.stderr).toContain("The program cannot go on: everything waits.")
      })
    )

    it.live("is found beside an idle worker and a loop monitor", () =>
      Effect.gen(function* () {
        const ended = yield* run("ending", "waitsBesideHelpers")
        expect([ended.code, ended.stdout]).toEqual([70, "3\n"])
      })
    )

    it.live("shows who waits for whom", () =>
      Effect.gen(function* () {
        const ended = yield* run("ending", "deadlock")
        expect(ended.code).toBe(70)
        expect(ended.stdout).toBe("cleaned up\n")
        expect(ended.stderr).toMatch(
          /main\/locks\/left waits \d+\S* for Lock\S* "b", held by main\/locks\/right/
        )
        expect(ended.stderr).toMatch(
          /main\/locks\/right waits \d+\S* for Lock\S* "a", held by main\/locks\/left/
        )
      })
    )

    it.live("is found while a ticker keeps the process alive", () =>
      Effect.gen(function* () {
        const ended = yield* run("ending", "deadlockWithTicker")
        expect(ended.code).toBe(70)
        expect(ended.stderr).toContain("Tasks wait for each other.")
        expect(ended.stderr).toContain("main/app/locks/left waits")
      })
    )

    it.live("gives up a clean-up that waits for nothing", () =>
      Effect.gen(function* () {
        const ended = yield* run("ending", "cleanupDeadlock")
        expect(ended.code).toBe(70)
        expect(ended.stderr).toContain("Gave up: the clean-up waits for something that cannot happen")
      })
    )
  })
})
