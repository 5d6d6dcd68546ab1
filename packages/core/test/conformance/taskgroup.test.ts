import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"

import { Task, TaskGroup, TaskGroupError } from "../../src/index.ts"
import {
  diesOf,
  failsOf,
  interrupted,
  isInterrupted,
  isOnlyInterrupted,
  journal,
  settle
} from "../tasks/fixtures.ts"

describe("taskgroup", () => {
  it.effect("TG-001: leaving the group waits for all children, then each handle yields its value", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(
        TaskGroup.run(
          Effect.gen(function* () {
            const short = yield* TaskGroup.fork(Effect.as(Effect.sleep(10), "short"))
            const long = yield* TaskGroup.fork(Effect.as(Effect.sleep(20), "long"))
            return [short, long] as const
          })
        )
      )
      yield* TestClock.adjust(19)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      const [short, long] = yield* Fiber.join(fiber)
      assert.deepStrictEqual([yield* Task.join(short), yield* Task.join(long)], ["short", "long"])
    })
  )

  it.effect("TG-002: a child forked after the body was suspended is awaited like an early one", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      const fiber = yield* Effect.forkChild(
        TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(Effect.andThen(Effect.sleep(30), write("early")))
            yield* Effect.sleep(10)
            yield* TaskGroup.fork(Effect.andThen(Effect.sleep(40), write("late")))
          })
        )
      )
      yield* TestClock.adjust(100)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(lines, ["early", "late"])
    })
  )

  it.effect("TG-003: a child cancelled by the body disturbs no sibling and the group succeeds", () =>
    Effect.gen(function* () {
      const result = yield* TaskGroup.run(
        Effect.gen(function* () {
          const cancelled = yield* TaskGroup.fork(Effect.never)
          const sibling = yield* TaskGroup.fork(Effect.as(settle, "fine"))
          yield* Task.cancel(cancelled)
          return [yield* Task.status(cancelled), yield* Task.join(sibling)]
        })
      )
      assert.deepStrictEqual(result, ["cancelled", "fine"])
    })
  )

  it.effect(
    "TG-004: a child failing while the group waits cancels the rest; only the failure is listed",
    () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        const group = TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(Effect.onInterrupt(Effect.never, () => write("sibling cancelled")))
            yield* TaskGroup.fork(Effect.andThen(settle, Effect.fail("no")))
          })
        )
        const exit = yield* Effect.exit(Effect.andThen(group, write("after")))
        assert.deepStrictEqual(exit, Exit.fail("no"))
        assert.deepStrictEqual(lines, ["sibling cancelled"])
      })
  )

  it.effect(
    "TG-009: a cleanup that fails when the owner is cancelled stays in the Cause beside the interruption",
    () =>
      Effect.gen(function* () {
        const exit = yield* interrupted(
          TaskGroup.run(TaskGroup.fork(Effect.ensuring(Effect.never, Effect.die("cleanup"))))
        )
        assert.isTrue(isInterrupted(exit))
        assert.deepStrictEqual(diesOf(exit), ["cleanup"])
      })
  )

  it.effect("TG-010: a failing body cancels and awaits the children, its error is the group's", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(
              Effect.onInterrupt(Effect.never, () => Effect.andThen(settle, write("child gone")))
            )
            yield* settle
            return yield* Effect.fail("body")
          })
        )
      )
      assert.deepStrictEqual([exit, lines], [Exit.fail("body"), ["child gone"]])
    })
  )

  it.effect("TG-011: a body failing before it suspends leaves no child that runs on", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      const handles: Array<Task.Task<void>> = []
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.gen(function* () {
            handles.push(yield* TaskGroup.fork(Effect.andThen(Effect.yieldNow, write("ran"))))
            return yield* Effect.fail("body")
          })
        )
      )
      yield* settle
      assert.deepStrictEqual(
        [exit, lines, yield* Task.status(handles[0]!)],
        [Exit.fail("body"), [], "cancelled"]
      )
    })
  )

  it.effect("TG-012: failures of an inner group's cleanups surface flat in the outer one", () =>
    Effect.gen(function* () {
      const inner = TaskGroup.run(
        Effect.gen(function* () {
          yield* TaskGroup.fork(Effect.ensuring(Effect.never, Effect.die("one")))
          yield* TaskGroup.fork(Effect.ensuring(Effect.never, Effect.die("two")))
        })
      )
      const exit = yield* interrupted(TaskGroup.run(inner))
      assert.deepStrictEqual(diesOf(exit), ["one", "two"])
    })
  )

  it.effect("TG-013: an inner group cancelled by the outer one adds nothing to the outer error", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(Effect.andThen(settle, Effect.fail("outer child")))
            yield* TaskGroup.run(TaskGroup.fork(Effect.never))
          })
        )
      )
      assert.deepStrictEqual(exit, Exit.fail("outer child"))
    })
  )

  it.effect("TG-014: an inner group's failure cancels the outer children and reaches the owner flat", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(Effect.onInterrupt(Effect.never, () => write("outer child cancelled")))
            yield* TaskGroup.run(TaskGroup.fork(Effect.andThen(settle, Effect.fail("inner"))))
          })
        )
      )
      assert.deepStrictEqual([exit, lines], [Exit.fail("inner"), ["outer child cancelled"]])
    })
  )

  it.effect(
    "TG-015: a child failing while the cancelled body cleans up is reported beside the interruption",
    () =>
      Effect.gen(function* () {
        const release = yield* Deferred.make<void>()
        const fiber = yield* Effect.forkChild(
          TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(
                Effect.uninterruptible(Effect.andThen(Deferred.await(release), Effect.fail("child")))
              )
              yield* Effect.ensuring(
                Effect.never,
                Effect.andThen(Deferred.succeed(release, undefined), settle)
              )
            })
          )
        )
        yield* settle
        yield* Fiber.interrupt(fiber)
        const exit = yield* Fiber.await(fiber)
        assert.deepStrictEqual([failsOf(exit), isInterrupted(exit)], [["child"], true])
      })
  )

  it.effect("TG-016: the owner of a group without children is cancelled as if there were no group", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      const exit = yield* interrupted(TaskGroup.run(Effect.onInterrupt(Effect.never, () => write("cleanup"))))
      assert.deepStrictEqual([isOnlyInterrupted(exit), lines], [true, ["cleanup"]])
    })
  )

  it.effect(
    "TG-018: the child's error and the failing cleanup of the body it cancelled are both in the Cause",
    () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          TaskGroup.run(
            Effect.andThen(
              TaskGroup.fork(Effect.andThen(settle, Effect.fail("child"))),
              Effect.ensuring(Effect.never, Effect.die("body cleanup"))
            )
          )
        )
        assert.deepStrictEqual([failsOf(exit), diesOf(exit)], [["child"], ["body cleanup"]])
      })
  )

  it.effect("TG-019: a defect dominates: a typed handler does not see the group's failure", () =>
    Effect.gen(function* () {
      const group = TaskGroup.run(
        Effect.andThen(
          TaskGroup.fork(Effect.andThen(settle, Effect.fail("child"))),
          Effect.ensuring(Effect.never, Effect.die("fatal"))
        )
      )
      const exit = yield* Effect.exit(Effect.catch(group, () => Effect.succeed("handled")))
      assert.include(diesOf(exit) as Array<unknown>, "fatal")
    })
  )

  it.effect("TG-020: a body defect and a child's typed failure are both in the Cause", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.andThen(
            TaskGroup.fork(Effect.uninterruptible(Effect.andThen(settle, Effect.fail("child")))),
            Effect.die("body")
          )
        )
      )
      assert.deepStrictEqual([diesOf(exit), failsOf(exit)], [["body"], ["child"]])
    })
  )

  it.effect("TG-021: a long-lived group forgets finished children as it goes", () =>
    Effect.gen(function* () {
      const sizes = yield* TaskGroup.run(
        Effect.gen(function* () {
          const seen: Array<number> = []
          for (let i = 0; i < 3; i++) {
            yield* TaskGroup.fork(settle)
            seen.push(yield* TaskGroup.size())
            yield* Effect.andThen(settle, settle)
            seen.push(yield* TaskGroup.size())
          }
          return seen
        })
      )
      assert.deepStrictEqual(sizes, [1, 0, 1, 0, 1, 0])
    })
  )

  it.effect("TG-023: children that fork for ever end when one fails", () =>
    Effect.gen(function* () {
      let forks = 0
      const endless: Effect.Effect<void, never, TaskGroup.TaskGroup<never>> = Effect.suspend(() => {
        forks++
        return Effect.andThen(Effect.yieldNow, Effect.asVoid(TaskGroup.fork(endless)))
      })
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.andThen(
            TaskGroup.fork(endless),
            TaskGroup.fork(Effect.andThen(Effect.andThen(settle, settle), Effect.fail("enough")))
          )
        )
      )
      assert.deepStrictEqual(exit, Exit.fail("enough"))
      const after = forks
      yield* settle
      assert.strictEqual(forks, after)
    })
  )

  it.effect("TG-024: forking from a cancellation handler starts nothing", () =>
    Effect.gen(function* () {
      const { lines, write } = journal()
      const statuses: Array<string> = []
      const exit = yield* Effect.exit(
        TaskGroup.run(
          Effect.gen(function* () {
            yield* TaskGroup.fork(
              Effect.onInterrupt(Effect.never, () =>
                Effect.flatMap(TaskGroup.fork(write("ran")), (task) =>
                  Effect.map(Task.status(task), (status) => void statuses.push(status))
                )
              )
            )
            yield* TaskGroup.fork(Effect.andThen(settle, Effect.fail("stop")))
          })
        )
      )
      assert.deepStrictEqual([exit, lines, statuses], [Exit.fail("stop"), [], ["cancelled"]])
    })
  )

  it.effect(
    "TG-025: a child forked while the group is being cancelled on purpose is cancelled from the outset",
    () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        yield* TaskGroup.run(
          Effect.gen(function* () {
            const group = yield* TaskGroup.current()
            yield* TaskGroup.fork(
              Effect.onInterrupt(Effect.never, () =>
                Effect.asVoid(Effect.orDie(TaskGroup.forkIn(group, write("ran"))))
              )
            )
            yield* TaskGroup.cancel()
            yield* TaskGroup.fork(write("after"))
          })
        )
        assert.deepStrictEqual(lines, ["after"])
      })
  )

  it.effect("TG-026: the handle of a child that never ran has no result, ever", () =>
    Effect.gen(function* () {
      const exit = yield* TaskGroup.run(
        Effect.gen(function* () {
          const group = yield* TaskGroup.current()
          const handles: Array<Task.Task<number>> = []
          yield* TaskGroup.fork(
            Effect.onInterrupt(Effect.never, () =>
              Effect.map(
                Effect.orDie(TaskGroup.forkIn(group, Effect.succeed(1))),
                (task) => void handles.push(task)
              )
            )
          )
          yield* TaskGroup.cancel()
          return yield* Effect.exit(Task.join(handles[0]!))
        })
      )
      assert.instanceOf(diesOf(exit)[0], Task.TaskCancelled)
    })
  )

  it.effect(
    "TG-031: inner errors handled inside leave the outer failure pending until the outer group ends",
    () =>
      Effect.gen(function* () {
        const { lines, write } = journal()
        const both = yield* Deferred.make<void>()
        const exit = yield* Effect.exit(
          TaskGroup.run(
            Effect.gen(function* () {
              yield* TaskGroup.fork(Effect.andThen(Deferred.await(both), Effect.fail("outer" as const)))
              yield* TaskGroup.run(
                TaskGroup.fork(Effect.andThen(Deferred.await(both), Effect.fail("inner" as const)))
              ).pipe(
                Effect.catch(() => write("handled")),
                Effect.andThen(Effect.never),
                Effect.forkChild
              )
              yield* settle
              yield* Deferred.succeed(both, undefined)
              yield* Effect.never
            })
          )
        )
        assert.deepStrictEqual(exit, Exit.fail("outer"))
        assert.isTrue(lines.length <= 1)
      })
  )

  it.effect(
    "TG-032: an owner interrupted as a child fails is interrupted, and the failure is in its Cause",
    () =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const { lines, write } = journal()
        const fiber = yield* Effect.forkChild(
          TaskGroup.run(
            TaskGroup.fork(Effect.uninterruptible(Effect.andThen(Deferred.await(gate), Effect.fail("child"))))
          ).pipe(
            Effect.catch(() => Effect.void),
            Effect.andThen(write("went on"))
          )
        )
        yield* settle
        fiber.interruptUnsafe()
        yield* Deferred.succeed(gate, undefined)
        const exit = yield* Fiber.await(fiber)
        assert.deepStrictEqual([isInterrupted(exit), lines], [true, []])
      })
  )

  it.effect(
    "TG-036: one failure or several, run fails with the bare error and collect with one wrapper",
    () =>
      Effect.gen(function* () {
        const one = TaskGroup.fork(Effect.fail("e"))
        assert.deepStrictEqual(yield* Effect.exit(TaskGroup.run(one)), Exit.fail("e"))
        const wrapped = yield* Effect.flip(TaskGroup.collect(one))
        assert.instanceOf(wrapped, TaskGroupError.TaskGroupError)
        assert.deepStrictEqual(
          wrapped.failures.map((failure) => failure.error),
          ["e"]
        )
      })
  )
})
