/** What a generator emits, fails with and needs. Type-checked, never run. */
// @effect-diagnostics floatingEffect:off
import { Effect } from "effect"
import { Generator } from "@skein/core"
import { is, HttpError, DbError, Db, fetchUser, fetchPosts } from "./domain.ts"
import type { StrOf, User } from "./domain.ts"

{
  const pages = Generator.make(function* (emit) {
    const user = yield* fetchUser(1)
    yield* emit(user)
    yield* emit(yield* fetchPosts)
    yield* Effect.forEach([true, false], (b) => emit(b))
  })
  is<StrOf<typeof pages>, [User | number | boolean, HttpError | DbError, Db]>(true)
  // helpers that emit show it in R
  const helper = (emit: Generator.Emit) => Effect.andThen(emit(1), Effect.asVoid(Db))
  const viaHelper = Generator.make(function* (emit) {
    yield* helper(emit)
  })
  is<StrOf<typeof viaHelper>, [number, never, Db]>(true)
  const mistake = Generator.make(function* (_emit) {
    yield* Effect.void
  })
  is<StrOf<typeof mistake>[0], never>(true)
  const async = Generator.fromAsyncIterable(
    () =>
      (async function* () {
        yield 1
      })(),
    (e) => new HttpError({ status: Number(e) })
  )
  is<StrOf<typeof async>, [number, HttpError, never]>(true)
  void Generator.toAsyncIterable(async)
  // @ts-expect-error Db is missing
  void Generator.toAsyncIterable(pages)
  is<Effect.Services<ReturnType<typeof eff>>, Db>(true)
  function eff() {
    return Generator.toAsyncIterableEffect(pages)
  }
  // the globals of these names are still reachable as types
  const g: Generator<number, void, unknown> = (function* () {
    yield 1
  })()
  const e: Event | undefined = undefined
  void [g, e]
}
