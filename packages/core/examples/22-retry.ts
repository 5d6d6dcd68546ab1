// Retry with exponential backoff: only the errors that are listed, with growing and jittered pauses.
import { Retry } from "@skein/core"
import { Cause, Data, Duration, Effect, Exit, Option } from "effect"

class HttpError extends Data.TaggedError("HttpError")<{
  readonly status: number
  readonly retryAfter?: Duration.Duration
}> {}
class ParseError extends Data.TaggedError("ParseError")<{ readonly text: string }> {}

/** Answers with these one after the other, the last for ever. */
const server = (...answers: ReadonlyArray<HttpError | ParseError | string>) => {
  let calls = 0
  return Effect.suspend(() => {
    const answer = answers[Math.min(calls++, answers.length - 1)]!
    return typeof answer === "string" ? Effect.succeed(answer) : Effect.fail(answer)
  })
}

// Left at its defaults this is 10 attempts within 45 s, from 100 ms doubling to 5 s, full jitter.
const polite = Retry.policy({ tags: ["HttpError"], initial: "10 millis", attempts: 4 })

const program = Effect.gen(function* () {
  const flaky = server(new HttpError({ status: 503 }), new HttpError({ status: 502 }), "page")
  const page = yield* Retry.run(flaky, {
    ...polite,
    onRetry: ({ error, number }) => Effect.sync(() => console.log(`attempt ${number}: ${error.status}`))
  })
  console.log(`then: ${page}`)

  // An error that is not listed passes at once, and E is what it was.
  const garbled = server(new ParseError({ text: "<htm" }), "never asked for")
  const parse = yield* Effect.exit(Retry.run(garbled, polite))
  console.log(Exit.isFailure(parse) ? `at once: ${Cause.squash(parse.cause)}` : "succeeded")

  // Only some of the listed, and as long as the server asks for.
  const busy = server(
    new HttpError({ status: 429, retryAfter: Duration.millis(30) }),
    new HttpError({ status: 404 })
  )
  const missing = yield* Effect.exit(
    busy.pipe(
      Retry.run({
        ...polite,
        while: (error) => error.status === 429 || error.status >= 500,
        retryAfter: (error) => Option.fromUndefinedOr(error.retryAfter)
      })
    )
  )
  // What happened is in the Cause.
  for (const { delay, error, number } of Exit.isFailure(missing) ? Retry.attempts(missing.cause) : []) {
    console.log(`${number}. ${(error as HttpError).status}, then a pause of ${Duration.toMillis(delay)} ms`)
  }
})

await Effect.runPromise(program)
