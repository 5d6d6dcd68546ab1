export * as InterruptSweep from "./InterruptSweep.ts"
