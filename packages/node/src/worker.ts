/** What the code of offloaded functions needs, without the rest of the package: a worker that imports this starts fast. */

export { currentSignal, transfer } from "./internal/offload/current.ts"
