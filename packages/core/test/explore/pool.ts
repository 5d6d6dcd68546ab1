import { strict as assert } from "node:assert"

import { Pool } from "@skein/core"
import { Explore } from "@skein/testing"
import { Data, Effect, Exit } from "effect"

import { apart, of } from "./program.ts"
import type { Explored } from "./program.ts"

class OpenError extends Data.TaggedError("OpenError")<{ readonly n: number }> {}

interface Item {
  readonly id: number
}

/** Resources that are counted; opening and closing suspend. */
const source = (fails: (n: number) => boolean) => {
  const open = new Set<number>()
  const inUse = new Set<number>()
  let opened = 0
  let closed = 0
  const acquire = Effect.acquireRelease(
    Effect.suspend(() => {
      const id = ++opened
      return Effect.flatMap(Effect.yieldNow, () => {
        if (fails(id)) {
          closed++
          return Effect.fail(new OpenError({ n: id }))
        }
        open.add(id)
        return Effect.succeed<Item>({ id })
      })
    }),
    (item) =>
      Effect.andThen(
        Effect.yieldNow,
        Effect.sync(() => {
          if (!open.delete(item.id)) throw new Error("closed twice")
          if (inUse.has(item.id)) throw new Error("closed while in use")
          closed++
        })
      )
  )
  const work = (item: Item) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        if (inUse.has(item.id) || !open.has(item.id)) throw new Error("leased twice, or closed")
        inUse.add(item.id)
      }),
      () => Effect.yieldNow,
      () => Effect.sync(() => inUse.delete(item.id))
    )
  return { acquire, work, open, inUse, left: () => opened - closed }
}

/** Some tasks on a pool of two; at the end everything is idle, and after closing everything is closed. */
const program =
  (options: {
    readonly tasks: number
    readonly fails?: (n: number) => boolean
    readonly validate?: boolean
    readonly invalidate?: boolean
    readonly scoped?: boolean
  }) =>
  () =>
    Effect.gen(function* () {
      const { acquire, work, open, left } = source(options.fails ?? (() => false))
      yield* Explore.always(() => open.size <= 2)
      let asked = 0
      const validate = (item: Item) => Effect.as(Effect.yieldNow, ++asked % 3 !== 0 || item.id % 2 === 0)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const pool = yield* Pool.make({
            acquire,
            min: 0,
            max: 2,
            acquireTimeout: "1 hour",
            name: "db",
            ...(options.validate === true ? { validate } : {})
          })
          const task = (i: number) => {
            const body = (item: Item) =>
              Effect.andThen(
                work(item),
                options.invalidate === true && i % 2 === 0 ? Pool.invalidate(pool, item) : Effect.void
              )
            const once =
              options.scoped === true && i % 2 === 1
                ? Effect.scoped(Effect.flatMap(Pool.lease(pool), body))
                : Pool.use(pool, body)
            return Effect.andThen(once, once)
          }
          const exits = yield* apart(Array.from({ length: options.tasks }, (_, i) => task(i)))
          if (options.fails === undefined) {
            assert.ok(exits.every((exit) => Exit.isSuccess(exit) || Exit.hasInterrupts(exit)))
          }
          yield* Explore.waitAllBlocked
          const statistics = yield* Pool.statistics(pool)
          assert.deepEqual(
            [
              statistics.leased,
              statistics.waiting,
              statistics.opening,
              statistics.validating,
              statistics.closing
            ],
            [0, [], 0, 0, 0]
          )
          assert.equal(statistics.idle, open.size)
        })
      )
      assert.equal(left(), 0)
    }) as Effect.Effect<void, unknown>

const troubled = { tasks: 3, validate: true, invalidate: true, scoped: true }

const operations = of("Pool", "make", "use", "lease", "statistics")

// Here Effect's own Pool hangs within some 100 schedules as soon as an opening fails.
export const programs: ReadonlyArray<Explored> = [
  {
    name: "Pool: nobody waits for ever, nothing is leased twice",
    operations,
    program: program({ tasks: 4, scoped: true })
  },
  {
    name: "Pool: the same with openings that fail",
    operations,
    program: program({ tasks: 4, fails: (n) => n % 2 === 1 })
  },
  {
    name: "Pool: the same with checks that fail and broken resources",
    operations: [...operations, "Pool.invalidate"],
    program: program(troubled)
  }
]
