import { assert, describe, it } from "@effect/vitest"
import {
  Barrier,
  CapacityLimiter,
  Condition,
  Event,
  Lock,
  MemoryChannel,
  Semaphore,
  WorkQueue
} from "@skein/core"
import { Effect, Stream } from "effect"

import { defectOf } from "./fixtures.ts"

// What every operation does with what it is not for: of all that these modules export, so that none is forgotten.

type Called = (...args: ReadonlyArray<unknown>) => unknown

const kinds: Readonly<Record<string, readonly [module: object, wanted: string]>> = {
  Barrier: [Barrier, "a Barrier"],
  CapacityLimiter: [CapacityLimiter, "a CapacityLimiter"],
  Condition: [Condition, "a Condition"],
  Event: [Event, "an Event"],
  Lock: [Lock, "a Lock"],
  MemoryChannel: [MemoryChannel, "a sender or receiver"],
  Semaphore: [Semaphore, "a Semaphore"],
  WorkQueue: [WorkQueue, "a WorkQueue"]
}

/** Of ends of a channel, those that work on one kind only. */
const ends: Readonly<Record<string, string>> = {
  "MemoryChannel.receive": "a receiver",
  "MemoryChannel.send": "a sender",
  "MemoryChannel.stream": "a receiver",
  "MemoryChannel.tryReceive": "a receiver",
  "MemoryChannel.trySend": "a sender"
}

/** It is another operation with an argument given, and is told by that one's name. */
const inOtherWords: Readonly<Record<string, string>> = { "Semaphore.withPermit": "Semaphore.withPermits" }

const refusal = (where: string, wanted: string, shown: string): string =>
  `${inOtherWords[where] ?? where}: expected ${ends[where] ?? wanted}, got ${shown}`

/** What they need beside what they work on; the others nothing. */
const others: Readonly<Record<string, ReadonlyArray<unknown>>> = {
  "CapacityLimiter.resize": [1],
  "CapacityLimiter.tryWithToken": [Effect.void],
  "CapacityLimiter.withToken": [Effect.void],
  "Condition.waitFor": [() => true],
  "Condition.withLock": [Effect.void],
  "Lock.tryWithLock": [Effect.void],
  "Lock.withLock": [Effect.void],
  "MemoryChannel.send": [1],
  "MemoryChannel.trySend": [1],
  "Semaphore.release": [1],
  "Semaphore.resize": [1],
  "Semaphore.take": [1],
  "Semaphore.takeScoped": [1],
  "Semaphore.tryWithPermits": [1, Effect.void],
  "Semaphore.withPermit": [Effect.void],
  "Semaphore.withPermits": [1, Effect.void],
  "WorkQueue.consume": [() => Effect.void, { workers: 1 }],
  "WorkQueue.fail": ["error"],
  "WorkQueue.offer": [1],
  "WorkQueue.offerAll": [[1]],
  "WorkQueue.producing": [Effect.void],
  "WorkQueue.takeUpTo": [1],
  "WorkQueue.tryOffer": [1]
}

/** They make something of other arguments: those before the options. */
const constructors: Readonly<Record<string, ReadonlyArray<unknown>>> = {
  "Barrier.make": [1],
  "CapacityLimiter.make": [1],
  "Condition.make": [],
  "Event.make": [],
  "Event.makeUnsafe": [],
  "Lock.make": [],
  "Lock.makeUnsafe": [],
  "MemoryChannel.make": [1],
  "Semaphore.make": [1],
  "Semaphore.makeUnsafe": [1],
  "WorkQueue.bounded": [1],
  "WorkQueue.unbounded": []
}

/** They tell it from others. */
const guards: ReadonlySet<string> = new Set(["Lock.isLock"])

const exported = Object.entries(kinds).flatMap(([kind, [module, wanted]]) =>
  Object.entries(module)
    .filter(([name]) => /^[a-z]/.test(name))
    .map(([name, value]) => [`${kind}.${name}`, value as Called, wanted] as const)
)
const operations = exported.filter(([where]) => constructors[where] === undefined && !guards.has(where))

