// real time: the subject is other threads.
import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Scope } from "effect"

import { Offload } from "../src/index.ts"
import { eventually, functionsUrl, sharedState, watchThreads } from "./support.ts"
import type { FunctionsModule } from "./support.ts"

const functions = (options?: Offload.Options) =>
  Offload.module<FunctionsModule>(functionsUrl, { workers: 1, ...options })

const failureOf = <A>(effect: Effect.Effect<A, Offload.OffloadError>): Effect.Effect<Offload.Failure> =>
  Effect.map(Effect.flip(effect), (error) => error.reason) as Effect.Effect<Offload.Failure>

describe("Offload", { timeout: 60_000 }, () => {
  describe("module", () => {
    it.live("runs functions and async functions in another thread", () =>
      Effect.gen(function* () {
        const f = yield* functions()
        expect(yield* f.add(1, 2)).toBe(3)
        expect(yield* f.addLater(3, 4)).toBe(7)
        expect(yield* f.thread()).not.toBe(0)
      })
    )

    it.live("runs no more calls at once than there are workers, first come, first served", () =>
      Effect.gen(function* () {
        const f = yield* functions({ workers: 2 })
        const state = sharedState()
        const fibers = yield* Effect.forEach([1, 2, 3, 4, 5], (n) => Effect.forkChild(f.waitFor(state, n)))
        yield* eventually("two calls run", () => Atomics.load(state, 1) === 2)
        yield* Effect.sleep("30 millis")
        expect(Atomics.load(state, 1)).toBe(2)
        Atomics.store(state, 2, 1)
        Atomics.notify(state, 2)
        expect(yield* Effect.forEach(fibers, Fiber.join)).toEqual([1, 2, 3, 4, 5])
      })
    )

    it.live("keeps minWorkers and ends the others when they have been idle", () =>
      Effect.gen(function* () {
        const f = yield* functions({ workers: 3, minWorkers: 1, idleTimeToLive: "20 millis" })
        const state = sharedState()
        const fibers = yield* Effect.forEach([1, 2, 3], (n) => Effect.forkChild(f.waitFor(state, n)))
        yield* eventually("three calls run", () => Atomics.load(state, 1) === 3)
        Atomics.store(state, 2, 1)
        Atomics.notify(state, 2)
        yield* Effect.forEach(fibers, Fiber.join)
        yield* Effect.sleep("300 millis")
        const threads = new Set<number>()
        for (let i = 0; i < 5; i++) threads.add(yield* f.thread())
        expect(threads.size).toBe(1)
      })
    )

    it.live("moves what is marked with transfer, both ways", () =>
      Effect.gen(function* () {
        const f = yield* functions()
        const bytes = new Uint8Array(1000)
        expect(yield* f.length(Offload.transfer(bytes, [bytes.buffer]))).toBe(1000)
        expect(bytes.byteLength).toBe(0)
        expect((yield* f.makeBytes(5)).join("")).toBe("77777")
        expect(() => Offload.transfer(1, [])).toThrow("Offload.transfer: value must be an object, got 1")
      })
    )

    it.live("lets timers of the module go on under a steady stream of calls", () =>
      Effect.gen(function* () {
        const f = yield* functions()
        const start = yield* f.timerTicks()
        const until = performance.now() + 200
        while (performance.now() < until) yield* f.add(1, 1)
        expect((yield* f.timerTicks()) - start).toBeGreaterThan(3)
      })
    )

    it.live("dies at once for arguments that cannot work", () =>
      Effect.gen(function* () {
        const messageOf = (options: Offload.Options) =>
          Effect.map(Effect.exit(functions(options)), (exit) =>
            Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "no failure"
          )
        expect(yield* messageOf({ workers: 0 })).toContain(
          "Offload.module: workers must be an integer >= 1, got 0"
        )
        expect(yield* messageOf({ workers: 1, minWorkers: 2 })).toContain(
          "minWorkers must be at most workers (1), got 2"
        )
        expect(yield* messageOf({ grace: Number.NaN })).toContain(
          "Offload.module: grace must be a duration, got NaN"
        )
      })
    )

    it.live("fails calls made after its scope closed, and those under way", () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const f = yield* Scope.provide(functions({ grace: "10 millis" }), scope)
        const state = sharedState()
        const running = yield* Effect.forkChild(Effect.exit(f.spinForever(state)))
        const waiting = yield* Effect.forkChild(failureOf(f.add(1, 2)))
        yield* eventually("the call runs", () => Atomics.load(state, 0) === 1)
        yield* Scope.close(scope, Exit.void)
        const exit = yield* Fiber.join(running)
        expect(Exit.isFailure(exit) && exit.cause.reasons[0]).toMatchObject({
          error: { reason: { _tag: "WorkerExited", exitCode: 1 } }
        })
        expect(yield* Fiber.join(waiting)).toMatchObject({ _tag: "WorkerExited" })
        expect(yield* failureOf(f.add(1, 2))).toMatchObject({
          _tag: "WorkerExited",
          error: new Error("The scope of Offload.module is closed")
        })
      })
    )
  })

  describe("OffloadError", () => {
    it.live("keeps name, message, stack, _tag, own fields, cause and built-in class of what was thrown", () =>
      Effect.gen(function* () {
        const f = yield* functions()
        const error = yield* Effect.flip(f.failWithFields(7))
        expect(error._tag).toBe("OffloadError")
        expect(error.function).toBe("failWithFields")
        expect(error.module).toBe(functionsUrl.href)
        expect(error.message).toBe(`failWithFields of ${functionsUrl.href} threw NotFound: no item 7`)
        expect(error.reason._tag).toBe("Thrown")
        const thrown = (error.reason as { error: any }).error
        expect(thrown).toBeInstanceOf(RangeError)
        expect({ ...thrown, name: thrown.name, message: thrown.message }).toMatchObject({
          name: "NotFound",
          message: "no item 7",
          _tag: "NotFound",
          id: 7,
          detail: { path: ["a", "b"] },
          callback: "[Function (anonymous)]"
        })
        expect(thrown.stack).toContain("functions.ts")
        expect(thrown.cause).toBeInstanceOf(TypeError)
        expect(thrown.cause.message).toBe("the cause")
      })
    )

    it.live("carries rejections, aggregates, and what is no error", () =>
      Effect.gen(function* () {
        const f = yield* functions()
        expect(yield* failureOf(f.failLater())).toMatchObject({
          _tag: "Thrown",
          error: { message: "later", _tag: "ByGetter" }
        })
        const many = (yield* failureOf(f.failWithMany())) as { error: AggregateError }
        expect(many.error.errors.map(String)).toEqual(["Error: first", "TypeError: second"])
        expect(yield* failureOf(f.throwText())).toEqual({ _tag: "Thrown", error: "just text" })
        expect(yield* failureOf(f.throwFunction())).toEqual({
          _tag: "Thrown",
          error: "[Function (anonymous)]"
        })
      })
    )

    it.live("names arguments and results that cannot be cloned, and the worker stays", () =>
      Effect.gen(function* () {
        const f = yield* functions()
        const thread = yield* f.thread()
        const bad = f.add((() => 1) as never, 2)
        expect(yield* failureOf(bad)).toMatchObject({
          _tag: "NotTransferable",
          error: { name: "DataCloneError" }
        })
        expect(yield* failureOf(f.returnFunction())).toMatchObject({
          _tag: "NotTransferable",
          error: { name: "DataCloneError" }
        })
        expect(yield* f.thread()).toBe(thread)
      })
    )

    it.live("names an export that is no function", () =>
      Effect.gen(function* () {
        const f = (yield* functions()) as any
        expect(yield* failureOf(f.version())).toMatchObject({
          _tag: "ModuleNotLoaded",
          error: new TypeError("version is no function of the module but string")
        })
        expect(yield* failureOf(f.nothing())).toMatchObject({
          error: { message: "nothing is no function of the module but absent" }
        })
      })
    )

    for (const [file, message] of [
      ["broken.ts", "this module cannot be loaded"],
      ["exits.ts", "The worker exited with code 7 while it loaded the module"],
      ["absent.ts", "Cannot find module"]
    ] as const) {
      it.live(`names a module that does not load, to everybody who waits: ${file}`, () =>
        Effect.gen(function* () {
          const f: any = yield* Offload.module(new URL(`./fixtures/${file}`, import.meta.url), {
            workers: 2,
            minWorkers: 1
          })
          const failures = yield* Effect.forEach([1, 2, 3], () => failureOf(f.never()), { concurrency: 3 })
          for (const failure of failures) {
            expect(failure._tag).toBe("ModuleNotLoaded")
            expect((failure as { error: Error }).error.message).toContain(message)
          }
        })
      )
    }

    it.live("does not load a module that does not load again and again", () =>
      Effect.gen(function* () {
        const watch = watchThreads()
        yield* Offload.module(new URL("./fixtures/broken.ts", import.meta.url), { workers: 1, minWorkers: 1 })
        yield* eventually("the worker has ended", () => watch.started() === 1 && watch.open().workers === 0)
        yield* Effect.sleep("100 millis")
        expect(watch.started()).toBe(1)
        watch.stop()
      })
    )

    for (const how of ["exit", "exitLater"] as const) {
      it.live(`${how}: process.exit fails its own call alone and the worker is replaced`, () =>
        Effect.gen(function* () {
          const f = yield* functions({ workers: 2 })
          const state = sharedState()
          const other = yield* Effect.forkChild(f.waitFor(state, 5))
          yield* eventually("the other call runs", () => Atomics.load(state, 0) === 1)
          expect(yield* failureOf(f[how](3))).toEqual({ _tag: "WorkerExited", exitCode: 3 })
          expect(yield* f.add(1, 1)).toBe(2)
          Atomics.store(state, 2, 1)
          Atomics.notify(state, 2)
          expect(yield* Fiber.join(other)).toBe(5)
        })
      )
    }

    it.live("an uncaught exception in the worker fails its own call with the exception", () =>
      Effect.gen(function* () {
        const f = yield* functions()
        expect(yield* failureOf(f.throwUncaught())).toMatchObject({
          _tag: "WorkerExited",
          exitCode: 1,
          error: new Error("nobody catches")
        })
        expect(yield* f.add(1, 1)).toBe(2)
      })
    )

    it.live("out of memory fails its own call and the worker is replaced", () =>
      Effect.gen(function* () {
        const f = yield* functions({ resourceLimits: { maxOldGenerationSizeMb: 24 } })
        expect(yield* failureOf(f.fillHeap())).toMatchObject({
          _tag: "WorkerExited",
          error: { code: "ERR_WORKER_OUT_OF_MEMORY" }
        })
        expect(yield* f.add(1, 1)).toBe(2)
      })
    )
  })

  describe("currentSignal", () => {
    it.live("throws outside an offloaded call", () =>
      Effect.sync(() => {
        expect(() => Offload.currentSignal()).toThrow(
          "Offload.currentSignal: called outside an offloaded call"
        )
      })
    )
  })
})
