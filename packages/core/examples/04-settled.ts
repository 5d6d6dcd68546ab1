// `gather(return_exceptions=True)`: one failure must not hide the other results. `Gather.settled` gives an Exit of each, typed.
import { Cause, Console, Effect, Exit } from "effect"

import { Gather } from "@skein/core"

const check = (host: string) =>
  host === "down.example"
    ? Effect.fail(`no route to ${host}`)
    : host === "odd.example"
      ? Effect.die(new Error("not a number"))
      : Effect.as(Effect.sleep(5), "up")

const hosts = ["up.example", "down.example", "odd.example"]

const main = Effect.gen(function* () {
  const exits = yield* Gather.settled(hosts.map(check))
  for (const [index, exit] of exits.entries()) {
    const text = Exit.match(exit, {
      onSuccess: (state) => state,
      onFailure: (cause) =>
        Cause.hasDies(cause) ? `broken: ${Cause.squash(cause)}` : `down: ${Cause.squash(cause)}`
    })
    yield* Console.log(`${hosts[index]} ${text}`)
  }
})

Effect.runPromise(main)
