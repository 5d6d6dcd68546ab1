// A call that is never awaited. In Python a coroutine that never runs and, with luck, a warning at the end; here an error
// of the build: the first line that is switched off below is reported by `effect-tsgo diagnostics`, the others by the lint
// rules. Only the last two lines of the program do what they say.
import { Console, Effect } from "effect"

const saved: Array<string> = []

const program = Effect.gen(function* () {
  // @effect-diagnostics-next-line floatingEffect:off
  Effect.sync(() => saved.push("a statement"))

  // oxlint-disable-next-line skein/no-forgotten-effect
  void Effect.sync(() => saved.push("void"))

  // oxlint-disable-next-line skein/no-forgotten-effect
  ;[1, 2].forEach((n) => Effect.sync(() => saved.push(`forEach ${n}`)))

  // oxlint-disable-next-line skein/no-forgotten-effect
  setTimeout(() => Effect.sync(() => saved.push("a timer")), 0)

  yield* Effect.sleep("5 millis")
  yield* Console.log(`forgotten: ${saved.length} saved`)

  yield* Effect.sync(() => saved.push("yielded"))
  yield* Effect.forEach([1, 2], (n) => Effect.sync(() => saved.push(`Effect.forEach ${n}`)))
  yield* Console.log(`not forgotten: ${saved.join(", ")}`)
})

await Effect.runPromise(program)
