/** What the type tests talk about. */
import { Context, Data, Effect } from "effect"
import type { Stream } from "effect"

import type { TaskGroup } from "@skein/core"

/** Exactly equal, and neither is `any`. */
export type Eq<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** Compiles only when both types are the same. */
export const is = <A, B>(_: Eq<A, B>): void => {}
/** What an effect succeeds with, fails with and needs. */
export type EffOf<T> = [Effect.Success<T>, Effect.Error<T>, Effect.Services<T>]
/** The same of a stream. */
export type StrOf<T> = T extends Stream.Stream<infer A, infer E, infer R> ? [A, E, R] : never

export class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {}
export class DbError extends Data.TaggedError("DbError")<{ readonly code: string }> {}
export class ParseError extends Data.TaggedError("ParseError")<{}> {}
interface DbShape {
  readonly query: (sql: string) => Effect.Effect<number, DbError>
}
export class Db extends Context.Service<Db, DbShape>()("Db") {}
export class Clocked extends Context.Service<Clocked, { readonly now: number }>()("Clocked") {}
export interface User {
  readonly name: string
}
export declare const fetchUser: (id: number) => Effect.Effect<User, HttpError>
export const fetchPosts = Effect.gen(function* () {
  return yield* (yield* Db).query("posts")
})

export type G<E> = TaskGroup.TaskGroup<E>
export declare const never_: G<never>
export declare const http: G<HttpError>
export declare const both: G<HttpError | DbError>
export declare const flaky: Effect.Effect<User, HttpError | DbError, Db>
