// real time: the subject is other processes and signals.
import { describe, expect, it } from "@effect/vitest"
import { CancelScope } from "@skein/core"
import { Effect } from "effect"

import { run, start } from "../processes.ts"

describe("runner", { concurrent: true, timeout: 300_000 }, () => {
  it.live("RN-001: the runner hands on what main returned or failed with", () =>
    Effect.gen(function* () {
      const returned = yield* run("conformance", "returns")
      expect([returned.code, returned.stdout]).toEqual([0, 'Success({"answer":42})\n'])
      const failed = yield* run("conformance", "fails")
      expect(failed.code).toBe(3)
      expect(failed.stdout).toContain("the very error")
      expect(failed.stderr).toContain("the very error")
    })
  )

  it.live(
    "RN-002: tasks left over are cancelled and awaited; main's result stands; errors of their clean-up show",
    () =>
      Effect.gen(function* () {
        const ended = yield* run("conformance", "leftover")
        expect([ended.code, ended.stdout]).toEqual([0, 'leftover cleaned up\nSuccess("main\'s result")\n'])
        const failing = yield* run("conformance", "leftoverFails")
        expect(failing.stderr).toContain("clean-up of the leftover")
      })
  )

  it.live("RN-003: streams left over are closed even when another leftover fails", () =>
    Effect.gen(function* () {
      const ended = yield* run("conformance", "streams")
      expect(ended.stdout).toBe("stream closed\n")
      expect(ended.stderr).toContain("leftover error")
    })
  )

  it.live("RN-007: a program that had cancelled itself is reported so, whatever signal came later", () =>
    Effect.gen(function* () {
      const alone = yield* run("ending", "cancelsItself")
      expect([alone.code, alone.stdout]).toEqual([1, "cleaned up\n"])
      expect(alone.stderr).toBe("The program was cancelled by itself\n")
      const signalled = yield* run("ending", "cancelsItselfThenSignal")
      expect(signalled.code).toBe(1)
      expect(signalled.stderr).toContain("The program was cancelled by itself\n")
    })
  )

  it.live(
    "RN-008: clean-up runs at SIGINT and SIGTERM, exit codes 130 and 143; waiting keeps it alive until then",
    () =>
      Effect.gen(function* () {
        for (const [signal, code] of [
          ["SIGINT", 130],
          ["SIGTERM", 143]
        ] as const) {
          const program = yield* start("serving", "sleeps")
          yield* program.says("ready")
          yield* program.kill(signal)
          const ended = yield* program.ended
          expect([ended.code, ended.stdout]).toEqual([code, `ready\nmain: Shutdown ${signal}\n`])
        }
        expect((yield* run("ending", "exits")).code).toBe(5)
      })
  )

  it.live("RN-009: the process exits at the shutdown timeout; errors raised meanwhile are reported", () =>
    Effect.gen(function* () {
      const program = yield* start("conformance", "shutdownErrors")
      yield* program.says("ready")
      yield* program.kill("SIGTERM")
      const ended = yield* program.ended
      expect(ended.code).not.toBe(0)
      expect(ended.stderr).toContain("the clean-up did not end within 300ms")
    })
  )

  it.live(
    "RN-010: the AbortSignal of a scope is aborted, its listeners have run, however the scope ends",
    () =>
      Effect.gen(function* () {
        const ends = [Effect.void, Effect.fail("x"), Effect.interrupt, Effect.die("y")]
        for (const end of ends) {
          let heard = false
          let signal: AbortSignal | undefined
          yield* Effect.exit(
            Effect.scoped(
              Effect.gen(function* () {
                signal = yield* CancelScope.signal
                signal.addEventListener("abort", () => (heard = true))
                yield* end
              })
            )
          )
          expect([signal!.aborted, heard]).toEqual([true, true])
        }
      })
  )
})
