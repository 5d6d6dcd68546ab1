import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Logger, Option, Scheduler, Scope } from "effect"
import { AsyncLocalStorage } from "node:async_hooks"

import {
  CancelScope,
  CapacityLimiter,
  Condition,
  Event,
  Gather,
  Lock,
  MemoryChannel,
  Pool,
  Semaphore,
  Task,
  TaskGroup,
  WorkQueue
} from "../../src/index.ts"

// real time: random programs on Effect's own scheduler, which explorers do not control; limits of at most 2 ms in them

/** A scheduler whose fibers do not share a dispatcher. */
class Own extends Scheduler.MixedScheduler {
  override makeDispatcher() {
    return super.makeDispatcher()
  }
}

type Step = Effect.Effect<unknown, unknown, TaskGroup.TaskGroup<unknown>>

/** Mulberry32. */
const randomOf = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

const dice = (seed: number) => {
  const random = randomOf(seed)
  const below = (n: number) => Math.floor(random() * n)
  const pick = <X>(of: ReadonlyArray<X>): X => of[below(of.length)]!
  const pause = (): Effect.Effect<unknown> =>
    pick<Effect.Effect<unknown>>([
      Effect.void,
      Effect.yieldNow,
      Effect.yieldNow,
      Effect.promise(() => Promise.resolve()),
      Effect.promise(turn),
      Effect.promise(() => new Promise<void>((resolve) => process.nextTick(resolve)))
    ])
  return { below, chance: (p: number) => random() < p, pick, pause }
}

/** How many are inside, and what was seen that must not be. */
class Watch {
  readonly problems: Array<string> = []
  private readonly inside = new Map<string, number>()
  begun = 0
  ended = 0

  check(holds: boolean, problem: string): void {
    if (!holds) this.problems.push(problem)
  }

  /** At most so many inside at once. */
  guard(where: string, most: number, effect: Effect.Effect<unknown>): Effect.Effect<unknown> {
    const add = (by: number) => {
      const now = (this.inside.get(where) ?? 0) + by
      this.inside.set(where, now)
      this.check(now <= most, `${now} inside of ${where}, not ${most}`)
    }
    return Effect.suspend(() => {
      add(1)
      return Effect.ensuring(
        effect,
        Effect.sync(() => add(-1))
      )
    })
  }

  counted<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.suspend(() => {
      this.begun++
      return Effect.ensuring(
        effect,
        Effect.sync(() => void this.ended++)
      )
    })
  }

  finish(): void {
    this.check(this.begun === this.ended, `${this.begun} begun, ${this.ended} ended`)
    for (const [where, count] of this.inside) this.check(count === 0, `${count} still inside of ${where}`)
  }
}

const storage = new AsyncLocalStorage<number>()

