/** Scopes, deadlines, shields and signals. Type-checked, never run. */
// @effect-diagnostics floatingEffect:off
import { Duration, Effect, Option, Scope } from "effect"
import type { Cause, DateTime } from "effect"
import { CancelReason, CancelScope, TaskGroup } from "@skein/core"
import { is, HttpError, DbError, ParseError, Db, fetchUser, fetchPosts } from "./domain.ts"
import type { EffOf, User } from "./domain.ts"

{
  const outcome = CancelScope.run(
    (scope) =>
      Effect.gen(function* () {
        yield* CancelScope.reschedule(scope, { timeout: "3 seconds" })
        yield* CancelScope.cancel(scope, "changed my mind")
        is<Effect.Success<ReturnType<typeof CancelScope.isCancelled>>, boolean>(true)
        return yield* fetchPosts
      }),
    { timeout: "5 seconds", name: "page" }
  )
  is<EffOf<typeof outcome>, [CancelScope.Outcome<number>, DbError, Db]>(true)
  const told = Effect.map(
    outcome,
    CancelScope.match({
      onCompleted: (n) => n,
      onCancelled: (reason) => reason._tag
    })
  )
  is<Effect.Success<typeof told>, number | CancelReason.CancelReason["_tag"]>(true)
  CancelScope.run(() => Effect.void, { name: "no limit" })
  CancelScope.run(() => Effect.void, { deadline: {} as DateTime.Utc })
  // @ts-expect-error one of the two
  CancelScope.run(() => Effect.void, { deadline: {} as DateTime.Utc, timeout: "1 second" })

  const failed = fetchUser(1).pipe(CancelScope.failAfter("5 seconds", { name: "user" }))
  is<EffOf<typeof failed>, [User, HttpError | CancelScope.DeadlineExceeded, never]>(true)
  is<EffOf<ReturnType<typeof failedFirst>>, EffOf<typeof failed>>(true)
  function failedFirst() {
    return CancelScope.failAfter(fetchUser(1), "5 seconds")
  }
  const own = fetchUser(1).pipe(
    CancelScope.failAfter("5 seconds", { onTimeout: (e) => (void e.timeout, new ParseError()) })
  )
  is<EffOf<typeof own>, [User, HttpError | ParseError, never]>(true)
  const ownFirst = CancelScope.failAfter(fetchUser(1), "5 seconds", { onTimeout: () => new ParseError() })
  is<EffOf<typeof ownFirst>, [User, HttpError | ParseError, never]>(true)
  const headed = fetchPosts.pipe(CancelScope.withHeader("1500m", { atMost: "10 seconds" }))
  is<EffOf<typeof headed>, [number, DbError | CancelScope.DeadlineExceeded, Db]>(true)
  is<EffOf<typeof CancelScope.toHeader>, [Option.Option<string>, never, never]>(true)
  const moved = fetchPosts.pipe(CancelScope.moveOnAfter("1 second"))
  is<EffOf<typeof moved>, [Option.Option<number>, DbError, Db]>(true)
  const shielded = fetchPosts.pipe(CancelScope.shield({ atMost: "1 second" }))
  is<EffOf<typeof shielded>, [number, DbError, Db]>(true)
  // @ts-expect-error an unbounded shield is not offered
  fetchPosts.pipe(CancelScope.shield())
  is<EffOf<typeof CancelScope.deadline>, [Option.Option<DateTime.Utc>, never, never]>(true)
  is<EffOf<typeof CancelScope.remaining>, [Duration.Duration, never, never]>(true)
  is<EffOf<typeof CancelScope.signal>, [AbortSignal, never, Scope.Scope]>(true)
  const aborted = fetchPosts.pipe(CancelScope.withSignal(new AbortController().signal))
  is<EffOf<typeof aborted>, [number, DbError, Db]>(true)
  const reason = CancelReason.fromCause({} as Cause.Cause<HttpError>)
  is<typeof reason, Option.Option<CancelReason.CancelReason>>(true)
  // the group a scope's body forks into is the one around the scope
  // oxlint-disable-next-line skein/no-fork-in-scope -- whose group it is, is what is tested
  const through = TaskGroup.run(CancelScope.run(() => TaskGroup.fork(fetchUser(1))))
  is<Effect.Error<typeof through>, HttpError>(true)
}
