export * as Explore from "./Explore.ts"
export * as InterruptSweep from "./InterruptSweep.ts"
export * as VirtualTime from "./VirtualTime.ts"
