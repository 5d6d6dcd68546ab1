import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Option, Stream } from "effect"
import { TestClock } from "effect/testing"

import { Lock, Semaphore, Task, TaskGroup, TaskTree } from "../../src/index.ts"

const settle = Effect.forEach([1, 2, 3, 4], () => Effect.yieldNow, { discard: true })

/** Those below a group of this name: other tests may run in the same process. */
const below = (snapshot: TaskTree.Snapshot, root: string) => ({
  at: snapshot.at,
  nodes: snapshot.nodes.filter((node) => node.path === root || node.path.startsWith(`${root}/`))
})

describe("TaskTree", () => {
  describe("snapshot", () => {
    it.effect("lists groups and tasks with names, paths, parents and ages", () =>
      Effect.gen(function* () {
        yield* TestClock.adjust(0)
        yield* TaskGroup.run(
          Effect.gen(function* () {
            const crawl = TaskGroup.run(
              Effect.gen(function* () {
                yield* TaskGroup.fork(Effect.never, { name: "fetch:3" })
                yield* TestClock.adjust("1 second")
                return below(yield* TaskTree.snapshot, "main")
              }).pipe(Effect.tap(() => TaskGroup.cancel())),
              { name: "crawl" }
            )
            const task = yield* TaskGroup.fork(crawl, { name: "site/a" })
            const { nodes } = yield* Task.join(task)
            assert.deepStrictEqual(
              nodes.map((node) => [node.path, node.status, Duration.toMillis(node.age)]),
              [
                ["main", "running", 1000],
                ["main/site%2Fa", "running", 1000],
                ["main/site%2Fa/crawl", "running", 1000],
                ["main/site%2Fa/crawl/fetch:3", "running", 1000]
              ]
            )
            assert.deepStrictEqual(
              nodes.slice(1).map((node) => node.parent),
              nodes.slice(0, 3).map((node) => Option.some(node.id))
            )
          }),
          { name: "main" }
        )
        assert.deepStrictEqual(below(yield* TaskTree.snapshot, "main").nodes, [])
      })
    )

    it.effect("shows what a task waits on and who holds it", () =>
      Effect.gen(function* () {
        const lock = yield* Lock.make({ name: "cache" })
        const seen = yield* TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(Lock.withLock(lock, Effect.never), { name: "writer" })
            yield* TaskGroup.fork(Lock.withLock(lock, Effect.void), { name: "reader" })
            yield* settle
            const shown = below(yield* TaskTree.snapshot, "locks")
            yield* TaskGroup.cancel()
            return shown
          }),
          { name: "locks" }
        )
        const [, writer, reader] = seen.nodes
        assert.isTrue(Option.isNone(writer!.waitingOn))
        const wait = Option.getOrThrow(reader!.waitingOn)
        assert.deepStrictEqual(
          [wait.resource, wait.holders],
          ["cache", [{ id: Option.some(writer!.id), name: "locks/writer" }]]
        )
        assert.deepStrictEqual(TaskTree.render(seen).split("\n"), [
          "locks running 0",
          "├─ writer running 0",
          `└─ reader running 0, waits on ${wait.operation} cache for 0, held by locks/writer`
        ])
      })
    )
  })

  describe("render", () => {
    it.effect("escapes control characters in names", () =>
      TaskGroup.run(
        Effect.gen(function* () {
          yield* TaskGroup.fork(Effect.never, { name: "\u001b[31mred\u202e", background: true })
          const text = TaskTree.render(below(yield* TaskTree.snapshot, "escapes"))
          assert.strictEqual(text, "escapes running 0\n└─ \\x1b[31mred\\u202e running 0")
        }),
        { name: "escapes" }
      )
    )
  })

  describe("deadlocks", () => {
    it.effect("finds two locks taken in opposite order", () =>
      Effect.gen(function* () {
        const a = yield* Lock.make({ name: "a" })
        const b = yield* Lock.make({ name: "b" })
        const both = (first: Lock.Lock, second: Lock.Lock) =>
          Lock.withLock(first, Effect.andThen(settle, Lock.withLock(second, Effect.void)))
        const fiber = yield* Effect.forkChild(
          TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(both(a, b), { name: "ab" })
              yield* TaskGroup.fork(both(b, a), { name: "ba" })
            }),
            { name: "opposite" }
          )
        )
        yield* Effect.andThen(settle, settle)
        const found = TaskTree.deadlocks(below(yield* TaskTree.snapshot, "opposite"))
        assert.deepStrictEqual(
          found.map((cycle) => cycle.map((node) => node.path).sort()),
          [["opposite/ab", "opposite/ba"]]
        )
        yield* Fiber.interrupt(fiber)
      })
    )

    it.effect("leaves alone who waits for a permit that one free holder will give back", () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(2, { name: "s" })
        const fiber = yield* Effect.forkChild(
          TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(
                Semaphore.withPermit(
                  semaphore,
                  Effect.andThen(settle, Semaphore.withPermit(semaphore, Effect.void))
                ),
                { name: "twice" }
              )
              yield* TaskGroup.fork(Semaphore.withPermit(semaphore, Effect.sleep("1 second")), {
                name: "slow"
              })
            }),
            { name: "permits" }
          )
        )
        yield* Effect.andThen(settle, settle)
        const shown = below(yield* TaskTree.snapshot, "permits")
        assert.isTrue(shown.nodes.some((node) => node.name === "twice" && Option.isSome(node.waitingOn)))
        assert.deepStrictEqual(TaskTree.deadlocks(shown), [])
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(fiber)
      })
    )

    it.effect("finds tasks that join each other", () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(
          TaskGroup.run(
            Effect.gen(function* () {
              const tasks: Array<Task.Task<void>> = []
              const joining = (n: number) =>
                Effect.andThen(
                  settle,
                  Effect.suspend(() => Task.join(tasks[n]!))
                )
              tasks.push(yield* TaskGroup.fork(joining(1), { name: "one" }))
              tasks.push(yield* TaskGroup.fork(joining(0), { name: "two" }))
            }),
            { name: "joins" }
          )
        )
        yield* Effect.andThen(settle, settle)
        const found = TaskTree.deadlocks(below(yield* TaskTree.snapshot, "joins"))
        assert.deepStrictEqual(
          found.map((cycle) => cycle.length),
          [2]
        )
        yield* Fiber.interrupt(fiber)
      })
    )
  })

  describe("waits", () => {
    it.effect("Task.wait shows whom it waits for, a group's body has a path", () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(
          TaskGroup.run(
            Effect.gen(function* () {
              const task = yield* TaskGroup.fork(Effect.never, { name: "slow" })
              yield* TaskGroup.fork(Task.wait([task], { until: "first-completed", timeout: "1 hour" }), {
                name: "waiter"
              })
              return yield* Effect.withFiber((body) => Effect.succeed(TaskTree.pathOf(body)))
            }),
            { name: "waits" }
          )
        )
        yield* settle
        const waiter = below(yield* TaskTree.snapshot, "waits").nodes.find((node) => node.name === "waiter")
        const wait = Option.getOrThrow(waiter!.waitingOn)
        assert.deepStrictEqual(
          [wait.operation, wait.holders.map((holder) => holder.name)],
          ["Task.wait", ["waits/slow"]]
        )
        yield* Fiber.interrupt(fiber)
        const path = yield* TaskGroup.run(
          Effect.withFiber((body) => Effect.succeed(TaskTree.pathOf(body))),
          { name: "body" }
        )
        assert.deepStrictEqual(path, Option.some("body"))
      })
    )
  })

  describe("changes", () => {
    it.effect("tells of starts, cancellations and exits in order", () =>
      Effect.gen(function* () {
        const collected = yield* Effect.forkChild(Stream.runCollect(Stream.take(TaskTree.changes, 3)))
        yield* settle
        yield* TaskGroup.run(
          Effect.gen(function* () {
            const task = yield* TaskGroup.fork(Effect.never, { name: "watched" })
            yield* Task.cancel(task)
          })
        )
        const changes = yield* Fiber.join(collected)
        assert.deepStrictEqual(
          changes.map((change) => [change._tag, change.node.status]),
          [
            ["Started", "running"],
            ["StatusChanged", "cancelling"],
            ["Exited", "cancelled"]
          ]
        )
      })
    )
  })

  describe("captureForkSites", () => {
    it.effect("remembers the line of the fork, while it is on", () =>
      TaskGroup.run(
        Effect.gen(function* () {
          yield* Effect.scoped(
            Effect.andThen(
              TaskTree.captureForkSites,
              Effect.suspend(() => TaskGroup.fork(Effect.never, { name: "on", background: true }))
            )
          )
          yield* TaskGroup.fork(Effect.never, { name: "off", background: true })
          const [, on, off] = below(yield* TaskTree.snapshot, "sites").nodes
          assert.match(Option.getOrThrow(on!.forkSite), /TaskTree\.test\.ts:\d+:\d+$/)
          assert.isTrue(Option.isNone(off!.forkSite))
        }),
        { name: "sites" }
      )
    )
  })
})