/** What it dies of, whether when it is called or when it is run. */
const said = (call: () => unknown): Effect.Effect<string> =>
  defectOf(
    Effect.scoped(
      Effect.suspend(() => {
        const result = call()
        if (Stream.isStream(result)) return Stream.runDrain(result) as Effect.Effect<void>
        return Effect.isEffect(result) ? (result as Effect.Effect<unknown>) : Effect.succeed(result)
      })
    )
  )

describe("every operation", () => {
  it.effect("dies on what it is not for: not yielded, or of another kind", () =>
    Effect.gen(function* () {
      const made: ReadonlyArray<readonly [string, unknown]> = [
        ["Barrier", yield* Barrier.make(1)],
        ["Event", yield* Event.make()],
        ["Lock", yield* Lock.make()],
        ["Semaphore", yield* Semaphore.make(1)],
        ["WorkQueue", yield* WorkQueue.unbounded()],
        ["MemoryChannel", (yield* MemoryChannel.make(1))[0]]
      ]
      const wrong: ReadonlyArray<readonly [unknown, string]> = [
        [undefined, "undefined"],
        [null, "null"],
        ["name", '"name"'],
        [Lock.make(), "an Effect"],
        [{}, "an object"]
      ]
      for (const [where, operation, wanted] of operations) {
        const of = made.filter(([kind]) => !where.startsWith(`${kind}.`))
        for (const [self, shown] of [...wrong, ...of.map(([, other]) => [other, "an object"] as const)]) {
          const message = yield* said(() => operation(self, ...(others[where] ?? [])))
          assert.strictEqual(message, refusal(where, wanted, shown))
        }
      }
      assert.isAbove(operations.length, 45)
    })
  )

  it.effect("in a pipe too", () =>
    Effect.gen(function* () {
      for (const [where, operation, wanted] of operations) {
        const rest = others[where]
        if (rest === undefined) continue
        // Those that run an effect take it last, as what is piped.
        const effectLast = Effect.isEffect(rest.at(-1))
        const call = effectLast
          ? () => (operation({}, ...rest.slice(0, -1)) as Called)(rest.at(-1))
          : () => (operation(...rest) as Called)({})
        assert.strictEqual(yield* said(call), refusal(where, wanted, "an object"))
      }
    })
  )

  it.effect("leaves alone what it was given", () =>
    Effect.gen(function* () {
      const self = Object.freeze({})
      for (const [where, operation] of operations) {
        assert.match(yield* said(() => operation(self, ...(others[where] ?? []))), /: expected /)
      }
    })
  )
})

describe("every constructor", () => {
  it.effect("dies on what are no options", () =>
    Effect.gen(function* () {
      const values: ReadonlyArray<readonly [unknown, string]> = [
        ["name", '"name"'],
        [5, "5"],
        [null, "null"],
        [["name"], "an array of 1"],
        [Effect.void, "an Effect"],
        [Promise.resolve({}), "a Promise"],
        [() => ({}), "a function"]
      ]
      for (const [where, make] of exported) {
        const before = constructors[where]
        if (before === undefined) continue
        const named = where.replace("Unsafe", "")
        for (const [options, shown] of values) {
          const message = `${named}: expected options, got ${shown}`
          assert.strictEqual(yield* said(() => make(...before, options)), message)
        }
        assert.strictEqual(
          yield* said(() => make(...before, { name: 5 })),
          `${named}: name must be a string, got 5`
        )
        for (const options of [undefined, {}, { name: undefined }, { name: "name" }]) {
          assert.strictEqual(yield* said(() => make(...before, options)), "success")
        }
      }
    })
  )

  it.effect("and on numbers and values that cannot be meant", () =>
    Effect.gen(function* () {
      const calls: Readonly<Record<string, () => unknown>> = {
        "Barrier.make: parties must be an integer >= 1, got undefined": () => call(Barrier.make),
        'MemoryChannel.make: capacity must be an integer or Infinity >= 0, got "x"': () =>
          call(MemoryChannel.make, "x"),
        'Semaphore.make: permits must be an integer or Infinity >= 0, got "1"': () =>
          call(Semaphore.make, "1"),
        "CapacityLimiter.make: total must be an integer or Infinity >= 0, got null": () =>
          call(CapacityLimiter.make, null),
        "WorkQueue.bounded: capacity must be an integer >= 0, got an object": () =>
          call(WorkQueue.bounded, {}),
        'WorkQueue.unbounded: order must be "fifo", "lifo" or an Order, got 5': () =>
          call(WorkQueue.unbounded, { order: 5 })
      }
      for (const [message, make] of Object.entries(calls)) assert.strictEqual(yield* said(make), message)
      // It has a name, as options have.
      const lock = yield* Lock.make()
      assert.strictEqual(
        yield* said(() => call(Condition.make, lock)),
        "Condition.make: expected options, got an object"
      )
    })
  )
})

