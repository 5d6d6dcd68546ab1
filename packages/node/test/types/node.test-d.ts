/** Offload, Runner and LoopMonitor. Type-checked, never run. */
// @effect-diagnostics floatingEffect:off
import { Effect, Layer } from "effect"
import type { Scope } from "effect"
import { TaskGroup } from "@skein/core"
import { LoopMonitor, Offload, Runner } from "@skein/node"
import { is, fetchPosts } from "../../../core/test/types/domain.ts"

{
  const hash = Offload.module<typeof import("./hash.ts")>(new URL("./hash.ts", import.meta.url), {
    workers: 2
  })
  type H = Effect.Success<typeof hash>
  is<keyof H, "sha" | "bytes">(true)
  is<H["sha"], (s: string, rounds: number) => Effect.Effect<string, Offload.OffloadError>>(true)
  is<H["bytes"], (b: Uint8Array) => Effect.Effect<number, Offload.OffloadError>>(true)
  is<Effect.Services<typeof hash>, Scope.Scope>(true)
}

{
  // @ts-expect-error a program that forks needs an owner
  Runner.main(TaskGroup.cancel())
  Runner.main(Effect.fail("x"), { shutdown: { drain: "10 seconds", cancel: "5 seconds" } })
  Effect.void.pipe(Runner.main)
  // @ts-expect-error everything must be provided
  Runner.main(fetchPosts)
  is<typeof LoopMonitor.layer, (options?: LoopMonitor.Options) => Layer.Layer<never>>(true)
}
