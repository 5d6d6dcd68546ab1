import { Clock, Data, Effect } from "effect"

export class HttpError extends Data.TaggedError("HttpError")<{
  readonly status: number
  readonly after?: number | undefined
}> {}
export class DbError extends Data.TaggedError("DbError")<{ readonly code: string }> {}

/** Fails with the given errors one after the other, then succeeds with the number of calls; notes when it was called. */
export const failing = <E>(errors: Iterable<E>) => {
  const iterator = errors[Symbol.iterator]()
  const times: Array<number> = []
  const effect: Effect.Effect<number, E> = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    times.push(now)
    const next = iterator.next()
    return next.done === true ? Effect.succeed(times.length) : Effect.fail(next.value)
  })
  return { times, effect }
}

export const always = function* <E>(error: E): Generator<E> {
  while (true) yield error
}

export const times = function* <E>(n: number, error: E): Generator<E> {
  for (let i = 0; i < n; i++) yield error
}

/** Pauses between the calls. */
export const gaps = (times: ReadonlyArray<number>): ReadonlyArray<number> =>
  times.slice(1).map((time, i) => time - times[i]!)
