// real time: the subject is other threads.
import { describe, expect, it } from "@effect/vitest"
import { Task, TaskGroup } from "@skein/core"
import { Effect, Exit, Fiber, Scope } from "effect"

import { Offload } from "../src/index.ts"
import { eventually, functionsUrl, listeners, sharedState, watchThreads } from "./support.ts"
import type { FunctionsModule } from "./support.ts"

const functions = (options?: Offload.Options) =>
  Offload.module<FunctionsModule>(functionsUrl, { workers: 1, ...options })

const isRunning = (state: Int32Array) => eventually("the call runs", () => Atomics.load(state, 0) === 1)

describe("Offload", { timeout: 60_000 }, () => {
  describe("cancellation", () => {
    it.live("reaches an async function as an abort, and the caller waits until the function has ended", () =>
      Effect.gen(function* () {
        const f = yield* functions({ grace: "20 seconds" })
        const thread = yield* f.thread()
        const state = sharedState()
        const fiber = yield* Effect.forkChild(f.untilAborted(state))
        yield* isRunning(state)
        yield* Fiber.interrupt(fiber)
        expect(Atomics.load(state, 0)).toBe(2)
        expect(yield* f.thread()).toBe(thread)
        expect(yield* f.signalAborted()).toBe(false)
      })
    )

    it.live("reaches a loop that never awaits, through aborted and through throwIfAborted", () =>
      Effect.gen(function* () {
        const f = yield* functions({ grace: "20 seconds" })
        const thread = yield* f.thread()
        for (const name of ["spinUntilAborted", "throwIfAborted"] as const) {
          const state = sharedState()
          const fiber = yield* Effect.forkChild(f[name](state))
          yield* isRunning(state)
          const exit = yield* Effect.andThen(Fiber.interrupt(fiber), Fiber.await(fiber))
          expect(Exit.hasInterrupts(exit)).toBe(true)
        }
        expect(yield* f.thread()).toBe(thread)
      })
    )

    it.live("hands the worker the cancel reason", () =>
      Effect.gen(function* () {
        const f = yield* functions({ grace: "20 seconds" })
        const state = sharedState()
        yield* TaskGroup.run(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(f.spinUntilAborted(state))
            yield* isRunning(state)
            yield* Task.cancel(task, "enough")
          })
        )
        expect(Atomics.load(state, 1)).toBe(1)
      })
    )

    it.live("terminates the worker of a call that heeds nothing after the grace, and no other", () =>
      Effect.gen(function* () {
        const f = yield* functions({ workers: 2, grace: "50 millis" })
        const [kept, stuck] = [sharedState(), sharedState()]
        const other = yield* Effect.forkChild(f.waitFor(kept, 1))
        const fiber = yield* Effect.forkChild(f.spinForever(stuck))
        yield* isRunning(kept)
        yield* isRunning(stuck)
        const start = performance.now()
        yield* Fiber.interrupt(fiber)
        expect(performance.now() - start).toBeGreaterThan(45)
        Atomics.store(kept, 2, 1)
        Atomics.notify(kept, 2)
        expect(yield* Fiber.join(other)).toBe(1)
        expect(yield* Effect.all([f.add(1, 1), f.add(2, 2)], { concurrency: 2 })).toEqual([2, 4])
      })
    )

    it.live("terminates at once with a grace of zero", () =>
      Effect.gen(function* () {
        const f = yield* functions({ grace: 0 })
        const state = sharedState()
        const thread = yield* f.thread()
        const fiber = yield* Effect.forkChild(f.untilAborted(state))
        yield* isRunning(state)
        yield* Fiber.interrupt(fiber)
        expect(yield* f.thread()).not.toBe(thread)
      })
    )

    it.live("of a call that waits for a worker ends at once and the function never runs", () =>
      Effect.gen(function* () {
        const f = yield* functions()
        const [first, second] = [sharedState(), sharedState()]
        const running = yield* Effect.forkChild(f.waitFor(first, 1))
        yield* isRunning(first)
        const waiting = yield* Effect.forkChild(f.waitFor(second, 2))
        yield* Effect.yieldNow
        yield* Fiber.interrupt(waiting)
        Atomics.store(first, 2, 1)
        Atomics.notify(first, 2)
        expect(yield* Fiber.join(running)).toBe(1)
        expect(yield* f.add(1, 1)).toBe(2)
        expect(Atomics.load(second, 1)).toBe(0)
      })
    )

    it.live("of a call while the module still loads ends at once", () =>
      Effect.gen(function* () {
        const slow = yield* Offload.module<typeof import("./fixtures/slow.ts")>(
          new URL("./fixtures/slow.ts", import.meta.url),
          { workers: 1, grace: "20 seconds" }
        )
        const fiber = yield* Effect.forkChild(slow.one())
        yield* Effect.sleep("100 millis")
        const start = performance.now()
        yield* Fiber.interrupt(fiber)
        expect(performance.now() - start).toBeLessThan(2000)
      })
    )
  })

  describe("sweep", () => {
    it.live("10,000 calls with random cancellation leave no worker, port or listener behind", () =>
      Effect.gen(function* () {
        const watch = watchThreads()
        const before = listeners()
        const scope = yield* Scope.make()
        const f = yield* Scope.provide(functions({ workers: 2, grace: "10 seconds" }), scope)
        let seed = 42
        const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648
        let returned = 0
        let interrupted = 0
        yield* Effect.forEach(
          Array.from({ length: 10_000 }, (_, i) => i),
          (i) =>
            Effect.gen(function* () {
              const fiber = yield* Effect.forkChild(i % 2 === 0 ? f.add(i, 1) : f.addLater(i, 1))
              if (random() < 0.5) {
                const turns = Math.floor(random() * 4)
                for (let n = 0; n < turns; n++) yield* Effect.yieldNow
                yield* Fiber.interrupt(fiber)
              }
              const exit = yield* Fiber.await(fiber)
              if (Exit.isSuccess(exit)) {
                returned++
                expect(exit.value).toBe(i + 1)
              } else {
                expect(Exit.hasInterrupts(exit)).toBe(true)
                interrupted++
              }
            }),
          { concurrency: 50, discard: true }
        )
        expect(returned).toBeGreaterThan(4000)
        expect(interrupted).toBeGreaterThan(1000)
        expect(yield* Effect.all([f.add(1, 1), f.add(2, 2)], { concurrency: 2 })).toEqual([2, 4])
        expect(watch.open()).toEqual({ workers: 2, ports: 2 })
        yield* Scope.close(scope, Exit.void)
        watch.stop()
        yield* eventually("all ports are closed", () => watch.open().ports === 0)
        expect(watch.open()).toEqual({ workers: 0, ports: 0 })
        expect(listeners()).toBe(before)
      })
    )

    it.live(
      "interrupted after any number of turns a call returns, or ends interrupted, and holds no worker",
      () =>
        Effect.gen(function* () {
          const f = yield* functions({ workers: 1, grace: "10 seconds" })
          for (const warm of [false, true]) {
            if (warm) yield* f.add(0, 0)
            for (let turns = 0; turns < 40; turns++) {
              const fiber = yield* Effect.forkChild(f.add(turns, 1))
              for (let n = 0; n < turns; n++) yield* Effect.yieldNow
              yield* Fiber.interrupt(fiber)
              const exit = yield* Fiber.await(fiber)
              expect(Exit.isSuccess(exit) ? exit.value : Exit.hasInterrupts(exit)).toBe(
                Exit.isSuccess(exit) ? turns + 1 : true
              )
            }
          }
          expect(yield* f.add(1, 1)).toBe(2)
        })
    )
  })
})
