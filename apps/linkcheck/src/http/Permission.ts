/** Whether a host wants to be asked: its `robots.txt`, read once, before the first request to it. */
import { Lock } from "@skein/core"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Disallowed, type Problem } from "../domain/Problem.ts"
import { ALLOW_ALL, parse, type Robots } from "../domain/Robots.ts"

export interface Permission {
  /**
   * Lets the URL pass, after `read` has brought the file where nobody has yet.
   *
   * **Errors** `Disallowed` where the file says so, or where the server fails to answer for it.
   * **Cancellation** Cancel-safe: whoever comes next reads the file.
   */
  readonly check: (url: URL, read: Read) => Effect.Effect<void, Disallowed>
}

export type Read = (file: string) => Effect.Effect<Option.Option<Uint8Array>, Problem>

export interface Options {
  readonly obeys: (url: URL) => boolean
  readonly userAgent: string
}

/** What is known of one origin: its rules, or what came instead of them. */
interface Origin {
  readonly reading: Lock.Lock
  known: { readonly robots: Robots; readonly failure: string | undefined } | undefined
}

export const make = (options: Options): Permission => {
  const origins = new Map<string, Origin>()
  const originOf = (url: URL): Origin => {
    let origin = origins.get(url.origin)
    if (origin === undefined) {
      const reading = Lock.makeUnsafe({ name: `robots.txt of ${url.host}` })
      origins.set(url.origin, (origin = { reading, known: undefined }))
    }
    return origin
  }

  const load = (url: URL, read: Read): Effect.Effect<NonNullable<Origin["known"]>> =>
    read(`${url.origin}/robots.txt`).pipe(
      Effect.map((body) => {
        const text = new TextDecoder().decode(Option.getOrElse(body, () => new Uint8Array()))
        return { robots: parse(text, options.userAgent), failure: undefined }
      }),
      Effect.catch((problem) =>
        Effect.succeed({ robots: ALLOW_ALL, failure: keepsOut(problem) ? problem.why : undefined })
      )
    )

  const judge = (url: URL, { failure, robots }: NonNullable<Origin["known"]>) =>
    failure === undefined && robots.allows(url)
      ? Effect.void
      : Effect.fail(new Disallowed({ url: url.href, detail: failure }))

  return {
    check: (url, read) =>
      Effect.suspend(() => {
        if (!options.obeys(url)) return Effect.void
        const origin = originOf(url)
        if (origin.known !== undefined) return judge(url, origin.known)
        // Those who come while the file is being read wait for it here.
        return Lock.withLock(
          origin.reading,
          Effect.suspend(() =>
            origin.known !== undefined
              ? Effect.succeed(origin.known)
              : Effect.tap(load(url, read), (known) => Effect.sync(() => (origin.known = known)))
          )
        ).pipe(Effect.flatMap((known) => judge(url, known)))
      })
  }
}

// **Source** RFC 9309, 2.3.1: no file, no rules; a server in trouble is left alone. One that cannot be reached at all
// is asked for the link itself: that says more clearly what is wrong.
const keepsOut = (problem: Problem): boolean =>
  problem._tag === "HttpStatus" && (problem.status >= 500 || problem.status === 429)
