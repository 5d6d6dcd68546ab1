import { strict as assert } from "node:assert"

import { CancelScope, Gather, TaskGroup } from "@skein/core"
import { exitNow } from "@skein/core/unstable/effect"
import { Explore } from "@skein/testing"
import { DateTime, Deferred, Duration, Effect, Exit, Fiber, Option } from "effect"

import { apart, held, later, of } from "./program.ts"
import type { Explored } from "./program.ts"

export const programs: ReadonlyArray<Explored> = [
  {
    name: "CancelScope: a deadline against a value: one of the two comes out, and the work has exited",
    operations: of("CancelScope", "failAfter"),
    program: () => {
      const { balanced, work } = held()
      return Effect.gen(function* () {
        const exit = yield* Effect.exit(
          balanced(work(Effect.as(Effect.sleep("1 second"), "value")).pipe(CancelScope.failAfter("1 second")))
        )
        if (Exit.isSuccess(exit)) assert.equal(exit.value, "value")
        else
          assert.deepEqual(
            exit.cause.reasons.map((reason) => reason._tag),
            ["Fail"]
          )
      })
    }
  },
  {
    name: "CancelScope: equal nested deadlines: the outer one converts",
    operations: of("CancelScope", "failAfter", "moveOnAfter"),
    program: () => {
      const { balanced, work } = held()
      return Effect.gen(function* () {
        const result = yield* balanced(
          work(Effect.never).pipe(
            CancelScope.failAfter("1 second", { name: "inner" }),
            Effect.catchTag("DeadlineExceeded", () => Effect.succeed("inner")),
            CancelScope.moveOnAfter("1 second")
          )
        )
        assert.deepEqual(result, Option.none())
      })
    }
  },
  {
    name: "CancelScope: cancel from elsewhere, twice, against the end of the work: the outcome agrees with who is told",
    operations: of("CancelScope", "run", "cancel", "isCancelled"),
    program: () =>
      Effect.gen(function* () {
        const { balanced, work } = held()
        const scopes = yield* Deferred.make<CancelScope.CancelScope>()
        let told = 0
        const cancel = Effect.flatMap(Deferred.await(scopes), (scope) =>
          Effect.map(CancelScope.cancel(scope), (yes) => {
            if (yes) told++
          })
        )
        const main = Effect.gen(function* () {
          const outcome = yield* balanced(
            CancelScope.run((scope) => Effect.andThen(Deferred.succeed(scopes, scope), work(Effect.yieldNow)))
          )
          const scope = yield* Deferred.await(scopes)
          const cancelled = yield* CancelScope.isCancelled(scope)
          assert.equal(cancelled, outcome._tag === "Cancelled")
          return outcome._tag
        })
        const cancellers = yield* Effect.forkChild(apart([cancel, cancel]))
        const tag = yield* main
        yield* Fiber.join(cancellers)
        // A canceller that was interrupted just after it had cancelled is not told.
        assert.ok(told <= (tag === "Cancelled" ? 1 : 0))
      })
  },
  {
    name: "CancelScope: what the work died of stays in the Cause, though its caller is interrupted",
    operations: ["CancelScope.run", "CancelScope.failAfter", "TaskGroup.run", "Gather.all"],
    program: () => {
      const told = <A>(name: string, work: (dying: Effect.Effect<never>) => Effect.Effect<A, unknown>) => {
        let died = false
        // In one step: preempted between a throw and its catch, a fiber of Effect forgets the throw when it is interrupted.
        const dying: Effect.Effect<never> = Effect.withFiber((fiber) => {
          died = true
          return exitNow(fiber, Exit.die(new Error("bug"))) as Effect.Effect<never>
        })
        const caller = Effect.onExit(work(dying), (exit) =>
          Effect.sync(() => {
            const dies = Exit.isFailure(exit) && exit.cause.reasons.some((one) => one._tag === "Die")
            if (died && !dies) lost.push(name)
          })
        )
        return Effect.forkChild(Explore.named(caller, name))
      }
      const lost: Array<string> = []
      return Effect.gen(function* () {
        yield* Explore.always(() => lost.length === 0)
        const fibers = [
          yield* told("run", (dying) => CancelScope.run(() => Effect.andThen(Effect.yieldNow, dying))),
          yield* told("run, at once", (dying) => CancelScope.run(() => dying)),
          yield* told("failAfter", (dying) =>
            CancelScope.failAfter(Effect.ensuring(Effect.never, dying), "1 second")
          ),
          yield* told("failAfter, at once", (dying) => CancelScope.failAfter(dying, "1 second")),
          yield* told("group", (dying) => TaskGroup.run(TaskGroup.fork(later(dying)))),
          yield* told("group, at once", (dying) => TaskGroup.run(TaskGroup.fork(dying))),
          yield* told("gather", (dying) => Gather.all([later(dying), Effect.never])),
          yield* told("gather, at once", (dying) => Gather.all([dying, Effect.void]))
        ]
        yield* Fiber.awaitAll<Fiber.Fiber<unknown, unknown>>(fibers)
      })
    }
  },
  {
    name: "CancelScope: a shield lets its work finish, whoever cancels when",
    operations: of("CancelScope", "shield", "moveOnAfter"),
    program: () =>
      Effect.gen(function* () {
        let begun = 0
        let ended = 0
        const commit = Effect.gen(function* () {
          begun++
          yield* Effect.yieldNow
          yield* Effect.sleep("10 millis")
          ended++
        })
        yield* Effect.addFinalizer(() => Effect.sync(() => assert.equal(ended, begun)))
        yield* commit.pipe(CancelScope.shield({ atMost: "1 minute" }), CancelScope.moveOnAfter("5 millis"))
      }).pipe(Effect.scoped)
  },
  {
    name: "CancelScope: withSignal, aborted while the work ends",
    operations: of("CancelScope", "withSignal"),
    program: () => {
      const { balanced, work } = held()
      return Effect.gen(function* () {
        const controller = new AbortController()
        const abort = Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => controller.abort("enough"))
        )
        // It ends by an interruption that no fiber asked for.
        const guarded = Effect.exit(
          balanced(CancelScope.withSignal(work(Effect.yieldNow), controller.signal))
        )
        yield* Effect.all([guarded, abort], { concurrency: 2 })
      })
    }
  },
  {
    name: "CancelScope: a signal is aborted when its scope is cancelled or its Scope has closed",
    operations: of("CancelScope", "signal", "run"),
    program: () => {
      const { balanced, work } = held()
      const signals: Array<AbortSignal> = []
      const body = Effect.scoped(
        Effect.gen(function* () {
          const signal = yield* CancelScope.signal
          signals.push(signal)
          assert.equal(signal.aborted, false)
          yield* work(Effect.sleep("1 second"))
        })
      )
      return Effect.onExit(balanced(CancelScope.run(() => body, { timeout: "1 second" })), () =>
        Effect.sync(() => assert.ok(signals.every((signal) => signal.aborted)))
      )
    }
  },
  {
    name: "CancelScope: a group inside, rescheduled from one of its tasks: everything has exited",
    operations: of("CancelScope", "run", "reschedule"),
    program: () => {
      const { balanced, work } = held()
      return Effect.gen(function* () {
        const outcome = yield* balanced(
          CancelScope.run(
            (scope) =>
              TaskGroup.run(
                Effect.gen(function* () {
                  yield* TaskGroup.fork(work(Effect.never))
                  yield* TaskGroup.fork(work(CancelScope.reschedule(scope, { timeout: "2 seconds" })))
                  return yield* Effect.never
                })
              ),
            { timeout: "1 second" }
          )
        )
        assert.equal(outcome._tag, "Cancelled")
      })
    }
  },
  {
    name: "CancelScope: a deadline that came in a header is seen by every task below it, and ends them",
    operations: of("CancelScope", "withHeader", "toHeader", "deadline", "remaining"),
    program: () => {
      const { balanced, work } = held()
      let calm = true
      const task = work(
        Effect.gen(function* () {
          yield* Effect.yieldNow
          // A scope that is being cancelled has none any more, and its tasks learn of it one after the other.
          const [deadline, header] = [yield* CancelScope.deadline, yield* CancelScope.toHeader]
          const remaining = Duration.toMillis(yield* CancelScope.remaining)
          if (Option.isSome(deadline)) assert.equal(DateTime.toEpochMillis(deadline.value), 1000)
          if (Option.isSome(header)) assert.equal(header.value, "1000m")
          assert.ok(remaining === 1000 || remaining === Infinity)
          calm = calm && Option.isSome(deadline) && Option.isSome(header)
          return yield* Effect.never
        })
      )
      const both = TaskGroup.run(Effect.andThen(TaskGroup.fork(task), task))
      return Effect.gen(function* () {
        const exit = yield* Effect.exit(
          balanced(CancelScope.withHeader(both, "1000m", { atMost: "1 minute" }))
        )
        assert.ok(calm && Exit.isFailure(exit))
        assert.deepEqual(
          exit.cause.reasons.map((reason) => (reason._tag === "Fail" ? reason.error._tag : reason._tag)),
          ["DeadlineExceeded"]
        )
      })
    }
  },
  {
    name: "CancelScope: a fiber goes on after its time limits as if nothing had been, again and again",
    operations: of("CancelScope", "moveOnAfter", "remaining"),
    program: () => {
      const { balanced, work } = held()
      const child = Effect.forkChild(work(Effect.never), { startImmediately: true })
      return balanced(
        Effect.gen(function* () {
          for (const stuck of [work(Effect.never), Effect.andThen(child, later(Effect.never))]) {
            const late = yield* CancelScope.moveOnAfter(
              CancelScope.moveOnAfter(stuck, "3 seconds"),
              "1 second"
            )
            assert.deepEqual(late, Option.none())
            assert.equal(yield* Effect.as(Effect.sleep("1 second"), "awake"), "awake")
            assert.equal(yield* CancelScope.remaining, Duration.infinity)
          }
        })
      )
    }
  },
  {
    name: "CancelScope: a limit strikes in a context out of another one, and while that of another one unwinds",
    operations: of("CancelScope", "failAfter", "moveOnAfter", "run"),
    program: () => {
      const { balanced, work } = held()
      const late = <A>(effect: Effect.Effect<A>) =>
        Effect.map(Effect.exit(CancelScope.failAfter(effect, "2 seconds")), (exit) => {
          const tags = Exit.isFailure(exit) ? exit.cause.reasons.map((reason) => reason._tag) : []
          assert.deepEqual(tags, ["Fail"])
        })
      const context = later(Effect.context<never>())
      const body = Effect.gen(function* () {
        const outer = yield* context
        const unwinding = Effect.ensuring(work(Effect.never), Effect.sleep("3 seconds"))
        const inner = Effect.provideContext(CancelScope.moveOnAfter(unwinding, "1 second"), outer)
        yield* late(Effect.andThen(inner, Effect.never))
        const ended = yield* CancelScope.failAfter(context, "1 second")
        yield* Effect.sleep("5 seconds")
        yield* Effect.provideContext(late(work(Effect.never)), ended)
      })
      return balanced(CancelScope.run(() => body))
    }
  }
]
