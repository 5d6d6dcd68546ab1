// The consumer stops early: the generator's cleanup runs at once, before the consumer goes on. In Python it runs when the
// garbage collector comes by, unless one remembers aclosing().
import { Generator } from "@skein/core"
import { Console, Effect, Stream } from "effect"

const lines = (file: string) =>
  Generator.make(function* (emit) {
    yield* Console.log(`open ${file}`)
    try {
      for (let n = 1; ; n++) yield* emit(`line ${n}`)
    } finally {
      yield* Console.log(`close ${file}`)
    }
  })

const program = Effect.gen(function* () {
  // enough
  yield* Stream.runForEach(Stream.take(lines("a"), 2), (line) => Console.log(line))

  // a failing consumer
  const failure = yield* Effect.flip(Stream.runForEach(lines("b"), () => Effect.fail("the disk is full")))
  yield* Console.log(failure)

  // a cancelled consumer
  yield* Stream.runForEach(lines("c"), () => Effect.never).pipe(Effect.timeoutOption("20 millis"))

  // a loop over an async iterable
  yield* Effect.promise(async () => {
    for await (const line of Generator.toAsyncIterable(lines("d"))) {
      console.log(line)
      break
    }
  })

  // and the other way round: an async generator of somebody else
  const foreign = Generator.fromAsyncIterable(
    async function* () {
      try {
        yield 1
        yield 2
      } finally {
        console.log("foreign generator closed")
      }
    },
    (error) => error
  )
  yield* Console.log(yield* Stream.runCollect(Stream.take(foreign, 1)))
})

await Effect.runPromise(program)
