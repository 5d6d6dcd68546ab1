import { Offload, Runner } from "@skein/node"
import { Console, Effect } from "effect"

const program = Effect.gen(function* () {
  const work = yield* Offload.module<typeof import("./work/double.ts")>(
    new URL("./work/double.ts", import.meta.url)
  )
  yield* Console.log(`offload: ${yield* work.double(21)}`)
})

Runner.main(Effect.scoped(program))
