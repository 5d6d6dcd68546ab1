/** Run Effect services on Node. */
export * as LoopMonitor from "./LoopMonitor.ts"
export * as Offload from "./Offload.ts"
export * as Runner from "./Runner.ts"
