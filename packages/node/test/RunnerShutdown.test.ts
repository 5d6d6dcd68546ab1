// real time: the subject is other processes and signals.
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"

import { Runner } from "../src/index.ts"
import { start } from "./processes.ts"
import type { Ended } from "./processes.ts"
import { eventually } from "./support.ts"

/** Starts a serving program, waits until it is ready, sends the signals, each once the last one shows, and waits for the end. */
const serve = (name: string, ...signals: ReadonlyArray<readonly [NodeJS.Signals, shows?: string]>) =>
  Effect.gen(function* () {
    const program = yield* start("serving", name)
    yield* program.says("ready")
    for (const [signal, shows] of signals) {
      yield* program.kill(signal)
      if (shows !== undefined)
        yield* eventually(shows, () => (program.stderr() + program.stdout()).includes(shows), 90_000)
    }
    return yield* program.ended
  })

const lines = (ended: Ended) => ended.stdout.trim().split("\n")

describe("Runner", { concurrent: true, timeout: 300_000 }, () => {
  describe("first signal", () => {
    it.live("ends forever; what was accepted and what draining accepts finishes; exit code 0", () =>
      Effect.gen(function* () {
        const ended = yield* serve("drains", ["SIGTERM"])
        expect(ended.code).toBe(0)
        expect(lines(ended)).toEqual([
          "ready",
          "intake stopped, draining",
          "accepted while draining",
          "job: success"
        ])
        expect(ended.stderr).toContain("SIGTERM: shutting down, work may finish within 20.0s\n")
        expect(ended.stderr).toMatch(/SIGTERM: shut down, drained in [\d.]+m?s\n$/)
      })
    )

    it.live("keeps a program that only waits alive until then", () =>
      Effect.gen(function* () {
        const program = yield* start("serving", "forever")
        yield* program.says("ready")
        yield* Effect.sleep("1 second")
        expect(program.child.exitCode).toBe(null)
        yield* program.kill("SIGINT")
        expect((yield* program.ended).code).toBe(0)
      })
    )

    it.live("cancels at once a program that heeds no shutdown: 130 and 143", () =>
      Effect.gen(function* () {
        const int = yield* serve("sleeps", ["SIGINT"])
        expect([int.code, lines(int)]).toEqual([130, ["ready", "main: Shutdown SIGINT"]])
        const term = yield* serve("sleeps", ["SIGTERM"])
        expect([term.code, lines(term)]).toEqual([143, ["ready", "main: Shutdown SIGTERM"]])
        expect(term.stderr).toMatch(/SIGTERM: shut down, cancelled in [\d.]+m?s\n$/)
      })
    )

    it.live("is logged through the program's loggers, with the time each phase took", () =>
      Effect.gen(function* () {
        const ended = yield* serve("logs", ["SIGTERM"])
        expect(ended.stderr).toBe("")
        const messages = lines(ended)
          .slice(1)
          .map((line) => (JSON.parse(line) as { message: string }).message)
        expect(messages[0]).toBe("SIGTERM: cancelling, clean-up may take 10.0s")
        expect(messages[1]).toMatch(/^SIGTERM: shut down, cancelled in [\d.]+m?s$/)
      })
    )

    it.live("is heeded before the program has come anywhere", () =>
      Effect.gen(function* () {
        const program = yield* start("serving", "early")
        const ended = yield* program.ended
        expect([ended.code, lines(ended)]).toEqual([143, ["main: Shutdown SIGTERM"]])
      })
    )

    it.live("ends what runs until the shutdown with None, and starts no more of it", () =>
      Effect.gen(function* () {
        const ended = yield* serve("untilShutdown", ["SIGTERM"])
        expect(ended.code).toBe(0)
        expect(lines(ended)).toEqual([
          "at once: value",
          "ready",
          "loop: Shutdown SIGTERM",
          "loop: none",
          "later: none",
          "requested: Shutdown SIGTERM"
        ])
      })
    )
  })

  describe("after drain", () => {
    it.live("what is left is cancelled with reason Shutdown", () =>
      Effect.gen(function* () {
        const ended = yield* serve("drainsTooLong", ["SIGTERM"])
        expect(ended.code).toBe(143)
        expect(lines(ended).at(-1)).toBe("job: Shutdown SIGTERM")
        expect(ended.stderr).toMatch(/SIGTERM: shut down, drained in [\d.]+m?s, cancelled in [\d.]+m?s\n$/)
      })
    )

    it.live("an error of the clean-up is reported and shows in the exit code", () =>
      Effect.gen(function* () {
        const ended = yield* serve("cleanupFails", ["SIGTERM"])
        expect(ended.code).toBe(1)
        expect(ended.stderr).toContain("the clean-up failed")
      })
    )
  })

  describe("after cancel", () => {
    it.live(
      "what is stuck is reported, its name harmless to a terminal, and the process exits with 124",
      () =>
        Effect.gen(function* () {
          const ended = yield* serve("cleanupHangs", ["SIGTERM"])
          expect(ended.code).toBe(124)
          expect(ended.stderr).toContain("Gave up: the clean-up did not end within 300ms. Still there:")
          expect(ended.stderr).toContain("stub\\x1bborn")
          expect(ended.stderr).not.toContain("\u001b")
        })
    )
  })

  describe("a further signal", () => {
    it.live("goes to the next phase at once: drain, cancel, exit", () =>
      Effect.gen(function* () {
        const cancelled = yield* serve("drainsForEver", ["SIGTERM", "shutting down"], ["SIGINT"])
        expect(cancelled.code).toBe(143)
        expect(lines(cancelled).at(-1)).toBe("job: Shutdown SIGTERM")
        const abandoned = yield* serve("cleanupIsLong", ["SIGTERM", "cancelling"], ["SIGTERM"])
        expect(abandoned.code).toBe(124)
        expect(abandoned.stderr).toContain("Gave up: SIGTERM during the clean-up.")
      })
    )

    it.live("three of them end a program that heeds none", () =>
      Effect.gen(function* () {
        const program = yield* start("serving", "drainsForEver")
        yield* program.says("ready")
        for (const signal of ["SIGINT", "SIGTERM", "SIGINT"] as const) yield* program.kill(signal)
        const { code } = yield* program.ended
        expect([124, 130, 143]).toContain(code)
      })
    )
  })

  describe("dump", () => {
    it.live(
      "prints the tree to standard error with control characters escaped, and the program goes on",
      () =>
        Effect.gen(function* () {
          const ended = yield* serve("dumps", ["SIGUSR2", "service"], ["SIGTERM"])
          expect(ended.code).toBe(143)
          expect(ended.stderr).toContain("bell \\x07 and \\x1b[31mred")
          expect(ended.stderr).not.toMatch(/[\u0007\u001b]/)
        })
    )
  })

  describe("without a Runner", () => {
    it.live("the phase is running, untilShutdown runs to the end, and nothing is requested", () =>
      Effect.gen(function* () {
        expect(yield* Runner.phase).toBe("running")
        expect(yield* Runner.untilShutdown(Effect.succeed(1))).toEqual(Option.some(1))
        const fiber = yield* Effect.forkChild(Runner.shutdownRequested)
        yield* Effect.sleep("10 millis")
        expect(fiber.pollUnsafe()).toBe(undefined)
        yield* Fiber.interrupt(fiber)
      })
    )
  })
})
