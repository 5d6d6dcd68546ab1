/** `Stream.flatMap` with concurrency never ends when an inner stream ends before the outer one has noted it down. */
import { Effect, Fiber, Option, Scheduler, Stream } from "effect"
import { Explore } from "@skein/testing"
import type { Defect } from "./plain.ts"

const emptied = (elements: number, concurrency: number | "unbounded") =>
  Stream.range(1, elements).pipe(
    Stream.flatMap(() => Stream.empty, { concurrency }),
    Stream.runDrain
  )

export const defect: Defect = {
  program: () => Explore.named(emptied(3, 2), "drain"),
  interrupts: false,
  problem: "Deadlock",
  seed: "x1:o:1.15*1t0",
  plain: Effect.gen(function* () {
    let shown = 0
    let runs = 0
    for (let budget = 3; budget <= 30; budget++) {
      const fiber = Effect.runFork(Effect.provideService(emptied(3, 2), Scheduler.MaxOpsBeforeYield, budget))
      const ended = yield* Fiber.await(fiber).pipe(Effect.timeoutOption("200 millis"))
      runs++
      if (Option.isNone(ended)) shown++
    }
    return { shown, runs }
  })
}
