// @effect-diagnostics floatingEffect:off
import { CancelScope, Retry } from "@skein/core"
import { Context, Effect, Option, Scope } from "effect"
import { describe, expectTypeOf, it } from "vitest"

import type { DbError, HttpError } from "./fixtures.ts"

class Db extends Context.Service<Db, { readonly url: string }>()("Db") {}
class Log extends Context.Service<Log, { readonly name: string }>()("Log") {}

declare const call: Effect.Effect<number, HttpError | DbError, Db>
const types = (_: () => void): void => {}

describe("Retry.run", () => {
  it("leaves A and E as they are and adds what the hook needs", () =>
    types(() => {
      const retried = Retry.run(call, { tags: ["HttpError"], onRetry: () => Log })
      expectTypeOf(retried).toEqualTypeOf<Effect.Effect<number, HttpError | DbError, Db | Log>>()
      const scoped = Retry.run(call, { tags: ["HttpError"], onRetry: () => Scope.Scope })
      expectTypeOf(scoped).toEqualTypeOf<Effect.Effect<number, HttpError | DbError, Db>>()
    }))

  it("hands the hooks the listed errors alone", () =>
    types(() => {
      Retry.run(call, {
        tags: ["HttpError"],
        while: (e) => (expectTypeOf(e).toEqualTypeOf<HttpError>(), true)
      })
      call.pipe(
        Retry.run({
          tags: ["DbError"],
          onRetry: (a) => (expectTypeOf(a.error).toEqualTypeOf<DbError>(), Effect.void)
        })
      )
      call.pipe(Retry.run({ while: (e) => (expectTypeOf(e).toEqualTypeOf<HttpError | DbError>(), true) }))
    }))

  it("knows the errors of a nested call, data-first", () =>
    types(() => {
      const mapped = Retry.run(
        Effect.map(call, (n) => String(n)),
        {
          tags: ["HttpError"],
          while: (e) => e.status >= 500,
          retryAfter: (e) => Option.fromUndefinedOr(e.after)
        }
      )
      expectTypeOf(mapped).toEqualTypeOf<Effect.Effect<string, HttpError | DbError, Db>>()
      const limited = Retry.run(CancelScope.failAfter(call, "1 second"), {
        tags: ["HttpError", "DeadlineExceeded"]
      })
      expectTypeOf(limited).toEqualTypeOf<
        Effect.Effect<number, HttpError | DbError | CancelScope.DeadlineExceeded, Db>
      >()
      // @ts-expect-error no such tag
      Retry.run(Effect.asVoid(call), { tags: ["ParseError"] })
    }))

  it("refuses tags that are not in E, and a policy that lists nothing", () =>
    types(() => {
      // @ts-expect-error no such tag
      Retry.run(call, { tags: ["HttpError", "ParseError"] })
      // @ts-expect-error no such tag, in a pipe
      call.pipe(Retry.run({ tags: ["ParseError"] }))
      // @ts-expect-error which errors?
      Retry.run(call, { attempts: 3 })
      const shared = Retry.policy({ tags: ["ParseError"] })
      // @ts-expect-error a policy for other errors
      Retry.run(call, shared)
    }))
})
