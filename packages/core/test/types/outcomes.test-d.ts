/** `collect`, `supervise`, `scoped` and `catchEach`. Type-checked, never run. */
// @effect-diagnostics floatingEffect:off
import { Effect } from "effect"
import type { Scope } from "effect"
import { TaskGroup, TaskGroupError } from "@skein/core"
import { is, HttpError, DbError, ParseError, Db, Clocked, fetchUser, fetchPosts } from "./domain.ts"
import type { EffOf } from "./domain.ts"

const background = Effect.gen(function* () {
  yield* TaskGroup.fork(fetchUser(2))
  yield* TaskGroup.fork(fetchPosts)
})
{
  const collected = TaskGroup.collect(background)
  is<EffOf<typeof collected>, [void, TaskGroupError.TaskGroupError<HttpError | DbError>, Db]>(true)
  const withBody = TaskGroup.collect(Effect.andThen(background, Effect.fail(new ParseError())))
  is<Effect.Error<typeof withBody>, ParseError | TaskGroupError.TaskGroupError<HttpError | DbError>>(true)
  const infallible = TaskGroup.collect(TaskGroup.fork(Effect.succeed(1)), { limit: 1 })
  is<Effect.Error<typeof infallible>, never>(true)
  const noFork = Effect.succeed(1).pipe(TaskGroup.collect({ name: "none" }))
  is<Effect.Error<typeof noFork>, never>(true)

  const supervised = TaskGroup.supervise(Effect.andThen(background, Effect.fail(new ParseError())), {
    limit: 3,
    onFailure: (failure) => {
      is<typeof failure, TaskGroupError.TaskFailure<HttpError | DbError>>(true)
      if (failure._tag === "Failed") is<typeof failure.error, HttpError | DbError>(true)
      return Effect.asVoid(Clocked)
    }
  })
  is<EffOf<typeof supervised>, [never, ParseError, Db | Clocked]>(true)
  const piped = background.pipe(
    TaskGroup.supervise({
      onFailure: (failure) => {
        is<typeof failure, TaskGroupError.TaskFailure<HttpError | DbError>>(true)
        return Effect.logError(failure.path)
      }
    })
  )
  is<EffOf<typeof piped>, [void, never, Db]>(true)
  // @ts-expect-error point-free is an error, not a silent unknown
  background.pipe(TaskGroup.supervise)
  const plain = background.pipe(TaskGroup.supervise())
  is<EffOf<typeof plain>, [void, never, Db]>(true)
  const limited = background.pipe(TaskGroup.supervise({ limit: 3 }))
  is<EffOf<typeof limited>, [void, never, Db]>(true)
  TaskGroup.supervise(background, {
    // @ts-expect-error a failure handler cannot fail
    onFailure: () => Effect.fail("no")
  })

  // except*
  const some = collected.pipe(
    TaskGroupError.catchEach({
      HttpError: (failures) => {
        is<(typeof failures)[0]["error"], HttpError>(true)
        return Effect.succeed(failures.length)
      }
    })
  )
  is<EffOf<typeof some>, [void | number, TaskGroupError.TaskGroupError<DbError>, Db]>(true)
  const all = collected.pipe(
    TaskGroupError.catchEach({
      HttpError: (failures) => Effect.fail(failures[0].error.status),
      DbError: (failures) => Effect.as(Clocked, failures[0].error.code)
    })
  )
  is<EffOf<typeof all>, [void | string, number, Db | Clocked]>(true)
  const first = TaskGroupError.catchEach(withBody, { DbError: () => Effect.void })
  is<EffOf<typeof first>, [void, ParseError | TaskGroupError.TaskGroupError<HttpError>, Db]>(true)
  const stepwise = collected.pipe(
    TaskGroupError.catchEach({ HttpError: () => Effect.void }),
    TaskGroupError.catchEach({ DbError: () => Effect.void })
  )
  is<EffOf<typeof stepwise>, [void, never, Db]>(true)
  // @ts-expect-error no such tag among the members
  collected.pipe(TaskGroupError.catchEach({ ParseError: () => Effect.void }))
  // @ts-expect-error ParseError is the body's own error, not a member
  TaskGroupError.catchEach(withBody, { ParseError: () => Effect.void })
  // untagged members stay in the rest
  const mixed = TaskGroup.collect(
    Effect.andThen(background, TaskGroup.fork(Effect.fail("plain" as const)))
  ).pipe(TaskGroupError.catchEach({ HttpError: () => Effect.void, DbError: () => Effect.void }))
  is<Effect.Error<typeof mixed>, TaskGroupError.TaskGroupError<"plain">>(true)
  // and Effect's own catchTag works on it
  const tag = collected.pipe(
    Effect.catchTag("TaskGroupError", (e) => {
      is<(typeof e.failures)[0]["error"], HttpError | DbError>(true)
      return Effect.succeed(e.message)
    })
  )
  is<EffOf<typeof tag>, [void | string, never, Db]>(true)

  const owned = TaskGroup.scoped<HttpError>({ onFailure: (f) => Effect.log(f.task), grace: "5 seconds" })
  is<EffOf<typeof owned>, [TaskGroup.TaskGroup<HttpError>, never, Scope.Scope]>(true)
}
