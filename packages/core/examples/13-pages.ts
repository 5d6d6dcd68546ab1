// Pages fetched lazily: an async generator as a stream. The next page is fetched when somebody wants its first item.
import { Generator } from "@skein/core"
import { Console, Data, Effect, Option, Stream } from "effect"

class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {}

/** An API with three pages. */
const fetchPage = (cursor: number) =>
  Effect.gen(function* () {
    yield* Console.log(`  GET /items?cursor=${cursor}`)
    if (cursor > 3) return yield* new HttpError({ status: 404 })
    const items = [1, 2, 3].map((n) => `item ${(cursor - 1) * 3 + n}`)
    return { items, next: cursor === 3 ? undefined : cursor + 1 }
  })

const items = Generator.make(function* (emit) {
  for (let cursor: number | undefined = 1; cursor !== undefined;) {
    const page: { readonly items: ReadonlyArray<string>; readonly next: number | undefined } =
      yield* fetchPage(cursor)
    for (const item of page.items) yield* emit(item)
    cursor = page.next
  }
})

// Where nothing has to be cleaned up, Effect's own constructor does it as well.
const paginated = Stream.paginate(1, (cursor: number) =>
  Effect.map(fetchPage(cursor), ({ items, next }) => [items, Option.fromUndefinedOr(next)] as const)
)

const program = Effect.gen(function* () {
  yield* Console.log("five items: two pages")
  yield* Stream.runForEach(Stream.take(items, 5), (item) => Console.log(item))

  yield* Console.log("all: three pages")
  const all = yield* Stream.runCollect(items)
  yield* Console.log(`${all.length} items`)

  yield* Console.log("with Stream.paginate")
  yield* Console.log(`${(yield* Stream.runCollect(paginated)).length} items`)
})

await Effect.runPromise(program)
