/** What is told while the crawl runs: a line redrawn in place on a terminal, one line per event elsewhere. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { excerpt, showUrl } from "../domain/Escape.ts"
import type { Problem } from "../domain/Problem.ts"
import type { Retried } from "../http/Fetcher.ts"
import type { Outcome } from "../store/Store.ts"
import { Output } from "./Output.ts"

export class Progress extends Context.Service<
  Progress,
  {
    readonly checked: (outcome: Outcome, known: number) => Effect.Effect<void>
    readonly retried: (retried: Retried) => Effect.Effect<void>
    /** Tells how far things are, again and again; runs beside the crawl. */
    readonly ticking: Effect.Effect<void>
    /** Takes the line away, so that the report starts on a clean screen. */
    readonly clear: Effect.Effect<void>
  }
>()("linkcheck/Progress") {}

const CLEAR_LINE = "\r\x1b[K"

export interface Options {
  /** Not even the line. */
  readonly quiet: boolean
}

export const layer = (options: Options): Layer.Layer<Progress, never, Output> =>
  Layer.effect(
    Progress,
    Effect.gen(function* () {
      const output = yield* Output
      const started = yield* Clock.currentTimeMillis
      const tally = { checked: 0, broken: 0, known: 0 }
      let shown = false

      const say = (line: string): Effect.Effect<void> => {
        if (options.quiet) return Effect.void
        const before = shown ? CLEAR_LINE : ""
        shown = false
        return output.stderr(`${before}${line}\n`)
      }
      const state = Effect.map(Clock.currentTimeMillis, (now) => {
        const seconds = Math.max(0.001, (now - started) / 1000)
        const rate = Math.round(tally.checked / seconds)
        const left = Math.max(0, tally.known - tally.checked)
        return `${tally.checked} checked, ${tally.broken} broken, ${left} to go, ${rate}/s`
      })
      const tick = Effect.flatMap(state, (text) => {
        if (!output.live) return say(text)
        shown = true
        return output.stderr(`${CLEAR_LINE}${text.slice(0, output.columns() - 1)}`)
      })

      return {
        checked: (outcome, known) => {
          tally.checked++
          tally.known = Math.max(known, tally.checked)
          if (Option.isNone(outcome.problem) || outcome.skipped) return Effect.void
          tally.broken++
          return say(`broken ${brief(outcome.url)} (${outcome.problem.value.why})`)
        },
        retried: ({ delay, problem, url }) =>
          say(`retry  ${brief(url)} in ${pause(delay)} (${short(problem)})`),
        ticking: options.quiet
          ? Effect.never
          : Effect.asVoid(
              Effect.repeat(
                Effect.sleep(output.live ? "100 millis" : "5 seconds").pipe(Effect.andThen(tick)),
                Schedule.forever
              )
            ),
        clear: Effect.suspend(() => {
          if (!shown) return Effect.void
          shown = false
          return output.stderr(CLEAR_LINE)
        })
      }
    })
  )

const brief = (url: string): string => excerpt(showUrl(url), 200)

const short = (problem: Problem): string => problem.why

const pause = (delay: Duration.Duration): string => {
  const millis = Duration.toMillis(delay)
  return millis < 1000 ? `${Math.round(millis)} ms` : `${Number((millis / 1000).toFixed(1))} s`
}
