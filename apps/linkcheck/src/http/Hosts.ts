/** What is known of each host: how many requests it is given at a time, when it wants to be left alone, whether it lives. */
import { Semaphore } from "@skein/core"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { HostUnreachable, type Problem } from "../domain/Problem.ts"

interface Host {
  readonly permits: Semaphore.Semaphore
  /** Asked for by `Retry-After`, or the next turn at the allowed rate: no request before this instant. */
  notBefore: number
  answered: boolean
  /** Set when the host could not be reached and never has been. */
  dead: HostUnreachable | undefined
}

export interface Hosts {
  /**
   * Runs a request when the host's turn has come: after what its `Retry-After` asked for, then first come, first
   * served among `perHost` at a time.
   *
   * **Errors** `HostUnreachable` at once for a host that was found dead: a site with 500 links to it should not wait
   * for 500 timeouts. A host that has answered before is never taken for dead.
   */
  readonly take: (url: URL) => <A, R>(request: Effect.Effect<A, Problem, R>) => Effect.Effect<A, Problem, R>
  /** To be told of the outcome after all retries. */
  readonly gaveUp: (problem: Problem) => Effect.Effect<void>
}

export interface Options {
  readonly perHost: number
  /** Requests per second to one host; none for as many as its turns allow. */
  readonly rate: Option.Option<number>
  readonly maxPause: Duration.Duration
}

export const make = (options: Options): Hosts => {
  const interval = Option.match(options.rate, { onNone: () => 0, onSome: (rate) => 1000 / rate })
  const hosts = new Map<string, Host>()
  const hostOf = (url: URL): Host => {
    let host = hosts.get(url.host)
    if (host === undefined) {
      const permits = Semaphore.makeUnsafe(options.perHost, { name: `host ${url.host}` })
      hosts.set(url.host, (host = { permits, notBefore: 0, answered: false, dead: undefined }))
    }
    return host
  }

  return {
    take: (url) => (request) =>
      Effect.gen(function* () {
        const host = hostOf(url)
        const now = yield* Clock.currentTimeMillis
        const start = Math.max(now, host.notBefore)
        // Taken before anything is waited for: the next one to come gets the turn after this.
        if (interval > 0) host.notBefore = start + interval
        if (start > now) yield* Effect.sleep(start - now)
        // Looked at with the permit in hand: while this one waited in line, the host may have been found dead.
        const turn = Effect.suspend(() => {
          const { dead } = host
          return dead === undefined
            ? request
            : Effect.fail(new HostUnreachable({ ...dead, url: url.href, passing: false }))
        })
        return yield* Semaphore.withPermit(host.permits, turn).pipe(
          Effect.tapError((problem) =>
            Effect.map(Clock.currentTimeMillis, (now) => note(host, problem, now, options.maxPause))
          ),
          Effect.tap(() => Effect.sync(() => (host.answered = true)))
        )
      }),
    gaveUp: (problem) =>
      Effect.sync(() => {
        if (problem._tag !== "HostUnreachable") return
        const host = hosts.get(problem.host)
        if (host !== undefined && !host.answered) host.dead = problem
      })
  }
}

const note = (host: Host, problem: Problem, now: number, maxPause: Duration.Duration): void => {
  if (problem._tag === "HttpStatus") {
    host.answered = true
    const pause = Option.getOrUndefined(problem.retryAfter)
    const millis = pause === undefined ? 0 : Duration.toMillis(pause)
    // A host that asks for more than will be waited gets each answer at once: every request says the same.
    if (problem.status === 429 && millis <= Duration.toMillis(maxPause)) {
      host.notBefore = Math.max(host.notBefore, now + millis)
    }
  } else if (problem._tag !== "HostUnreachable") {
    host.answered = true
  }
}
