/** `start`, `forkIn`, `runtime`, `Task.wait` and `Task.join`. Type-checked, never run. */
// @effect-diagnostics floatingEffect:off
import { Effect, pipe } from "effect"
import type { Fiber } from "effect"
import { Task, TaskGroup } from "@skein/core"
import { is, HttpError, DbError, Db, fetchUser, fetchPosts } from "./domain.ts"
import type { EffOf, User } from "./domain.ts"

{
  const started = TaskGroup.start(
    (ready) =>
      Effect.gen(function* () {
        const db = yield* Db
        yield* ready(8080)
        return yield* db.query("loop").pipe(Effect.as("served"))
      }),
    { name: "server" }
  )
  is<
    EffOf<typeof started>,
    [
      readonly [value: number, task: Task.Task<string, DbError>],
      DbError | TaskGroup.TaskNotStarted,
      Db | TaskGroup.TaskGroup<DbError>
    ]
  >(true)
  const serve = (ready: (port: number) => Effect.Effect<void>) => Effect.andThen(ready(1), fetchUser(1))
  const elsewhere = TaskGroup.start(serve)
  is<Effect.Success<typeof elsewhere>, readonly [value: number, task: Task.Task<User, HttpError>]>(true)
  is<Effect.Services<typeof elsewhere>, TaskGroup.TaskGroup<HttpError>>(true)
  const inlineAnnotated = TaskGroup.start((ready: (port: string) => Effect.Effect<void>) => ready("x"))
  is<Effect.Success<typeof inlineAnnotated>, readonly [value: string, task: Task.Task<void, never>]>(true)
  const run = TaskGroup.run(
    Effect.gen(function* () {
      const [port, task] = yield* started
      is<typeof port, number>(true)
      yield* Task.cancel(task, "done")
    })
  )
  is<EffOf<typeof run>, [void, DbError | TaskGroup.TaskNotStarted, Db]>(true)
  // a child that never reports is visible: V is never
  const unready = TaskGroup.start(() => Effect.succeed(1))
  is<Effect.Success<typeof unready>[0], never>(true)

  const handles = TaskGroup.run(
    Effect.gen(function* () {
      const group = yield* TaskGroup.current<HttpError>()
      const t = yield* TaskGroup.forkIn(group, fetchUser(1), { name: "x" })
      is<typeof t, Task.Task<User, HttpError>>(true)
      const u = yield* fetchUser(1).pipe(TaskGroup.forkIn(group))
      is<typeof u, Task.Task<User, HttpError>>(true)
      const n = yield* TaskGroup.forkIn(group, Effect.succeed(1))
      is<typeof n, Task.Task<number, never>>(true)
      // @ts-expect-error DbError is not among the group's errors
      void (() => TaskGroup.forkIn(group, fetchPosts))
      // @ts-expect-error nor data-last
      void (() => fetchPosts.pipe(TaskGroup.forkIn(group)))
      const fork = yield* TaskGroup.runtime(group)<Db>()
      const s = fork(Effect.andThen(Effect.asVoid(Db), fetchUser(1)))
      is<typeof s, Task.Task<User, HttpError>>(true)
      // @ts-expect-error error not among the group's
      fork(fetchPosts)
      const bare = yield* TaskGroup.runtime(group)()
      // @ts-expect-error Db was not captured
      bare(Effect.asVoid(Db))
      yield* TaskGroup.cancel("enough")
      yield* TaskGroup.cancel(group, "enough")
      const ended = yield* TaskGroup.drain({ grace: "1 second" })
      is<(typeof ended)[number]["status"], "succeeded" | "failed" | "cancelled">(true)
      return yield* TaskGroup.size(group)
    })
  )
  is<EffOf<typeof handles>, [number, HttpError | TaskGroup.TaskGroupClosed, Db]>(true)
  const none = TaskGroup.run(
    Effect.gen(function* () {
      const group = yield* TaskGroup.current()
      // @ts-expect-error a handle for infallible tasks
      void (() => TaskGroup.forkIn(group, fetchUser(1)))
    })
  )
  void none

  const tasks = [{} as Task.Task<User, HttpError>, {} as Task.Task<number, DbError>]
  const waited = Task.wait(tasks, { until: "first-completed", timeout: "1 second" })
  is<
    EffOf<typeof waited>,
    [Task.Waited<Task.Task<User, HttpError> | Task.Task<number, DbError>>, never, never]
  >(true)
  const p = pipe(tasks, Task.wait({ until: "all-completed" }))
  is<EffOf<typeof p>, EffOf<typeof waited>>(true)
  // a union of tasks joins; a service class is an effect, not options
  const joined = TaskGroup.run(Effect.flatMap(waited, ({ done }) => Effect.forEach(done, Task.join)))
  is<EffOf<typeof joined>, [Array<User | number>, HttpError | DbError, never]>(true)
  const generic = <A, E>(task: Task.Task<A, E>): Effect.Effect<A, E> => Task.join(task)
  void generic
  is<Effect.Services<ReturnType<typeof service>>, Db | TaskGroup.TaskGroup<never>>(true)
  function service() {
    return TaskGroup.fork(Db)
  }
  // @ts-expect-error options are checked
  TaskGroup.fork(fetchUser(1), { nmae: "x" })
  // @ts-expect-error data-last, too
  fetchUser(1).pipe(TaskGroup.run({ limt: 1 }))
  is<(typeof tasks)[number]["fiber"], Fiber.Fiber<User, HttpError> | Fiber.Fiber<number, DbError>>(true)
}
