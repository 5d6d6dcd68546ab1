import { strict as assert } from "node:assert"

import { Barrier, CapacityLimiter, Event, Lock, Semaphore, Task, TaskGroup } from "@skein/core"
import { Explore } from "@skein/testing"
import { Deferred, Effect, Exit, Fiber, Option } from "effect"

import { apart, later, of, room } from "./program.ts"
import type { Explored } from "./program.ts"

const semaphores: ReadonlyArray<Explored> = [
  {
    name: "Semaphore: never more inside than permits, none lost",
    operations: of("Semaphore", "make", "withPermits", "takeScoped", "tryWithPermits", "statistics"),
    program: () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(2)
        const enter = room(2)
        yield* apart([
          Semaphore.withPermits(semaphore, 1, enter(1)),
          Semaphore.withPermits(semaphore, 2, enter(2)),
          Effect.asVoid(Semaphore.tryWithPermits(semaphore, 1, enter(1))),
          Effect.scoped(Effect.andThen(Semaphore.takeScoped(semaphore, 2), enter(2)))
        ])
        const { free, holders, waiting } = yield* Semaphore.statistics(semaphore)
        assert.deepEqual([free, holders, waiting], [2, [], []])
      })
  },
  {
    name: "Semaphore: a large request is not overtaken",
    operations: of("Semaphore", "withPermits"),
    // Preempted between the note and the request, they come in another order.
    options: { modes: ["resumes"] },
    program: () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(2)
        const asking: Array<{ readonly permits: number }> = []
        const ask = (permits: number) =>
          Effect.suspend(() => {
            const own = { permits }
            const leave = (): void => {
              if (asking.includes(own)) asking.splice(asking.indexOf(own), 1)
            }
            asking.push(own)
            const served = Effect.suspend(() => {
              const before = asking.slice(0, asking.indexOf(own))
              assert.ok(
                before.every((one) => one.permits + permits <= 2),
                "overtaken"
              )
              leave()
              return Effect.yieldNow
            })
            return Effect.ensuring(Semaphore.withPermits(semaphore, permits, served), Effect.sync(leave))
          })
        yield* apart([ask(1), ask(2), ask(1), later(ask(1))])
      })
  },
  {
    name: "Semaphore: tasks that begin with permits are served or cancelled, and no permit is lost",
    operations: [
      "Semaphore.make",
      "Semaphore.withPermits",
      "Task.cancel",
      "Task.outcome",
      "TaskGroup.supervise"
    ],
    program: () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(1)
        const enter = room(1)
        const crowd = TaskGroup.supervise(
          Effect.gen(function* () {
            const tasks: Array<Task.Task<number>> = []
            for (let i = 0; i < 5; i++) {
              const inside = Effect.as(enter(1), i)
              tasks.push(yield* TaskGroup.fork(Semaphore.withPermits(semaphore, 1)(inside)))
            }
            yield* TaskGroup.fork(Task.cancel(tasks[1]!))
            yield* TaskGroup.fork(Effect.suspend(() => Fiber.interrupt(tasks[2]!.fiber)))
            yield* TaskGroup.fork(later(Semaphore.statistics(semaphore)))
            assert.deepEqual(yield* Task.outcome(tasks[4]!), Exit.succeed(4))
            return yield* Effect.forEach([tasks[0]!, tasks[3]!], Task.join)
          }),
          { onFailure: () => Effect.void }
        )
        const given = Effect.map(Semaphore.statistics(semaphore), ({ free, holders, waiting }) =>
          assert.deepEqual([free, holders, waiting], [1, [], []])
        )
        assert.deepEqual(yield* Effect.ensuring(crowd, given), [0, 3])
      })
  },
  {
    name: "Semaphore: a group that fails takes along tasks that begin with permits",
    operations: ["Semaphore.make", "Semaphore.withPermits", "TaskGroup.run", "TaskGroup.fork"],
    program: () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(1)
        const enter = room(1)
        const given = Effect.map(Semaphore.statistics(semaphore), ({ free, holders, waiting }) =>
          assert.deepEqual([free, holders, waiting], [1, [], []])
        )
        const exit = yield* TaskGroup.run(
          Effect.gen(function* () {
            for (let i = 0; i < 3; i++) yield* TaskGroup.fork(Semaphore.withPermits(semaphore, 1)(enter(1)))
            yield* TaskGroup.fork(later(Effect.fail("no")))
            yield* TaskGroup.fork(Semaphore.withPermits(semaphore, 1)(Effect.never))
          })
        ).pipe(Effect.ensuring(given), Effect.exit)
        assert.deepEqual(exit, Exit.fail("no"))
      })
  },
  {
    name: "Semaphore: when the first waiter leaves, those behind it that fit are served",
    operations: of("Semaphore", "withPermits", "take", "release", "takeScoped"),
    program: () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(2)
        const gate = yield* Deferred.make<void>()
        yield* Effect.forkChild(Semaphore.withPermits(semaphore, 1, Deferred.await(gate)))
        yield* Explore.waitAllBlocked
        const large = yield* Effect.forkChild(
          Explore.named(Semaphore.withPermits(semaphore, 2, Effect.void), "large")
        )
        yield* Explore.waitAllBlocked
        const small = yield* Effect.forkChild(
          apart([
            Semaphore.withPermits(semaphore, 1, Effect.yieldNow),
            Effect.scoped(Semaphore.takeScoped(semaphore, 1)),
            Effect.uninterruptible(
              Effect.andThen(Semaphore.take(semaphore, 1), Semaphore.release(semaphore, 1))
            )
          ])
        )
        yield* Explore.waitAllBlocked
        const { free, waiting } = yield* Semaphore.statistics(semaphore)
        assert.equal(free, 1)
        if (large.pollUnsafe() !== undefined) assert.deepEqual(waiting, [], "behind nobody")
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.await(large)
        yield* Fiber.join(small)
        assert.equal((yield* Semaphore.statistics(semaphore)).free, 2)
      })
  },
  {
    name: "Semaphore: bare permits, taken by one fiber and given back by another",
    operations: of("Semaphore", "take", "release", "makeUnsafe"),
    program: () =>
      Effect.gen(function* () {
        const semaphore = Semaphore.makeUnsafe(2)
        let taken = 0
        yield* Explore.always(() => taken >= 0 && taken <= 2)
        // Counted in the step in which they are taken.
        const take = (permits: number) =>
          Effect.map(Semaphore.take(semaphore, permits), () => void (taken += permits))
        const takers = Effect.forkChild(
          Effect.interruptible(apart([take(1), take(2), take(1), later(take(2))]))
        )
        // Gives back whatever is out, until nobody wants any.
        const giveBack = Effect.gen(function* () {
          while (true) {
            yield* Explore.waitAllBlocked
            const out = taken
            taken = 0
            if (out === 0) return
            yield* Semaphore.release(semaphore, out)
          }
        })
        // An interruption after the first has taken would leave permits that nobody gives back.
        const ended = yield* Effect.uninterruptible(
          Effect.flatMap(takers, (fiber) => Effect.as(giveBack, fiber))
        )
        const { free, waiting } = yield* Semaphore.statistics(semaphore)
        assert.deepEqual([free, waiting], [2, []])
        yield* Fiber.join(ended)
      })
  },
  {
    name: "Semaphore: resize keeps to the total",
    operations: of("Semaphore", "resize", "withPermit"),
    program: () =>
      Effect.gen(function* () {
        const semaphore = yield* Semaphore.make(1)
        const enter = room(2)
        yield* apart([
          Semaphore.withPermit(semaphore, enter(1)),
          Semaphore.withPermit(semaphore, enter(1)),
          Semaphore.withPermit(semaphore, enter(1)),
          Effect.andThen(Semaphore.resize(semaphore, 2), Semaphore.resize(semaphore, 1))
        ])
        const { free, holders, permits, waiting } = yield* Semaphore.statistics(semaphore)
        assert.deepEqual([free, holders, waiting], [permits, [], []])
      })
  }
]

