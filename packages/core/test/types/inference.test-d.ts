/** What a group can fail with is inferred from what is forked into it. Type-checked, never run. */
// @effect-diagnostics floatingEffect:off
import { Context, Effect, Layer } from "effect"
import { Task, TaskGroup } from "@skein/core"
import { is, HttpError, DbError, Db, fetchUser, fetchPosts } from "./domain.ts"
import type { EffOf, User } from "./domain.ts"

const background = Effect.gen(function* () {
  yield* TaskGroup.fork(fetchUser(2))
  yield* TaskGroup.fork(fetchPosts)
})
is<
  EffOf<typeof background>,
  [void, never, TaskGroup.TaskGroup<HttpError> | TaskGroup.TaskGroup<DbError> | Db]
>(true)
{
  const page = TaskGroup.run(
    Effect.gen(function* () {
      const user = yield* TaskGroup.fork(fetchUser(1), { name: "user" })
      const posts = yield* TaskGroup.fork(fetchPosts)
      yield* TaskGroup.fork(Effect.never)
      return [yield* Task.join(user), yield* Task.join(posts)] as const
    })
  )
  is<EffOf<typeof page>, [readonly [User, number], HttpError | DbError, Db]>(true)

  // nothing joined: the errors are there all the same; a helper that forks is taken in
  const silent = TaskGroup.run(background)
  is<EffOf<typeof silent>, [void, HttpError | DbError, Db]>(true)

  // nested: inner errors are the inner run's E, not a requirement of the outer; the outer still gets its own
  const nested = TaskGroup.run(
    Effect.gen(function* () {
      yield* TaskGroup.fork(fetchUser(1))
      const inner = yield* TaskGroup.run(
        Effect.gen(function* () {
          yield* TaskGroup.fork(fetchPosts)
          yield* TaskGroup.fork(Effect.fail("inner" as const))
          return 1
        })
      ).pipe(
        Effect.catch((e) => {
          is<typeof e, DbError | "inner">(true)
          return Effect.succeed(0)
        })
      )
      return inner
    })
  )
  is<EffOf<typeof nested>, [number, HttpError, Db]>(true)
  const innerBody = Effect.gen(function* () {
    yield* TaskGroup.run(TaskGroup.fork(Effect.fail("inner" as const)))
  })
  is<EffOf<typeof innerBody>, [void, "inner", never]>(true)

  // infallible children
  const quiet = TaskGroup.run(TaskGroup.fork(Effect.succeed(1)))
  is<EffOf<typeof quiet>, [Task.Task<number, never>, never, never]>(true)

  // children that fork children
  const deep = TaskGroup.run(TaskGroup.fork(TaskGroup.fork(fetchUser(1))))
  is<Effect.Error<typeof deep>, HttpError>(true)
  is<Effect.Services<typeof deep>, never>(true)

  // pipe, point-free and with options; Effect.fn with a trailing run
  const piped = background.pipe(TaskGroup.run)
  is<EffOf<typeof piped>, [void, HttpError | DbError, Db]>(true)
  const limited = background.pipe(TaskGroup.run({ limit: 10, name: "pages" }))
  is<EffOf<typeof limited>, [void, HttpError | DbError, Db]>(true)
  const fn = Effect.fn("crawl")(
    function* (id: number) {
      const t = yield* TaskGroup.fork(fetchUser(id))
      return yield* Task.join(t)
    },
    TaskGroup.run({ limit: 2 })
  )
  is<typeof fn, (id: number) => Effect.Effect<User, HttpError>>(true)

  // generic helpers
  const twice = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    TaskGroup.run(
      Effect.gen(function* () {
        const a = yield* TaskGroup.fork(effect)
        const b = yield* TaskGroup.fork(effect)
        return [yield* Task.join(a), yield* Task.join(b)] as const
      })
    )
  const t1 = twice(fetchUser(1))
  is<EffOf<typeof t1>, [readonly [User, User], HttpError, never]>(true)
  const t2 = twice(fetchPosts)
  is<EffOf<typeof t2>, [readonly [number, number], DbError, Db]>(true)
  const t3 = twice(background) // an effect that forks by itself
  is<EffOf<typeof t3>, [readonly [void, void], HttpError | DbError, Db]>(true)
  // annotated by hand: the group types have to be named
  const annotated = <A, E, R>(
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | TaskGroup.Errors<R>, TaskGroup.Outside<R>> => TaskGroup.run(effect)
  is<EffOf<ReturnType<typeof annotated<number, HttpError, Db>>>, [number, HttpError, Db]>(true)
  // Outside<R> does widen to R, so a body that is known not to fork needs none of that in its result's R
  const widened = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | TaskGroup.Errors<R>, R> =>
    TaskGroup.run(effect)
  void widened
  // <A, E, R> => Effect<A, E, R> by annotation needs the caller's context put back around the caller's effect
  const sameType = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.contextWith((context: Context.Context<R>) =>
      TaskGroup.run(Effect.flatMap(TaskGroup.fork(Effect.setContext(effect, context)), Task.join))
    )
  void sameType
  // @ts-expect-error without it R may hold a group, whose errors would be lost
  const unsound = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => TaskGroup.run(effect)
  void unsound
  // a generic helper that forks for its caller
  const leave = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.asVoid(TaskGroup.fork(effect))
  const left = leave(fetchPosts)
  is<EffOf<typeof left>, [void, never, Db | TaskGroup.TaskGroup<DbError>]>(true)

  // @ts-expect-error nobody owns what the helper leaves running
  Effect.runPromise(Effect.provideService(background, Db, { query: () => Effect.succeed(1) }))
  Effect.runPromise(Effect.provideService(TaskGroup.run(background), Db, { query: () => Effect.succeed(1) }))
  // @ts-expect-error not even when it cannot fail
  Effect.runPromise(TaskGroup.fork(Effect.void))
  // @ts-expect-error a group cannot be provided by hand: there is no key
  void TaskGroup.TaskGroup

  // through a layer: the requirement of a layer that forks is met by the group around Effect.provide
  const Poller = Layer.effectDiscard(TaskGroup.fork(fetchUser(1)))
  const provided = TaskGroup.run(Effect.provide(Effect.succeed(1), Poller))
  is<EffOf<typeof provided>, [number, HttpError, never]>(true)
}