describe("what operations are given beside", () => {
  it.effect("numbers and options", () =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(1)
      const limiter = yield* CapacityLimiter.make(1)
      const condition = yield* Condition.make()
      const queue = yield* WorkQueue.unbounded()
      const calls: Readonly<Record<string, () => unknown>> = {
        'Semaphore.withPermits: permits must be an integer >= 0, got "1"': () =>
          call(Semaphore.withPermits, semaphore, "1", Effect.void),
        'Semaphore.tryWithPermits: permits must be an integer >= 0, got "1"': () =>
          call(Semaphore.tryWithPermits, semaphore, "1", Effect.void),
        'Semaphore.take: permits must be an integer >= 0, got "1"': () =>
          call(Semaphore.take, semaphore, "1"),
        'Semaphore.takeScoped: permits must be an integer >= 0, got "1"': () =>
          call(Semaphore.takeScoped, semaphore, "1"),
        'Semaphore.release: permits must be an integer >= 0, got "1"': () =>
          call(Semaphore.release, semaphore, "1"),
        'Semaphore.resize: permits must be an integer or Infinity >= 0, got "1"': () =>
          call(Semaphore.resize, semaphore, "1"),
        'CapacityLimiter.resize: total must be an integer or Infinity >= 0, got "1"': () =>
          call(CapacityLimiter.resize, limiter, "1"),
        'CapacityLimiter.withToken: expected options, got "me"': () =>
          call(CapacityLimiter.withToken, limiter, Effect.void, "me"),
        "CapacityLimiter.withToken: expected an effect or options, got a Promise": () =>
          call(CapacityLimiter.withToken, limiter, Promise.resolve()),
        'CapacityLimiter.tryWithToken: expected options, got "me"': () =>
          call(CapacityLimiter.tryWithToken, limiter, Effect.void, "me"),
        'CapacityLimiter.borrow: expected options, got "me"': () =>
          call(CapacityLimiter.borrow, limiter, "me"),
        'Condition.notify: n must be an integer or Infinity >= 0, got "1"': () =>
          call(Condition.notify, condition, "1"),
        'WorkQueue.takeUpTo: n must be an integer or Infinity >= 1, got "1"': () =>
          call(WorkQueue.takeUpTo, queue, "1"),
        "WorkQueue.shutdown: expected options, got true": () => call(WorkQueue.shutdown, queue, true)
      }
      for (const [message, use] of Object.entries(calls)) assert.strictEqual(yield* said(use), message)
      assert.strictEqual((yield* Semaphore.statistics(semaphore)).free, 1)
      assert.strictEqual((yield* CapacityLimiter.statistics(limiter)).borrowed, 0)
      yield* WorkQueue.offer(queue, "still open")
    })
  )

  it.effect("a sender's stream is refused, and the sender is left open", () =>
    Effect.gen(function* () {
      const [sender] = yield* MemoryChannel.make<number>(1, { name: "channel" })
      assert.strictEqual(
        yield* said(() => call(MemoryChannel.stream, sender)),
        "MemoryChannel.stream: this is a sender of channel, not a receiver"
      )
      assert.strictEqual((yield* MemoryChannel.statistics(sender)).senders, 1)
    })
  )
})

function call(f: unknown, ...args: ReadonlyArray<unknown>): unknown {
  return (f as Called)(...args)
}