export const programs: ReadonlyArray<Explored> = [
  ...semaphores,
  {
    name: "Lock: one at a time, free at the end",
    operations: of("Lock", "make", "withLock", "tryWithLock", "acquire", "isLocked", "statistics"),
    program: () =>
      Effect.gen(function* () {
        const lock = yield* Lock.make()
        const enter = room(1)
        yield* apart([
          Lock.withLock(lock, enter(1)),
          Lock.withLock(lock, enter(1)),
          Effect.asVoid(Lock.tryWithLock(lock, enter(1))),
          Effect.scoped(Effect.andThen(Lock.acquire(lock), enter(1)))
        ])
        const { owner, waiting } = yield* Lock.statistics(lock)
        assert.deepEqual([owner, waiting, yield* Lock.isLocked(lock)], [Option.none(), [], false])
      })
  },
  {
    name: "Lock: two locks, taken in the same order: nobody waits for ever, and both are free at the end",
    operations: of("Lock", "makeUnsafe", "withLock", "acquire"),
    program: () =>
      Effect.gen(function* () {
        const [outer, inner] = [Lock.makeUnsafe(), Lock.makeUnsafe()]
        const enter = room(1)
        const both = Lock.withLock(outer, later(Lock.withLock(inner, enter(1))))
        const scoped = Effect.scoped(
          Effect.andThen(Lock.acquire(outer), later(Effect.andThen(Lock.acquire(inner), enter(1))))
        )
        yield* apart([both, scoped, Lock.withLock(inner, enter(1)), both])
        assert.deepEqual([yield* Lock.isLocked(outer), yield* Lock.isLocked(inner)], [false, false])
      })
  },
  {
    name: "CapacityLimiter: never more borrowed than tokens, none lost",
    operations: of("CapacityLimiter", "make", "withToken", "tryWithToken", "borrow", "statistics"),
    program: () =>
      Effect.gen(function* () {
        const limiter = yield* CapacityLimiter.make(2)
        const enter = room(2)
        yield* apart([
          CapacityLimiter.withToken(limiter, enter(1)),
          CapacityLimiter.withToken(limiter, enter(1), { borrower: "b" }),
          Effect.asVoid(CapacityLimiter.tryWithToken(limiter, enter(1))),
          Effect.scoped(Effect.andThen(CapacityLimiter.borrow(limiter), enter(1)))
        ])
        const { borrowed, borrowers, waiting } = yield* CapacityLimiter.statistics(limiter)
        assert.deepEqual([borrowed, borrowers, waiting], [0, [], []])
      })
  },
  {
    name: "CapacityLimiter: resize serves who waits, and keeps to the greater total",
    operations: of("CapacityLimiter", "resize", "withToken"),
    program: () =>
      Effect.gen(function* () {
        const limiter = yield* CapacityLimiter.make(1)
        const enter = room(2)
        yield* apart([
          CapacityLimiter.withToken(limiter, enter(1)),
          CapacityLimiter.withToken(limiter, enter(1)),
          CapacityLimiter.withToken(limiter, enter(1)),
          Effect.andThen(CapacityLimiter.resize(limiter, 2), CapacityLimiter.resize(limiter, 1))
        ])
        assert.deepEqual((yield* CapacityLimiter.statistics(limiter)).waiting, [])
      })
  },
  {
    name: "Event: whoever waits is woken",
    operations: of("Event", "make", "makeUnsafe", "wait", "set", "setUnsafe", "clear", "isSet", "statistics"),
    program: () =>
      Effect.gen(function* () {
        const event = yield* Event.make()
        const other = Event.makeUnsafe()
        const pulse = Effect.andThen(Event.set(event), Event.clear(event))
        const set = Effect.gen(function* () {
          yield* pulse
          yield* Effect.yieldNow
          yield* Event.set(event)
          Event.setUnsafe(other)
        })
        const waiters = yield* Effect.forkChild(
          apart([Event.wait(event), Effect.andThen(Event.wait(event), Event.wait(other))])
        )
        yield* Effect.uninterruptible(set)
        yield* Fiber.join(waiters)
        assert.deepEqual([(yield* Event.statistics(event)).waiting, yield* Event.isSet(event)], [[], true])
      })
  },
  {
    name: "Event: a pulse wakes each who waits, though another be interrupted as it is woken",
    operations: of("Event", "wait", "set", "clear"),
    program: () =>
      Effect.gen(function* () {
        const event = yield* Event.make()
        const waiters = yield* Effect.forkChild(apart([1, 2, 3].map(() => Event.wait(event))))
        yield* Explore.waitAllBlocked
        yield* Effect.uninterruptible(Effect.andThen(Event.set(event), Event.clear(event)))
        // Nobody sets it again.
        yield* Fiber.join(waiters)
        assert.deepEqual((yield* Event.statistics(event)).waiting, [])
      })
  },
  {
    name: "Barrier: rounds do not mix",
    operations: of("Barrier", "make", "wait"),
    // One that is interrupted does not come, and the other waits for it.
    options: { interrupts: false },
    program: () =>
      Effect.gen(function* () {
        const barrier = yield* Barrier.make(2)
        const arrived = [0, 0]
        const round = Effect.gen(function* () {
          for (let i = 0; i < 2; i++) {
            arrived[i]!++
            yield* Barrier.wait(barrier)
            assert.equal(arrived[i], 2)
          }
        })
        yield* Effect.all([round, round], { concurrency: 2 })
      })
  },
  {
    name: "Barrier: a party that is interrupted counts no longer; abort frees who waits, reset mends",
    operations: of("Barrier", "wait", "abort", "reset", "isBroken", "statistics"),
    program: () =>
      Effect.gen(function* () {
        const barrier = yield* Barrier.make(3)
        const met: Array<number> = []
        const come = Effect.map(Barrier.wait(barrier), (index) => void met.push(index))
        const parties = yield* Effect.forkChild(apart([1, 2, 3, 4, 5].map(() => Effect.exit(come))))
        const end = Effect.gen(function* () {
          yield* Explore.waitAllBlocked
          const { waiting } = yield* Barrier.statistics(barrier)
          yield* Barrier.abort(barrier)
          return waiting.length
        })
        const left = yield* Effect.uninterruptible(end)
        const exits = yield* Fiber.join(parties)
        // One may have been interrupted: before it came, in the round, after the round, after the abort.
        const lost = 5 - met.length - left
        assert.ok(lost === 0 || (lost === 1 && exits.some(Exit.isFailure)), "neither met nor left")
        assert.ok(left < 3 && met.length <= 3)
        assert.equal(new Set(met).size, met.length)
        assert.deepEqual(
          [yield* Barrier.isBroken(barrier), (yield* Barrier.statistics(barrier)).waiting],
          [true, []]
        )
        yield* Barrier.reset(barrier)
        const again = yield* Effect.all(
          [1, 2, 3].map(() => later(Barrier.wait(barrier))),
          { concurrency: "unbounded" }
        )
        assert.deepEqual(again.toSorted(), [0, 1, 2])
      })
  }
]
