import { describe, expect, it } from "vitest"

import * as Package from "@skein/core"

import manifest from "../package.json" with { type: "json" }

/** Every value that can be imported, by module. A change here is a change for users. */
const names: Readonly<Record<string, ReadonlyArray<string>>> = {
  Barrier: ["BrokenBarrier", "abort", "isBroken", "make", "reset", "statistics", "wait"],
  Bulkhead: ["BulkheadFull", "make", "run", "statistics"],
  CancelReason: ["fromAbortSignal", "fromCause", "isCancelReason", "pretty", "requested", "toAbortError"],
  CancelScope: [
    "DeadlineExceeded",
    "cancel",
    "deadline",
    "failAfter",
    "isCancelled",
    "match",
    "moveOnAfter",
    "remaining",
    "reschedule",
    "run",
    "shield",
    "signal",
    "toHeader",
    "withHeader",
    "withSignal"
  ],
  CapacityLimiter: ["borrow", "make", "resize", "statistics", "tryWithToken", "withToken"],
  Condition: ["make", "notify", "notifyAll", "statistics", "wait", "waitFor", "withLock"],
  ContextManager: [
    "CloseTimeout",
    "UsageError",
    "fromDisposable",
    "isContextManager",
    "make",
    "stack",
    "use"
  ],
  Event: ["clear", "isSet", "make", "makeUnsafe", "set", "setUnsafe", "statistics", "wait"],
  Gather: ["all", "asCompleted", "firstMatching", "firstSuccess", "map", "quorum", "race", "settled"],
  Generator: ["GeneratorMisuse", "fromAsyncIterable", "make", "toAsyncIterable", "toAsyncIterableEffect"],
  Hedge: ["run"],
  Lock: [
    "LockReentered",
    "acquire",
    "isLock",
    "isLocked",
    "make",
    "makeUnsafe",
    "statistics",
    "tryWithLock",
    "withLock"
  ],
  MemoryChannel: [
    "ChannelBroken",
    "clone",
    "close",
    "make",
    "receive",
    "scoped",
    "send",
    "statistics",
    "stream",
    "tryReceive",
    "trySend"
  ],
  Pool: [
    "PoolCloseTimeout",
    "PoolClosed",
    "PoolTimeout",
    "invalidate",
    "isPool",
    "lease",
    "make",
    "statistics",
    "use"
  ],
  Retry: ["again", "attempts", "backoff", "disabled", "parseRetryAfter", "policy", "run"],
  RetryBudget: ["available", "make"],
  Semaphore: [
    "make",
    "makeUnsafe",
    "release",
    "resize",
    "statistics",
    "take",
    "takeScoped",
    "tryWithPermits",
    "withPermit",
    "withPermits"
  ],
  Task: ["TaskCancelled", "cancel", "current", "isTask", "join", "outcome", "status", "wait"],
  TaskGroup: [
    "ForeignInterrupt",
    "TaskGroupClosed",
    "TaskGroupSaturated",
    "TaskNotStarted",
    "cancel",
    "close",
    "collect",
    "current",
    "drain",
    "fork",
    "forkIn",
    "isClosed",
    "isTaskGroup",
    "run",
    "runtime",
    "scoped",
    "size",
    "start",
    "supervise",
    "tasks",
    "tryFork"
  ],
  TaskGroupError: ["TaskGroupError", "catchEach", "isTaskGroupError"],
  TaskTree: [
    "captureForkSites",
    "changes",
    "deadlocks",
    "ofFiber",
    "pathOf",
    "render",
    "snapshot",
    "withPaths"
  ],
  WorkQueue: [
    "QueueShutdown",
    "bounded",
    "consume",
    "done",
    "fail",
    "join",
    "offer",
    "offerAll",
    "producing",
    "shutdown",
    "size",
    "statistics",
    "take",
    "takeUpTo",
    "tryOffer",
    "tryTake",
    "unbounded"
  ]
}

describe("exports", () => {
  it("are the same when published", () => {
    const published = Object.entries(manifest.publishConfig.exports).map(([path, target]) => [
      path,
      typeof target === "string" ? target : target.default.replace("/dist/", "/src/").replace(/js$/, "ts")
    ])
    expect(Object.fromEntries(published)).toEqual(manifest.exports)
  })

  it("are these modules", () => {
    expect(Object.keys(Package).sort()).toEqual(Object.keys(names).sort())
  })

  for (const [module, expected] of Object.entries(names)) {
    it(`of ${module}`, async () => {
      expect(Object.keys(Package[module as keyof typeof Package]).sort()).toEqual([...expected].sort())
      const alone: object = await import(/* @vite-ignore */ `@skein/core/${module}`)
      expect(alone).toBe(Package[module as keyof typeof Package])
    })
  }
})
