import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Parser, layer } from "../../src/crawl/Parser.ts"
import { extract } from "../../src/html/extract.ts"

const page = (paragraphs: number) =>
  `<title>Long</title>${Array.from({ length: paragraphs }, (_, n) => `<p id=p${n}><a href="/${n}">${n}</a></p>\n`).join("")}`

// Real time: worker threads run on it.
describe("parse", () => {
  it.live("gives the same for a small page and for one that goes to a thread", () =>
    Effect.gen(function* () {
      const parser = yield* Parser
      for (const html of [page(10), page(10_000)]) {
        expect(yield* parser.parse(html)).toEqual(extract(html))
      }
    }).pipe(Effect.provide(layer))
  )

  it.live("keeps the loop free while a thread is at it", () =>
    Effect.gen(function* () {
      const parser = yield* Parser
      let turns = 0
      const counting = Effect.forever(
        Effect.andThen(
          Effect.sync(() => turns++),
          Effect.sleep("1 millis")
        )
      )
      yield* Effect.raceFirst(parser.parse(page(50_000)), counting)
      expect(turns).toBeGreaterThan(3)
    }).pipe(Effect.provide(layer))
  )
})
