// real time: the explorer has a clock of its own.
import { describe, expect, it } from "@effect/vitest"
import { CancelScope, Gather, Lock, Task, TaskGroup, TaskTree } from "@skein/core"
import { Explore } from "@skein/testing"
import { Deferred, Effect, Exit, Option, Ref } from "effect"

const waits = (snapshot: TaskTree.Snapshot) =>
  Object.fromEntries(
    snapshot.nodes.flatMap((node) =>
      Option.match(node.waitingOn, {
        onNone: () => [],
        onSome: ({ holders, operation, resource }) => [
          [node.path, `${operation} ${resource} < ${holders.map((holder) => holder.name).join()}`]
        ]
      })
    )
  )

/** Lets everything run until it waits. */
const settle = Effect.forEach(Array.from({ length: 20 }), () => Effect.yieldNow, { discard: true })

/** The snapshot while the group's background tasks wait. */
const watch = <E, R>(forks: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    yield* forks
    yield* settle
    return yield* TaskTree.snapshot
  })

describe("introspection", () => {
  it.effect(
    "IN-001: a task that several wait for shows with each of them, from the root to the waiting point",
    () =>
      Effect.gen(function* () {
        const snapshot = yield* watch(
          Effect.gen(function* () {
            const slow = yield* TaskGroup.fork(Effect.never, { name: "slow", background: true })
            yield* TaskGroup.fork(Task.join(slow), { name: "first", background: true })
            yield* TaskGroup.fork(Task.join(slow), { name: "second", background: true })
          })
        ).pipe(TaskGroup.run({ name: "one" }))
        expect(waits(snapshot)).toEqual({
          "one/first": "Task.join one/slow < one/slow",
          "one/second": "Task.join one/slow < one/slow"
        })
      })
  )

  it.effect("IN-003: tasks without a name and holders that are no tasks are named all the same", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make({ name: "gate" })
      const taken = yield* Deferred.make<void>()
      const holder = yield* Effect.forkChild(
        Lock.withLock(lock, Effect.andThen(Deferred.succeed(taken, undefined), Effect.never))
      )
      yield* Deferred.await(taken)
      const snapshot = yield* watch(
        TaskGroup.fork(Lock.withLock(lock, Effect.void), { background: true })
      ).pipe(TaskGroup.run({ name: "one" }))
      const waiting = snapshot.nodes.find((node) => Option.isSome(node.waitingOn))
      expect(waiting!.path).toMatch(/^one\/task:\d+$/)
      expect(Option.getOrThrow(waiting!.waitingOn).holders).toEqual([
        { id: Option.none(), name: `fiber:${holder.id}` }
      ])
      expect(TaskTree.render(snapshot)).toContain(`fiber:${holder.id}`)
    })
  )

  it.effect("IN-005: a task that waits is found behind group, gather, shield and timeout", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make({ name: "gate" })
      const ask = Lock.withLock(lock, Effect.void)
      const fork = <A, E, R>(name: string, effect: Effect.Effect<A, E, R>) =>
        TaskGroup.fork(effect, { name, background: true })
      const snapshot = yield* watch(
        Effect.gen(function* () {
          const taken = yield* Deferred.make<void>()
          yield* fork(
            "holder",
            Lock.withLock(lock, Effect.andThen(Deferred.succeed(taken, undefined), Effect.never))
          )
          yield* Deferred.await(taken)
          yield* fork("plain", ask)
          yield* fork("timeout", CancelScope.failAfter(ask, "1 hour"))
          yield* fork("shield", CancelScope.shield(ask, { atMost: "1 hour" }))
          yield* fork("group", TaskGroup.run(ask, { name: "inner" }))
          yield* fork("gather", Gather.all([ask]))
        })
      ).pipe(TaskGroup.run({ name: "one" }))
      for (const name of ["plain", "timeout", "shield", "group", "gather"]) {
        const found = Object.entries(waits(snapshot)).filter(([path]) => path.startsWith(`one/${name}`))
        expect([name, found.map(([, wait]) => wait)]).toEqual([
          name,
          expect.arrayContaining(["Lock gate < one/holder"])
        ])
      }
    })
  )

  it.effect("IN-006: the parent of a task is the owner of its group, whoever forked it", () =>
    Effect.gen(function* () {
      const snapshot = yield* watch(
        Effect.gen(function* () {
          const group = yield* TaskGroup.current<never>()
          yield* TaskGroup.fork(
            Effect.andThen(
              TaskGroup.forkIn(group, Effect.never, { name: "grandchild", background: true }),
              Effect.never
            ),
            { name: "child", background: true }
          )
          yield* TaskGroup.start(
            (started: (value: number) => Effect.Effect<void>) => Effect.andThen(started(1), Effect.never),
            {
              name: "started",
              background: true
            }
          )
        })
      ).pipe(TaskGroup.run({ name: "one" }))
      const parents = Object.fromEntries(
        snapshot.nodes.map((node) => [node.path, Option.getOrUndefined(node.parent)] as const)
      )
      const owner = snapshot.nodes.find((node) => node.path === "one")!.id
      expect(parents).toEqual({
        one: undefined,
        "one/child": owner,
        "one/grandchild": owner,
        "one/started": owner
      })
    })
  )

  it.live(
    "IN-008: a snapshot lists what is alive with parents; waitAllBlocked goes on when all others are suspended",
    () =>
      Effect.gen(function* () {
        const report = yield* Explore.run(
          () =>
            Effect.gen(function* () {
              const lock = yield* Lock.make({ name: "gate" })
              yield* TaskGroup.fork(Lock.withLock(lock, Effect.never), { name: "holder", background: true })
              const cancelled = yield* TaskGroup.fork(Effect.never, { name: "cancelled", background: true })
              yield* Task.cancel(cancelled)
              yield* Explore.waitAllBlocked
              yield* TaskGroup.fork(Lock.withLock(lock, Effect.void), { name: "waiter", background: true })
              yield* Explore.waitAllBlocked
              const { nodes } = yield* TaskTree.snapshot
              const names = nodes.map((node) => node.name).sort()
              if (names.join() !== "group,holder,waiter") return yield* Effect.die(names.join())
            }).pipe(TaskGroup.run({ name: "group" })),
          { schedules: 50 }
        )
        expect(report.schedules).toBeGreaterThan(0)
      })
  )

  it.live("IN-009: with a seed the interleaving is reproducible", () =>
    Effect.gen(function* () {
      const racy = () =>
        Effect.gen(function* () {
          const count = yield* Ref.make(0)
          const increment = Effect.flatMap(Ref.get(count), (n) =>
            Effect.andThen(Effect.yieldNow, Ref.set(count, n + 1))
          )
          yield* Effect.all([increment, increment], { concurrency: 2 })
          if ((yield* Ref.get(count)) !== 2) return yield* Effect.fail("lost")
        })
      const found = yield* Effect.flip(Explore.run(racy))
      const again = yield* Effect.flip(Explore.replay(racy, found.seed))
      expect(again.problem._tag).toBe("Rejected")
      expect(again.trace).toEqual(found.trace)
      expect(Exit.isFailure((found.problem as { exit: Exit.Exit<unknown, unknown> }).exit)).toBe(true)
    })
  )
})
