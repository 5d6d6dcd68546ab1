import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"

import { WallClock, wallClockOf, wallMillis } from "../../src/internal/wallClock.ts"

describe("wallClock", () => {
  it("is under the key of Effect's Clock", () => {
    assert.strictEqual(WallClock.key, Clock.Clock.key)
  })

  it.effect("is the clock that the program provides", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1234)
      const fiber = yield* Effect.withFiber((fiber) => Effect.succeed(fiber))
      assert.strictEqual(wallMillis(fiber), 1234)
      assert.strictEqual(wallClockOf(fiber), fiber.getRef(Clock.Clock))
    })
  )

  it("is the time of day where none is provided", () => {
    const before = Date.now()
    const now = Context.get(Context.empty(), WallClock).currentTimeMillisUnsafe()
    assert.isTrue(before <= now && now <= Date.now())
  })
})
