import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { it as skein } from "@skein/testing/vitest"
import { ConnectionLost, HostUnreachable, HttpStatus, type Problem } from "../../src/domain/Problem.ts"
import * as Hosts from "../../src/http/Hosts.ts"

const { sweep } = skein

const url = (path: string) => new URL(path, "http://a.example/")
const make = (rate?: number) =>
  Hosts.make({ perHost: 1, maxPause: Duration.seconds(60), rate: Option.fromUndefinedOr(rate) })
const refused = new HostUnreachable({
  url: "http://a.example/1",
  host: "a.example",
  detail: "refused",
  passing: true
})
const busy = (seconds: number) =>
  new HttpStatus({
    url: "http://a.example/",
    status: 429,
    retryAfter: Option.some(Duration.seconds(seconds))
  })

describe("take", () => {
  it.effect("gives up on a host that could never be reached, without another request", () =>
    Effect.gen(function* () {
      const hosts = make()
      yield* Effect.flip(hosts.take(url("/1"))(Effect.fail<Problem>(refused)))
      yield* hosts.gaveUp(refused)
      const exit = yield* Effect.exit(hosts.take(url("/2"))(Effect.die("asked again")))
      const dead = new HostUnreachable({
        url: "http://a.example/2",
        host: "a.example",
        detail: "refused",
        passing: false
      })
      expect(exit).toEqual(Exit.fail(dead))
    })
  )

  it.effect("goes on asking a host that has answered once, whatever it answered", () =>
    Effect.gen(function* () {
      for (const answer of [Effect.void, Effect.fail(new ConnectionLost({ url: "", detail: "" }))]) {
        const hosts = make()
        yield* Effect.ignore(hosts.take(url("/1"))(answer))
        yield* hosts.gaveUp(refused)
        expect(yield* hosts.take(url("/2"))(Effect.succeed("asked"))).toBe("asked")
      }
    })
  )

  it.effect("leaves a host alone for as long as its 429 asks", () =>
    Effect.gen(function* () {
      const hosts = make()
      yield* Effect.ignore(hosts.take(url("/1"))(Effect.fail(busy(30))))
      const fiber = yield* Effect.forkChild(hosts.take(url("/2"))(Effect.succeed("asked")))
      yield* TestClock.adjust("29 seconds")
      expect(fiber.pollUnsafe()).toBeUndefined()
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(fiber)).toBe("asked")
    })
  )

  it.effect("does not wait for what is longer than allowed", () =>
    Effect.gen(function* () {
      const hosts = make()
      yield* Effect.ignore(hosts.take(url("/1"))(Effect.fail(busy(61))))
      expect(yield* hosts.take(url("/2"))(Effect.succeed("asked"))).toBe("asked")
    })
  )

  it.effect("gives turns at the allowed rate, in order, however many wait", () =>
    Effect.gen(function* () {
      const hosts = make(2)
      const turns: Array<string> = []
      for (const path of ["/1", "/2", "/3"]) {
        yield* Effect.forkChild(hosts.take(url(path))(Effect.sync(() => turns.push(path))))
      }
      yield* TestClock.adjust("499 millis")
      expect(turns).toEqual(["/1"])
      yield* TestClock.adjust("1 millis")
      expect(turns).toEqual(["/1", "/2"])
      yield* TestClock.adjust("500 millis")
      expect(turns).toEqual(["/1", "/2", "/3"])
    })
  )

  it.effect("counts hosts apart", () =>
    Effect.gen(function* () {
      const hosts = make()
      yield* Effect.forkChild(hosts.take(url("/1"))(Effect.never))
      expect(yield* hosts.take(new URL("http://b.example/"))(Effect.succeed("other"))).toBe("other")
    })
  )

  sweep("leaves the host's turn free, wherever it is interrupted", {
    setup: Effect.sync(() => make(1000)),
    subject: (hosts) => hosts.take(url("/1"))(Effect.yieldNow),
    check: (hosts) => hosts.take(url("/2"))(Effect.void)
  })
})
