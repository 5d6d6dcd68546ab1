// real time: the subject is other threads.
import { describe, expect, it } from "@effect/vitest"
import { TaskGroup } from "@skein/core"
import { Effect, Exit, Fiber } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

import { Offload } from "../../src/index.ts"
import { eventually, functionsUrl, sharedState } from "../support.ts"
import type { FunctionsModule } from "../support.ts"

const functions = (options?: Offload.Options) =>
  Offload.module<FunctionsModule>(functionsUrl, { workers: 1, ...options })

const release = (state: Int32Array) =>
  Effect.sync(() => {
    Atomics.store(state, 2, 1)
    Atomics.notify(state, 2)
  })

describe("executor", { timeout: 60_000 }, () => {
  it.live("EX-003: a call in a group that is being cancelled reserves no worker and never starts", () =>
    Effect.gen(function* () {
      const f = yield* functions()
      yield* f.add(1, 1)
      const state = sharedState()
      release(state).pipe(Effect.runSync)
      yield* TaskGroup.run(
        Effect.gen(function* () {
          yield* TaskGroup.fork(Effect.never.pipe(Effect.onInterrupt(() => Effect.yieldNow)))
          yield* TaskGroup.cancel("all")
        })
      ).pipe(Effect.exit)
      const fiber = yield* Effect.forkChild(
        Effect.uninterruptibleMask((restore) =>
          Effect.andThen(Effect.sleep("5 millis"), restore(f.waitFor(state, 1)))
        )
      )
      yield* Fiber.interrupt(fiber)
      expect(Exit.hasInterrupts(yield* Fiber.await(fiber))).toBe(true)
      expect(Atomics.load(state, 1)).toBe(0)
      expect(yield* f.add(1, 1)).toBe(2)
    })
  )

  it.live(
    "EX-004: at most so many functions run; a cancelled call keeps its worker until the function has ended",
    () =>
      Effect.gen(function* () {
        const f = yield* functions({ workers: 2, grace: "20 seconds" })
        const state = sharedState()
        const cancelled = yield* Effect.forkChild(f.waitFor(state, 1))
        yield* eventually("one runs", () => Atomics.load(state, 1) === 1)
        const interruption = yield* Effect.forkChild(Fiber.interrupt(cancelled))
        const others = yield* Effect.forEach([2, 3, 4], (n) => Effect.forkChild(f.waitFor(state, n)))
        yield* eventually("two run", () => Atomics.load(state, 1) === 2)
        yield* Effect.sleep("50 millis")
        expect(Atomics.load(state, 1)).toBe(2)
        expect(interruption.pollUnsafe()).toBe(undefined)
        yield* release(state)
        yield* Fiber.join(interruption)
        expect(yield* Effect.forEach(others, Fiber.join)).toEqual([2, 3, 4])
      })
  )

  it.live(
    "EX-005: a worker that cannot be made or load costs its callers alone; the next call gets one",
    () =>
      Effect.gen(function* () {
        const folder = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "skein-executor-"))),
          (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
        )
        const file = join(folder, "late.mjs")
        const late = yield* Offload.module<{ readonly one: () => number }>(pathToFileURL(file), {
          workers: 1
        })
        expect((yield* Effect.flip(late.one())).reason._tag).toBe("ModuleNotLoaded")
        writeFileSync(file, "export const one = () => 1")
        expect(yield* late.one()).toBe(1)
      })
  )

  it.live("EX-008: a worker that polls sees the cancellation; polling outside of a call is an error", () =>
    Effect.gen(function* () {
      const f = yield* functions({ grace: "20 seconds" })
      const state = sharedState()
      const fiber = yield* Effect.forkChild(f.spinUntilAborted(state))
      yield* eventually("it runs", () => Atomics.load(state, 0) === 1)
      yield* Fiber.interrupt(fiber)
      expect(Atomics.load(state, 0)).toBe(2)
      expect(() => Offload.currentSignal()).toThrow("outside an offloaded call")
    })
  )

  it.live(
    "EX-013: a worker whose call is cancelled in vain is killed and replaced; idle ones are reused, and end",
    () =>
      Effect.gen(function* () {
        const f = yield* functions({ workers: 1, grace: "20 millis", idleTimeToLive: "40 millis" })
        const first = yield* f.thread()
        expect(yield* f.thread()).toBe(first)
        const state = sharedState()
        const fiber = yield* Effect.forkChild(f.spinForever(state))
        yield* eventually("it runs", () => Atomics.load(state, 0) === 1)
        yield* Fiber.interrupt(fiber)
        const second = yield* f.thread()
        expect(second).not.toBe(first)
        yield* Effect.sleep("500 millis")
        expect(yield* f.thread()).not.toBe(second)
      })
  )
})
