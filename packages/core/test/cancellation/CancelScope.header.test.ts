import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Option } from "effect"
import * as fc from "fast-check"

import { formatTimeout, parseTimeout } from "../../src/internal/cancellation/deadlineHeader.ts"
import { CancelScope } from "../../src/index.ts"
import { ends, inCause } from "./fixtures.ts"

describe("CancelScope", () => {
  describe("toHeader", () => {
    it.effect("is None without a deadline", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* CancelScope.toHeader, Option.none())
      })
    )
    it.effect("is what is left, in milliseconds", () =>
      Effect.gen(function* () {
        const { exit } = yield* ends(
          CancelScope.toHeader.pipe(Effect.delay("500 millis"), CancelScope.failAfter("2 seconds"))
        )
        assert.deepStrictEqual(exit, Exit.succeed(Option.some("1500m")))
      })
    )
  })

  describe("withHeader", () => {
    const limit = (header: string | undefined, atMost: Duration.Input) =>
      Effect.map(CancelScope.withHeader(CancelScope.remaining, header, { atMost }), Duration.toMillis)

    it.effect("runs under the header's deadline", () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* limit("1500m", "10 seconds"), 1500)
        assert.strictEqual(yield* limit("2S", "10 seconds"), 2000)
        assert.strictEqual(yield* limit("1M", "2 hours"), 60_000)
        assert.strictEqual(yield* limit("1H", "2 hours"), 3_600_000)
        assert.strictEqual(yield* limit("5000000n", "2 hours"), 5)
        assert.strictEqual(yield* limit("5000u", "2 hours"), 5)
      })
    )
    it.effect("the cap rules, also over an enclosing deadline that is later", () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* limit("99999999H", "10 seconds"), 10_000)
        assert.strictEqual(yield* limit("1500m", "1 second").pipe(CancelScope.failAfter("5 seconds")), 1000)
      })
    )
    it.effect("a missing, malformed or hostile header counts as none: the cap alone holds", () =>
      Effect.gen(function* () {
        const hostile: Array<any> = [
          undefined,
          null,
          "",
          " ",
          "1500",
          "m",
          "1500ms",
          "-1m",
          "+1m",
          "1.5S",
          "1e3m",
          "0x10m",
          "Infinitym",
          "NaNm",
          "1500m ",
          " 1500m",
          "1500m\n",
          "1500m\r\nX-Evil: 1",
          "1 500m",
          "1500s",
          "999999999m",
          "٣m",
          "1500m, 1m",
          ["1500m"],
          { toString: () => "1m" },
          1500,
          `${"9".repeat(100_000)}m`
        ]
        for (const header of hostile) {
          assert.strictEqual(yield* limit(header, "10 seconds"), 10_000, JSON.stringify(header)?.slice(0, 40))
        }
      })
    )
    it.effect("a request that is too late is not started", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          CancelScope.withHeader(
            Effect.sync(() => assert.fail("started")),
            "0m",
            { atMost: "10 seconds" }
          )
        )
        assert.deepStrictEqual(
          exit,
          Exit.fail(
            new CancelScope.DeadlineExceeded({
              scope: "request",
              timeout: Duration.zero,
              waitingOn: undefined
            })
          )
        )
      })
    )
    it.effect("fails with DeadlineExceeded", () =>
      Effect.gen(function* () {
        const { at, exit } = yield* ends(
          CancelScope.withHeader(Effect.never, "1500m", { atMost: "10 seconds" })
        )
        assert.deepStrictEqual(inCause(exit), ["Fail DeadlineExceeded"])
        assert.strictEqual(at, 1500)
      })
    )
    it.effect("dies on a cap that is no duration", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(CancelScope.withHeader(Effect.void, "1m", { atMost: NaN }))
        assert.deepStrictEqual(inCause(exit), [
          "Die CancelScope.withHeader: atMost must be a duration, got NaN"
        ])
      })
    )

    // real time: a real client talks to a real server over a socket; nothing sleeps.
    it.live("crosses a request: a real client tells a real server how long it will wait", () =>
      Effect.gen(function* () {
        const served: Array<number> = []
        const server = yield* Effect.acquireRelease(
          Effect.callback<ReturnType<typeof createServer>>((resume) => {
            const server = createServer((request, response) => {
              const header = request.headers["x-timeout"]
              Effect.runFork(
                CancelScope.withHeader(CancelScope.remaining, Array.isArray(header) ? undefined : header, {
                  atMost: "10 seconds"
                }).pipe(
                  Effect.map((left) => {
                    served.push(Duration.toMillis(left))
                    response.end("ok")
                  })
                )
              )
            })
            server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
          }),
          (server) => Effect.sync(() => void server.close())
        )
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
        const get = (headers: Record<string, string>) =>
          Effect.promise((signal) => fetch(url, { headers, signal }).then((response) => response.text()))
        const request = Effect.flatMap(CancelScope.toHeader, (header) =>
          get(Option.match(header, { onNone: () => ({}), onSome: (value) => ({ "x-timeout": value }) }))
        )
        assert.strictEqual(yield* CancelScope.failAfter(request, "5 seconds"), "ok")
        yield* CancelScope.failAfter(request, "1 minute")
        yield* request
        yield* get({ "x-timeout": "forever" })
        assert.isTrue(served[0]! > 1000 && served[0]! <= 5000, String(served[0]))
        assert.deepStrictEqual(
          served.slice(1).map((left) => left > 9000 && left <= 10_000),
          [true, true, true]
        )
      }).pipe(Effect.scoped)
    )
  })

  describe("the notation", () => {
    it("what is written is read back, never longer and by less than the unit shorter", () => {
      fc.assert(
        fc.property(fc.double({ min: 0, max: 1e14, noNaN: true }), (millis) => {
          const text = formatTimeout(millis)
          assert.match(text, /^\d{1,8}[mSMH]$/)
          const back = parseTimeout(text)
          const unit = { m: 1, S: 1_000, M: 60_000, H: 3_600_000 }[text.at(-1)!]!
          assert.isTrue(back <= millis && millis - back < unit)
        })
      )
    })
    it("reads whatever it is given without throwing, and never as a negative time", () => {
      fc.assert(
        fc.property(fc.anything(), (value) => {
          assert.isTrue(parseTimeout(value) >= 0)
        })
      )
      fc.assert(
        fc.property(fc.string(), (value) => {
          assert.isTrue(parseTimeout(value) >= 0)
        })
      )
    })
  })
})
