/** Run Effect services on Node. */
export * as Offload from "./Offload.ts"
