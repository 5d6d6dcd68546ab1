/** The group as a requirement: what it adds to `R` and what `run` takes out. Type-checked, never run. */
// @effect-diagnostics floatingEffect:off
import { Option } from "effect"
import type { Scope } from "effect"
import { Task, TaskGroup } from "@skein/core"
import { is, HttpError, DbError, Db, Clocked, fetchUser, fetchPosts, never_, http, both } from "./domain.ts"
import type { EffOf, User, G } from "./domain.ts"

{
  is<TaskGroup.Outside<G<never>>, never>(true)
  is<TaskGroup.Outside<G<any>>, never>(true)
  is<TaskGroup.Outside<G<never> | G<HttpError> | G<any> | Db>, Db>(true)
  is<TaskGroup.Outside<G<HttpError> | G<DbError> | Db | Scope.Scope>, Db | Scope.Scope>(true)
  is<TaskGroup.Outside<never>, never>(true)
  is<TaskGroup.Outside<Clocked>, Clocked>(true)
  is<TaskGroup.Errors<G<HttpError> | G<DbError> | G<never> | Db>, HttpError | DbError>(true)
  is<TaskGroup.Errors<G<HttpError | DbError>>, HttpError | DbError>(true)
  is<TaskGroup.Errors<Db>, never>(true)
  is<TaskGroup.Errors<never>, never>(true)
  is<TaskGroup.Collected<G<never> | Db>, never>(true)

  // @ts-expect-error invariant, narrower
  const a: G<HttpError> = never_
  // @ts-expect-error invariant, wider
  const b: G<HttpError | DbError> = http
  // @ts-expect-error invariant, the other way
  const c: G<HttpError> = both
  void [a, b, c]

  const forked = TaskGroup.fork(fetchUser(1), { name: "user" })
  is<EffOf<typeof forked>, [Task.Task<User, HttpError>, never, G<HttpError>]>(true)
  const forkedDb = fetchPosts.pipe(TaskGroup.fork)
  is<EffOf<typeof forkedDb>, [Task.Task<number, DbError>, never, Db | G<DbError>]>(true)
  const forkedNamed = fetchPosts.pipe(TaskGroup.fork({ name: "posts" }))
  is<EffOf<typeof forkedNamed>, [Task.Task<number, DbError>, never, Db | G<DbError>]>(true)
  const background = fetchPosts.pipe(TaskGroup.fork({ name: "heartbeat", background: true }))
  is<EffOf<typeof background>, [Task.Task<number, DbError>, never, Db | G<DbError>]>(true)
  // @ts-expect-error a handle is no body
  TaskGroup.run(http)
  // @ts-expect-error a task is no effect
  TaskGroup.fork({} as Task.Task<User, HttpError>)
  const tried = TaskGroup.tryFork(fetchUser(1))
  is<EffOf<typeof tried>, [Option.Option<Task.Task<User, HttpError>>, never, G<HttpError>]>(true)
}
