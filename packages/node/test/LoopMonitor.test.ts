// real time: the subject is an event loop that is really blocked.
import { describe, expect, it } from "@effect/vitest"
import { TaskGroup } from "@skein/core"
import { Cause, Duration, Effect, Exit, Fiber, Option, Stream } from "effect"
import { execFileSync } from "node:child_process"

import { LoopMonitor } from "../src/index.ts"
import { segments } from "../src/internal/loop/segments.ts"
import { eventually, watchThreads } from "./support.ts"

const spin = (millis: number): void => {
  const end = performance.now() + millis
  while (performance.now() < end);
}
const spinHere = (millis: number): void => spin(millis)

const collect = (seen: Array<LoopMonitor.Blocked>) => (blocked: LoopMonitor.Blocked) =>
  Effect.sync(() => void seen.push(blocked))

/** Of what was reported: those that ran for at least so long. */
const longer = (seen: ReadonlyArray<LoopMonitor.Blocked>, millis: number) =>
  seen.filter((blocked) => Duration.toMillis(blocked.duration) >= millis)

const tasksOf = (seen: ReadonlyArray<LoopMonitor.Blocked>) =>
  seen.map(({ task }) => Option.getOrElse(task, () => "nobody"))

describe("LoopMonitor", { timeout: 60_000 }, () => {
  describe("make", () => {
    it.live("names the task that blocked inside a library call, how long and where", () =>
      Effect.gen(function* () {
        const seen: Array<LoopMonitor.Blocked> = []
        yield* LoopMonitor.make({ onBlocked: collect(seen) })
        yield* TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(Effect.forever(Effect.sleep("1 millis")), {
              name: "innocent",
              background: true
            })
            yield* TaskGroup.fork(
              Effect.sync(() => execFileSync(process.execPath, ["-e", "setTimeout(() => {}, 300)"])),
              { name: "caller" }
            )
          }),
          { name: "library" }
        )
        yield* eventually("a report", () => longer(seen, 250).length > 0)
        const [blocked] = longer(seen, 250)
        expect(blocked!.task).toEqual(Option.some("library/caller"))
        expect(Option.getOrThrow(blocked!.stack)).toContain("LoopMonitor.test.ts")
      })
    )

    it.live("names the task that blocked inside a generator, with the line", () =>
      Effect.gen(function* () {
        const seen: Array<LoopMonitor.Blocked> = []
        yield* LoopMonitor.make({ onBlocked: collect(seen) })
        yield* TaskGroup.run(
          TaskGroup.fork(
            Effect.gen(function* () {
              yield* Effect.yieldNow
              spinHere(500)
              yield* Effect.yieldNow
            }),
            { name: "generator" }
          ),
          { name: "main" }
        )
        yield* eventually("a report", () => longer(seen, 250).length > 0)
        const [blocked] = longer(seen, 250)
        expect(blocked!.task).toEqual(Option.some("main/generator"))
        expect(Duration.toMillis(blocked!.duration)).toBeLessThan(5000)
        expect(Option.getOrThrow(blocked!.stack)).toMatch(/spinHere.*LoopMonitor\.test\.ts:\d+:\d+/)
      })
    )

    // Where the machine gives the process too little processor, the monitor rightly blames nobody: then once more.
    it.live(
      "names each of two tasks that block right after each other",
      () =>
        Effect.gen(function* () {
          const seen: Array<LoopMonitor.Blocked> = []
          yield* LoopMonitor.make({ onBlocked: collect(seen), threshold: "60 millis" })
          yield* TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(
                Effect.andThen(
                  Effect.yieldNow,
                  Effect.sync(() => spin(250))
                ),
                { name: "first" }
              )
              yield* TaskGroup.fork(
                Effect.andThen(
                  Effect.yieldNow,
                  Effect.sync(() => spin(500))
                ),
                { name: "second" }
              )
            }),
            { name: "two" }
          )
          // A machine under load may add a block that is nobody's.
          const named = () => longer(seen, 150).filter(({ task }) => Option.isSome(task))
          yield* eventually("two reports", () => named().length > 1)
          const reports = named()
          expect(tasksOf(reports)).toEqual(["two/first", "two/second"])
          expect(Duration.toMillis(reports[1]!.duration)).toBeGreaterThan(
            Duration.toMillis(reports[0]!.duration)
          )
        }),
      { retry: 3 }
    )

    it.live("names the task whose child fiber blocked, and nobody for code outside of tasks", () =>
      Effect.gen(function* () {
        const seen: Array<LoopMonitor.Blocked> = []
        yield* LoopMonitor.make({ onBlocked: collect(seen) })
        yield* TaskGroup.run(
          TaskGroup.fork(Effect.flatMap(Effect.forkChild(Effect.sync(() => spin(500))), Fiber.join), {
            name: "parent"
          }),
          { name: "main" }
        )
        yield* eventually("a report", () => longer(seen, 250).length > 0)
        expect(tasksOf(longer(seen, 250))).toEqual(["main/parent"])
        yield* Effect.callback<void>((resume) => {
          setTimeout(() => {
            spin(500)
            resume(Effect.void)
          }, 1)
        })
        yield* eventually("another report", () => longer(seen, 250).length > 1)
        expect(tasksOf(longer(seen, 250))).toEqual(["main/parent", "nobody"])
      })
    )

    it.live("reports no loop that only waits or yields", () =>
      Effect.gen(function* () {
        const seen: Array<LoopMonitor.Blocked> = []
        yield* LoopMonitor.make({ onBlocked: collect(seen), threshold: "1 second" })
        yield* Effect.sleep("1200 millis")
        const end = performance.now() + 1200
        while (performance.now() < end) yield* Effect.yieldNow
        expect(seen).toEqual([])
      })
    )

    it.live("goes on after a handler that died, and stops with its scope", () =>
      Effect.gen(function* () {
        const seen: Array<LoopMonitor.Blocked> = []
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* LoopMonitor.make({
              onBlocked: (blocked) => Effect.andThen(collect(seen)(blocked), Effect.die("handler"))
            })
            for (const count of [1, 2]) {
              spin(120)
              yield* eventually(`report ${count}`, () => seen.length >= count)
            }
          })
        )
        const { length } = seen
        spin(150)
        yield* Effect.sleep("100 millis")
        expect(seen).toHaveLength(length)
        expect(Object.getOwnPropertyNames(globalThis).filter((name) => name.includes("LoopMonitor"))).toEqual(
          []
        )
      })
    )

    it.live("sweep: interrupted while it starts, or later, it leaves nothing behind", () =>
      Effect.gen(function* () {
        const watch = watchThreads()
        for (let turns = 0; turns < 12; turns++) {
          const fiber = yield* Effect.forkChild(
            Effect.scoped(Effect.andThen(LoopMonitor.make(), Effect.never))
          )
          for (let n = 0; n < turns; n++) yield* turns < 6 ? Effect.yieldNow : Effect.sleep(turns)
          yield* Fiber.interrupt(fiber)
          expect(watch.open().workers).toBe(0)
          expect(
            Object.getOwnPropertyNames(globalThis).filter((name) => name.includes("LoopMonitor"))
          ).toEqual([])
        }
        watch.stop()
      })
    )

    it.live("dies at once for a threshold that cannot work", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(Effect.scoped(LoopMonitor.make({ threshold: 0 })))
        expect(Exit.isFailure(exit) && String(Cause.squash(exit.cause))).toContain(
          "LoopMonitor: threshold must be at least 1 ms, got 0 ms"
        )
      })
    )
  })

  describe("changes", () => {
    it.live("streams what blocked while it is run", () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(Stream.runHead(LoopMonitor.changes({ threshold: "30 millis" })))
        yield* Effect.forkChild(
          Effect.forever(
            Effect.andThen(
              Effect.sleep("20 millis"),
              Effect.sync(() => spin(80))
            )
          )
        )
        const blocked = Option.getOrThrow(yield* Fiber.join(fiber))
        expect(Duration.toMillis(blocked.duration)).toBeGreaterThan(29)
      })
    )
  })

  describe("segments", () => {
    const sample = (task: string | undefined, asked: number, answered = asked, stack = `at ${task}`) => ({
      task,
      asked,
      answered,
      stack
    })

    it("gives a slow answer's time to the task that answered", () => {
      const samples = [sample("a", 110, 200), sample("b", 210, 390), sample("b", 391)]
      expect(segments(samples, 100, 400, 50)).toEqual([
        { task: "a", stack: "at a", duration: 100 },
        { task: "b", stack: "at b", duration: 200 }
      ])
    })
    it("takes the stack of the answer that took longest", () => {
      const samples = [
        sample("a", 110, 111, "fast"),
        sample("a", 120, 300, "slow"),
        sample("a", 301, 302, "after")
      ]
      expect(segments(samples, 100, 303, 50)).toEqual([{ task: "a", stack: "slow", duration: 203 }])
    })
    it("gives the time until an answer from between two turns to whoever ran before", () => {
      const samples = [sample("a", 110), sample(undefined, 120, 290, "")]
      expect(segments(samples, 100, 300, 50)).toEqual([{ task: "a", stack: "at a", duration: 200 }])
    })
    it("names the longest for the whole when none blocked alone", () => {
      const samples = [sample("a", 110), sample("b", 150), sample("c", 160)]
      expect(segments(samples, 100, 162, 50)).toEqual([{ task: "b", stack: "at b", duration: 62 }])
    })
    it("knows the duration when nothing answered, and drops answers from another time", () => {
      expect(segments([sample("old", 10, 20)], 100, 180, 50)).toEqual([
        { task: undefined, stack: undefined, duration: 80 }
      ])
    })
  })
})
