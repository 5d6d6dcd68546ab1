/** `PubSub.take` interrupted in a window of one operation loses the message. See d1-pubsub-take.md. */
import { Effect, Exit, Fiber, PubSub, Scope } from "effect"
import { Explore } from "@skein/testing"
import { interruptAtEachBudget } from "./plain.ts"
import type { Defect } from "./plain.ts"

const published = Effect.gen(function* () {
  const pubsub = yield* PubSub.unbounded<string>()
  const subscription = yield* PubSub.subscribe(pubsub)
  yield* PubSub.publish(pubsub, "message")
  return subscription
})

/** Taken by nobody, and not there any more. */
const isLost = (subscription: PubSub.Subscription<string>, exit: Exit.Exit<string>) =>
  Effect.map(PubSub.remaining(subscription), (left) => Exit.isFailure(exit) && left === 0)

export const defect: Defect = {
  program: () =>
    Effect.gen(function* () {
      const subscription = yield* published
      const taker = yield* Effect.forkChild(Explore.named(PubSub.take(subscription), "taker"))
      const exit = yield* Fiber.await(taker)
      if (yield* isLost(subscription, exit)) return yield* Effect.die(new Error("the message is gone"))
    }).pipe(Effect.scoped),
  interrupts: true,
  problem: "Rejected",
  seed: "x1:oi:1.3!",
  plain: Effect.scoped(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      return yield* interruptAtEachBudget({
        setup: Effect.provideService(published, Scope.Scope, scope),
        subject: PubSub.take,
        isWrong: isLost
      })
    })
  )
}