/** A random program of tasks and fibers that lock, wait, hand over and are cancelled. */
const mixed = (seed: number, watch: Watch) =>
  Effect.gen(function* () {
    const { below, chance, pause, pick } = dice(seed)
    const lock = yield* Lock.make()
    const permits = 1 + below(3)
    const semaphore = yield* Semaphore.make(permits)
    const limiter = yield* CapacityLimiter.make(2)
    const event = yield* Event.make()
    const queue = yield* WorkQueue.bounded<number>(1 + below(3))
    const [sender, receiver] = yield* MemoryChannel.make<number>(below(3))
    const condition = yield* Condition.make()
    const counts = { offered: 0, taken: 0, sent: 0, received: 0, opened: 0, closed: 0, free: 1 }
    const scope = yield* Scope.make()
    const pool = yield* Pool.make({
      min: below(2),
      max: 2,
      acquire: Effect.acquireRelease(
        Effect.andThen(
          pause(),
          Effect.sync(() => `resource:${++counts.opened}`)
        ),
        () => Effect.sync(() => void counts.closed++)
      ),
      acquireTimeout: "10 seconds"
    }).pipe(Scope.provide(scope))

    const waitAndNotify = Effect.gen(function* () {
      yield* Condition.withLock(
        condition,
        Effect.gen(function* () {
          while (counts.free === 0) yield* Condition.wait(condition)
          counts.free--
        })
      )
      yield* pause()
      yield* Condition.withLock(
        condition,
        Effect.suspend(() => {
          counts.free++
          return Condition.notify(condition)
        })
      )
    })

    const step = (depth: number): Step => {
      const inner = (): Step => (depth > 2 ? pause() : steps(depth + 1, 1 + below(2)))
      const guarded = (where: string, most: number) => watch.guard(where, most, pause())
      return pick<() => Step>([
        pause,
        () => Lock.withLock(lock, guarded("lock", 1)),
        // Somebody who is interrupted between being handed the lock and going on must not be resumed where it is then.
        () => Effect.ensuring(Lock.withLock(lock, guarded("lock", 1)), Effect.andThen(pause(), pause())),
        () => Lock.tryWithLock(lock, guarded("lock", 1)),
        () => Semaphore.withPermits(semaphore, permits)(guarded("all permits", 1)),
        () =>
          Effect.ensuring(
            Semaphore.withPermits(semaphore, 1)(guarded("permits", permits)),
            Effect.promise(turn)
          ),
        () => Semaphore.tryWithPermits(semaphore, 1)(guarded("permits", permits)),
        () => Effect.ignore(CapacityLimiter.withToken(limiter)(guarded("limiter", 2))),
        () => Pool.use(pool, (resource) => guarded(resource, 1)),
        () => Effect.uninterruptible(Effect.map(WorkQueue.offer(queue, 1), () => counts.offered++)),
        () => Effect.uninterruptible(Effect.map(MemoryChannel.send(sender, 1), () => counts.sent++)),
        () => Effect.uninterruptible(waitAndNotify),
        () => Effect.andThen(Event.clear(event), Event.set(event)),
        () => CancelScope.moveOnAfter(inner(), `${below(3)} millis`),
        () => Effect.ignore(CancelScope.failAfter(inner(), `${1 + below(2)} millis`)),
        () => CancelScope.shield(inner(), { atMost: "5 seconds" }),
        () => Gather.all([inner(), inner(), pause()], { concurrency: 1 + below(3) }),
        () => Gather.race([inner(), pause()]),
        () =>
          Effect.flatMap(
            Effect.forkChild(watch.counted(inner()), { startImmediately: chance(0.5) }),
            (fiber) => (chance(0.5) ? Effect.andThen(pause(), Fiber.interrupt(fiber)) : Fiber.await(fiber))
          ),
        () => group(depth + 1, 3)
      ])()
    }
    const steps = (depth: number, count: number): Step =>
      Effect.forEach(
        Array.from({ length: count }, () => step(depth)),
        (one) => one,
        { discard: true }
      )

    const group = (depth: number, most: number): Step => {
      const tasks = Array.from({ length: 1 + below(most) }, () => ({
        work: watch.counted(steps(depth + 1, 1 + below(4))),
        how: pick(["fork", "here", "turn", "promise"] as const),
        cancelled: chance(0.15)
      }))
      const body = Effect.gen(function* () {
        const fork = yield* TaskGroup.runtime(yield* TaskGroup.current<unknown>())<
          TaskGroup.TaskGroup<unknown>
        >()
        for (const { work, how, cancelled } of tasks) {
          const store = below(1e9)
          const inContext = () =>
            storage.run(store, () =>
              fork(
                Effect.ensuring(
                  work,
                  Effect.sync(() => watch.check(storage.getStore() === store, "another's async context"))
                )
              )
            )
          const task =
            how === "fork"
              ? yield* TaskGroup.fork(work)
              : how === "here"
                ? inContext()
                : yield* Effect.promise(() => (how === "turn" ? turn() : Promise.resolve()).then(inContext))
          if (cancelled) yield* Effect.forkChild(Effect.andThen(pause(), Task.cancel(task)))
        }
      })
      return TaskGroup.run(body, { limit: chance(0.4) ? 1 + below(3) : undefined })
    }

    const taking = yield* Effect.forkChild(
      Effect.forever(
        Effect.andThen(
          Effect.uninterruptible(
            Effect.map(WorkQueue.tryTake(queue), (item) => void (counts.taken += Option.isSome(item) ? 1 : 0))
          ),
          Effect.yieldNow
        )
      )
    )
    const receiving = yield* Effect.forkChild(
      Effect.forever(Effect.map(MemoryChannel.receive(receiver), () => counts.received++)),
      { startImmediately: true }
    )
    const waiting = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(Event.wait(event)))
    const whole = TaskGroup.run(group(0, 10))
    const running = [
      yield* Effect.forkChild(whole),
      yield* Effect.forkChild(TaskGroup.run(steps(0, 1 + below(4))))
    ]
    if (chance(0.3)) {
      for (let i = below(6); i > 0; i--) yield* pause()
      yield* Fiber.interrupt(running[0]!)
    }
    for (const fiber of running) {
      const exit = yield* Fiber.await(fiber)
      watch.check(
        Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause),
        `ended with ${Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""}`
      )
    }
    yield* Event.set(event)
    yield* Effect.forEach(waiting, Fiber.join)
    yield* Fiber.interrupt(taking)
    while (Option.isSome(yield* WorkQueue.tryTake(queue))) counts.taken++
    while (counts.received < counts.sent) yield* Effect.promise(turn)
    yield* Fiber.interrupt(receiving)
    yield* Scope.close(scope, Exit.void)

    watch.finish()
    watch.check(counts.offered === counts.taken, `${counts.offered} offered, ${counts.taken} taken`)
    watch.check(counts.sent === counts.received, `${counts.sent} sent, ${counts.received} received`)
    watch.check(counts.opened === counts.closed, `${counts.opened} opened, ${counts.closed} closed`)
    watch.check(counts.free === 1, `${counts.free} free`)
    watch.check(!(yield* Lock.isLocked(lock)), "the lock is left locked")
    const { free, waiting: left } = yield* Semaphore.statistics(semaphore)
    watch.check(free === permits && left.length === 0, `${free} of ${permits} permits are free`)
  })

