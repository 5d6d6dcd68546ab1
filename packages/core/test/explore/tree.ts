import { strict as assert } from "node:assert"

import { Task, TaskGroup, TaskTree } from "@skein/core"
import { Explore } from "@skein/testing"
import { Effect, Fiber, Logger, Option, Stream } from "effect"

import { apart, later, of } from "./program.ts"
import type { Explored } from "./program.ts"

export const programs: ReadonlyArray<Explored> = [
  {
    name: "TaskTree: whoever reads its changes is told of each task in order, and of its exit; none is told in vain",
    operations: ["TaskTree.changes", "TaskGroup.run", "Task.cancel"],
    program: () =>
      Effect.gen(function* () {
        const read: [Array<TaskTree.Change>, Array<TaskTree.Change>] = [[], []]
        const readers = read.map((own) =>
          Stream.runForEach(TaskTree.changes, (change) => Effect.sync(() => void own.push(change)))
        )
        const first = yield* Effect.forkChild(Explore.named(readers[0]!, "first"))
        const second = yield* Effect.forkChild(later(readers[1]!))
        yield* TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(later(Effect.void), { name: "ends" })
            const task = yield* TaskGroup.fork(Effect.never, { name: "is cancelled" })
            yield* Effect.yieldNow
            yield* Task.cancel(task)
          })
        )
        yield* Explore.waitAllBlocked
        const life = { ends: ["Started", "Exited"], "is cancelled": ["Started", "StatusChanged", "Exited"] }
        for (const [name, all] of Object.entries(life)) {
          const [told, toldLater] = read.map((own) =>
            own.filter((change) => change.node.name === name).map((change) => change._tag)
          )
          // Who comes later hears the end only.
          assert.deepEqual(toldLater, toldLater!.length === 0 ? [] : all.slice(-toldLater!.length))
          if (first.pollUnsafe() === undefined && told!.length > 0) {
            assert.deepEqual(told, all.slice(-told!.length))
          }
        }
        yield* Fiber.interruptAll([first, second])
        const before = read[0].length + read[1].length
        yield* TaskGroup.run(TaskGroup.fork(Effect.void, { name: "after" }))
        yield* Explore.waitAllBlocked
        assert.equal(read[0].length + read[1].length, before)
      })
  },
  {
    name: "TaskTree: a snapshot at any moment is a tree, its text names everybody, a path is found from the fiber",
    operations: of("TaskTree", "snapshot", "render", "pathOf"),
    program: () =>
      Effect.gen(function* () {
        const looks = Effect.gen(function* () {
          for (let i = 0; i < 3; i++) {
            const snapshot = yield* TaskTree.snapshot
            const ids = new Set<number>()
            for (const node of snapshot.nodes) {
              assert.ok(Option.isNone(node.parent) || ids.has(node.parent.value), "a child before its parent")
              ids.add(node.id)
            }
            const text = TaskTree.render(snapshot)
            for (const node of snapshot.nodes) assert.ok(text.includes(node.name))
            yield* Effect.yieldNow
          }
        })
        const itself = (path: string) =>
          Effect.withFiber((fiber) =>
            Effect.sync(() => assert.deepEqual(TaskTree.pathOf(fiber), Option.some(path)))
          )
        yield* Effect.forkChild(Explore.named(looks, "looks"))
        yield* TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(later(itself("outer/a")), { name: "a" })
            yield* TaskGroup.fork(
              TaskGroup.run(TaskGroup.fork(later(itself("outer/b/inner/c")), { name: "c" }), {
                name: "inner"
              }),
              { name: "b" }
            )
            yield* itself("outer")
          }),
          { name: "outer" }
        )
      })
  },
  {
    name: "TaskTree: where a task was forked is remembered while anybody asks for it, and no longer",
    operations: of("TaskTree", "captureForkSites", "snapshot"),
    program: () =>
      Effect.gen(function* () {
        const siteOf = (name: string) =>
          TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(Effect.never, { name, background: true })
              const { nodes } = yield* TaskTree.snapshot
              return Option.isSome(nodes.find((node) => node.name === name)!.forkSite)
            })
          )
        const asks = (name: string) =>
          Effect.scoped(
            Effect.gen(function* () {
              yield* TaskTree.captureForkSites
              yield* Effect.yieldNow
              assert.ok(yield* siteOf(name), "not remembered")
            })
          )
        yield* apart([asks("a"), asks("b")])
        assert.equal(yield* siteOf("c"), false)
      })
  },
  {
    name: "TaskTree: a line of the log has the path of the task that wrote it",
    operations: of("TaskTree", "withPaths"),
    program: () =>
      Effect.gen(function* () {
        const lines: Array<string> = []
        const logger = TaskTree.withPaths(
          Logger.make(({ message }) => {
            lines.push((message as ReadonlyArray<string>).join(" "))
          })
        )
        const log = (name: string) => Effect.andThen(Effect.log(name), later(Effect.log(name)))
        const logging = TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(log("a"), { name: "a" })
            yield* TaskGroup.fork(log("b"), { name: "b" })
            yield* Effect.log("body")
          }),
          { name: "logs" }
        )
        yield* Effect.provide(logging, Logger.layer([logger]))
        const expected = ["[logs/a] a", "[logs/a] a", "[logs/b] b", "[logs/b] b", "[logs] body"]
        assert.deepEqual(lines.toSorted(), expected)
      })
  }
]
