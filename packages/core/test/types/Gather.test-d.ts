/** Shapes, errors and requirements of gathered effects. Type-checked, never run. */
// @effect-diagnostics floatingEffect:off
import { Effect, Exit, Option, pipe } from "effect"
import { Gather } from "@skein/core"
import { is, HttpError, DbError, Db, fetchUser, fetchPosts } from "./domain.ts"
import type { EffOf, StrOf, User } from "./domain.ts"

{
  const tuple = Gather.all([fetchUser(1), fetchPosts, Effect.succeed(true)])
  is<EffOf<typeof tuple>, [[User, number, boolean], HttpError | DbError, Db]>(true)
  const record = Gather.all({ user: fetchUser(1), posts: fetchPosts }, { concurrency: 2 })
  is<EffOf<typeof record>, [{ user: User; posts: number }, HttpError | DbError, Db]>(true)
  const iterable = Gather.all([1, 2].map(fetchUser))
  is<EffOf<typeof iterable>, [Array<User>, HttpError, never]>(true)
  const set = Gather.all(new Set([fetchUser(1)]))
  is<EffOf<typeof set>, [Array<User>, HttpError, never]>(true)
  const empty = Gather.all([])
  is<EffOf<typeof empty>, [[], never, never]>(true)

  const sTuple = Gather.settled([fetchUser(1), fetchPosts])
  is<EffOf<typeof sTuple>, [[Exit.Exit<User, HttpError>, Exit.Exit<number, DbError>], never, Db]>(true)
  const sRecord = Gather.settled({ user: fetchUser(1), posts: fetchPosts })
  is<
    EffOf<typeof sRecord>,
    [{ user: Exit.Exit<User, HttpError>; posts: Exit.Exit<number, DbError> }, never, Db]
  >(true)
  const sIterable = Gather.settled([1, 2].map(fetchUser))
  is<EffOf<typeof sIterable>, [Array<Exit.Exit<User, HttpError>>, never, never]>(true)
  const sSet = Gather.settled(new Set([fetchUser(1)]))
  is<EffOf<typeof sSet>, [Array<Exit.Exit<User, HttpError>>, never, never]>(true)
  const sEmpty = Gather.settled([])
  is<EffOf<typeof sEmpty>, [[], never, never]>(true)

  const mapped = Gather.map([1, 2, 3], (n) => fetchUser(n), { concurrency: 10 })
  is<EffOf<typeof mapped>, [Array<User>, HttpError, never]>(true)
  const mappedNe = Gather.map([1, 2] as const, (n) => Effect.as(Db, n))
  is<EffOf<typeof mappedNe>, [[1 | 2, ...Array<1 | 2>], never, Db]>(true)
  const mappedLast = pipe(
    [1, 2, 3],
    Gather.map((n) => fetchUser(n), { concurrency: 10 })
  )
  is<EffOf<typeof mappedLast>, [Array<User>, HttpError, never]>(true)

  const raced = Gather.race([fetchUser(1), fetchPosts])
  is<EffOf<typeof raced>, [User | number, HttpError | DbError, Db]>(true)
  const win = Gather.firstSuccess([fetchUser(1), fetchPosts])
  is<EffOf<typeof win>, [User | number, HttpError | DbError, Db]>(true)
  const two = Gather.quorum([fetchUser(1), fetchUser(2), fetchUser(3)], 2)
  is<EffOf<typeof two>, [Array<User>, HttpError, never]>(true)
  const twoLast = pipe([fetchUser(1), fetchUser(2)], Gather.quorum(2))
  is<EffOf<typeof twoLast>, [Array<User>, HttpError, never]>(true)
  const found = Gather.firstMatching([fetchUser(1), fetchUser(2)], (u) => u.name === "x")
  is<EffOf<typeof found>, [Option.Option<User>, HttpError, never]>(true)
  const foundLast = pipe(
    [fetchUser(1), fetchUser(2)],
    Gather.firstMatching((u) => u.name === "x")
  )
  is<EffOf<typeof foundLast>, [Option.Option<User>, HttpError, never]>(true)
  const refined = Gather.firstMatching(
    [Effect.succeed<string | number>(1)],
    (u): u is string => typeof u === "string"
  )
  is<EffOf<typeof refined>, [Option.Option<string>, never, never]>(true)
  const completed = Gather.asCompleted([fetchUser(1), fetchPosts], { concurrency: 3 })
  is<StrOf<typeof completed>, [User | number, HttpError | DbError, Db]>(true)
}
