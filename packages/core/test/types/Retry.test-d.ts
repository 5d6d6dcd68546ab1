/** Only tags that the effect can fail with are accepted; `E` stays as it is. Type-checked, never run. */
// @effect-diagnostics floatingEffect:off
import { Duration, Effect, Option } from "effect"
import { CancelScope, Hedge, Retry, RetryBudget } from "@skein/core"
import { is, HttpError, DbError, ParseError, Db, Clocked, fetchUser, flaky } from "./domain.ts"
import type { EffOf, User } from "./domain.ts"

{
  const tags = Retry.run(flaky, {
    tags: ["HttpError"],
    while: (e) => {
      is<typeof e, HttpError>(true)
      return e.status >= 500
    },
    retryAfter: (e) => Option.some(Duration.seconds(e.status)),
    onRetry: (attempt) => Effect.asVoid(Effect.as(Clocked, attempt.error.status))
  })
  is<EffOf<typeof tags>, [User, HttpError | DbError, Db | Clocked]>(true)
  const two = Retry.run(flaky, { tags: ["HttpError", "DbError"], attempts: 3 })
  is<EffOf<typeof two>, [User, HttpError | DbError, Db]>(true)
  const last = flaky.pipe(Retry.run({ tags: ["HttpError"], while: (e) => e.status >= 500, attempts: 3 }))
  is<EffOf<typeof last>, [User, HttpError | DbError, Db]>(true)
  const whole = flaky.pipe(
    Retry.run({
      while: (e) => {
        is<typeof e, HttpError | DbError>(true)
        return e._tag === "DbError"
      }
    })
  )
  is<EffOf<typeof whole>, [User, HttpError | DbError, Db]>(true)
  // @ts-expect-error ParseError is not in E
  Retry.run(flaky, { tags: ["ParseError"] })
  // @ts-expect-error nor data-last
  flaky.pipe(Retry.run({ tags: ["HttpError", "ParseError"] }))
  // @ts-expect-error which errors? tags or while
  Retry.run(flaky, { attempts: 3 })

  const shared = Retry.policy({ tags: ["HttpError"], attempts: 3, initial: "10 millis" })
  const viaPolicy = Retry.run(flaky, shared)
  const viaSpread = flaky.pipe(Retry.run({ ...shared, attempts: 5 }))
  is<EffOf<typeof viaSpread>, [User, HttpError | DbError, Db]>(true)
  // @ts-expect-error a policy for a tag that the effect cannot fail with
  Retry.run(Effect.fail(new ParseError()), shared)
  is<EffOf<typeof viaPolicy>, [User, HttpError | DbError, Db]>(true)

  const composed = flaky.pipe(
    CancelScope.failAfter("5 seconds"),
    Retry.run({ tags: ["HttpError", "DeadlineExceeded"] })
  )
  is<EffOf<typeof composed>, [User, HttpError | DbError | CancelScope.DeadlineExceeded, Db]>(true)
  const off = Retry.disabled(tags)
  is<EffOf<typeof off>, EffOf<typeof tags>>(true)
  const hedged = fetchUser(1).pipe(Hedge.run({ after: "100 millis", copies: 2 }))
  is<EffOf<typeof hedged>, [User, HttpError, never]>(true)
  const budgeted = Effect.gen(function* () {
    const budget = yield* RetryBudget.make({ capacity: 10 })
    return yield* Retry.run(flaky, { tags: ["HttpError"], budget })
  })
  is<EffOf<typeof budgeted>, [User, HttpError | DbError, Db]>(true)
}
