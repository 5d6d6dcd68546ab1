import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { ConnectionLost } from "../../src/domain/Problem.ts"
import { Output } from "../../src/report/Output.ts"
import * as Progress from "../../src/report/Progress.ts"
import type { Outcome } from "../../src/store/Store.ts"

const ok: Outcome = {
  url: "http://a.example/",
  millis: 1,
  skipped: false,
  problem: Option.none(),
  status: 200,
  final: "http://a.example/",
  contentType: "text/html",
  title: "",
  parsed: true,
  retries: 0,
  redirects: 0,
  links: [],
  anchors: [],
  discovered: []
}
const lost = new ConnectionLost({ url: "http://user:secret@a.example/\u001b[2J", detail: "reset" })
const broken: Outcome = { ...ok, url: "http://a.example/x", problem: Option.some(lost) }

/** What is written to standard error, on a terminal 30 columns wide or to a pipe. */
const telling = (
  options: { readonly live: boolean; readonly quiet?: boolean },
  body: (progress: Progress.Progress["Service"]) => Effect.Effect<void>
) =>
  Effect.suspend(() => {
    let written = ""
    const stderr = (text: string) => Effect.sync(() => void (written += text))
    const output = Layer.succeed(Output, { stdout: stderr, stderr, live: options.live, columns: () => 30 })
    return Effect.gen(function* () {
      yield* body(yield* Progress.Progress)
      return written
    }).pipe(Effect.provide(Progress.layer({ quiet: options.quiet ?? false }).pipe(Layer.provide(output))))
  })

describe("progress", () => {
  it.effect("writes plain lines to a pipe: each finding at once, the count every five seconds", () =>
    Effect.gen(function* () {
      const written = yield* telling({ live: false }, (progress) =>
        Effect.gen(function* () {
          yield* Effect.forkChild(progress.ticking)
          yield* progress.checked(ok, 3)
          yield* progress.checked(broken, 3)
          yield* progress.retried({ url: lost.url, problem: lost, delay: Duration.millis(1500) })
          yield* TestClock.adjust("5 seconds")
          yield* progress.clear
        })
      )
      expect(written).toBe(
        "broken http://a.example/x (connection lost: reset)\n" +
          "retry  http://a.example/\\x1b[2J in 1.5 s (connection lost: reset)\n" +
          "2 checked, 1 broken, 1 to go, 0/s\n"
      )
    })
  )

  it.effect(
    "redraws one line on a terminal, no wider than it is, and takes it away for findings and at the end",
    () =>
      Effect.gen(function* () {
        const written = yield* telling({ live: true }, (progress) =>
          Effect.gen(function* () {
            yield* Effect.forkChild(progress.ticking)
            yield* TestClock.adjust("100 millis")
            yield* progress.checked(broken, 10)
            yield* TestClock.adjust("100 millis")
            yield* progress.clear
            yield* progress.clear
          })
        )
        expect(written).toBe(
          "\r\u001b[K0 checked, 0 broken, 0 to go," +
            "\r\u001b[Kbroken http://a.example/x (connection lost: reset)\n" +
            "\r\u001b[K1 checked, 1 broken, 9 to go," +
            "\r\u001b[K"
        )
      })
  )

  it.effect("says nothing when it is to be quiet", () =>
    Effect.gen(function* () {
      const written = yield* telling({ live: true, quiet: true }, (progress) =>
        Effect.gen(function* () {
          yield* Effect.forkChild(progress.ticking)
          yield* progress.checked(broken, 1)
          yield* TestClock.adjust("10 seconds")
        })
      )
      expect(written).toBe("")
    })
  )
})
