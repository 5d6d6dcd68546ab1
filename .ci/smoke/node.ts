import { Offload, Runner } from "@skein/node"
import { Console, Effect } from "effect"

const program = Effect.gen(function* () {
  const threads = yield* Offload.module<typeof import("./threads/double.ts")>(
    new URL("./threads/double.ts", import.meta.url)
  )
  yield* Console.log(`offload: ${yield* threads.double(21)}`)
})

Runner.main(Effect.scoped(program))