/** Tasks and fibers that wait for one thing, of which some are cancelled, are served in the order of asking. */
const inOrder = (seed: number, watch: Watch) =>
  Effect.gen(function* () {
    const { below, chance, pause, pick } = dice(seed)
    const lock = yield* Lock.make()
    const semaphore = yield* Semaphore.make(1)
    const event = yield* Event.make()
    const queue = yield* WorkQueue.unbounded<number>()

    const asking = (
      name: string,
      take: (inner: Effect.Effect<unknown>) => Effect.Effect<unknown, unknown>
    ) => {
      let asked = 0
      const waiting = new Set<number>()
      return Effect.suspend(() => {
        const mine = ++asked
        const then = pause()
        waiting.add(mine)
        const served = Effect.suspend(() => {
          watch.check(Math.min(...waiting) === mine, `${name}: ${mine} before ${Math.min(...waiting)}`)
          waiting.delete(mine)
          return then
        })
        return Effect.ensuring(
          take(served),
          Effect.sync(() => waiting.delete(mine))
        )
      })
    }
    const ways = [
      asking("lock", (inner) => Lock.withLock(lock, inner)),
      asking("semaphore", (inner) => Semaphore.withPermits(semaphore, 1)(inner)),
      asking("event", (inner) => Effect.andThen(Event.wait(event), inner)),
      asking("queue", (inner) => Effect.andThen(WorkQueue.take(queue), inner))
    ]
    const feeding = yield* Effect.forkChild(
      Effect.forever(
        Effect.suspend(() =>
          Effect.all(
            [
              pause(),
              WorkQueue.offer(queue, 1),
              chance(0.3) ? Effect.andThen(Event.set(event), Event.clear(event)) : Effect.void,
              pause()
            ],
            { discard: true }
          ).pipe(Effect.andThen(Effect.yieldNow))
        )
      )
    )
    const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
    yield* TaskGroup.run(
      Effect.gen(function* () {
        const fork = yield* TaskGroup.runtime(yield* TaskGroup.current<unknown>())()
        for (let i = 20 + below(80); i > 0; i--) {
          const work = Effect.all([pause(), pick(ways), pause(), pick(ways)], { discard: true })
          if (chance(0.5)) {
            const task = fork(work)
            if (chance(0.15)) fork(Effect.andThen(pause(), Task.cancel(task)))
          } else {
            const cleaning = Effect.ensuring(work, Effect.promise(turn))
            const fiber = yield* Effect.forkChild(cleaning, { startImmediately: chance(0.5) })
            fibers.push(fiber)
            if (chance(0.15)) fork(Effect.andThen(pause(), Fiber.interrupt(fiber)))
          }
          if (chance(0.3)) yield* pause()
        }
      })
    )
    yield* Effect.forEach(fibers, Fiber.await)
    yield* Fiber.interrupt(feeding)
  })

const runAll = async (
  program: (seed: number, watch: Watch) => Effect.Effect<void, unknown, Scope.Scope | never>,
  scheduler: Scheduler.Scheduler,
  from: number,
  count: number
) => {
  for (let seed = from; seed < from + count; seed++) {
    const watch = new Watch()
    let timer: NodeJS.Timeout | undefined
    const hangs = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`seed ${seed} hangs`)), 10_000)
    })
    const ends = Effect.runPromise(Effect.provide(Effect.scoped(program(seed, watch)), Logger.layer([])), {
      scheduler
    })
    await Promise.race([ends, hangs]).finally(() => clearTimeout(timer))
    assert.deepStrictEqual(watch.problems, [], `seed ${seed}`)
  }
}

describe("on Effect's own scheduler", () => {
  for (const [name, scheduler] of [
    ["with a dispatcher that all share", new Scheduler.MixedScheduler()],
    ["with a dispatcher for each fiber", new Own()]
  ] as const) {
    it(
      `random programs end, and nothing is lost, doubled or shared, ${name}`,
      () => runAll(mixed, scheduler, 1, 100),
      30_000
    )
    it(
      `those who wait are served in the order of asking, ${name}`,
      () => runAll(inOrder, scheduler, 1, 25),
      30_000
    )
  }
})
