/** All that is measured, in the order of the page. */
import type { Work } from "./work.ts"

const modules: Readonly<Record<string, () => Promise<Readonly<Record<string, unknown>>>>> = {
  forkJoin: () => import("./works/forkJoin.ts"),
  memory: () => import("./works/memory.ts"),
  cancel: () => import("./works/cancel.ts"),
  limit: () => import("./works/limit.ts"),
  lock: () => import("./works/lock.ts"),
  queue: () => import("./works/queue.ts"),
  pool: () => import("./works/pool.ts"),
  operators: () => import("./works/operators.ts"),
  nested: () => import("./works/nested.ts"),
  offload: () => import("./works/offload.ts"),
  explore: () => import("./works/explore.ts")
}

/** Which module has which work: a measuring process loads no more than it needs. */
const homes: ReadonlyArray<readonly [string, keyof typeof modules]> = [
  ["fork-join-groups", "forkJoin"],
  ["fork-join-large", "forkJoin"],
  ["memory-suspended", "memory"],
  ["memory-sleeping", "memory"],
  ["cancel", "cancel"],
  ["fail-fast", "cancel"],
  ["nested", "nested"],
  ["limit", "limit"],
  ["lock", "lock"],
  ["queue", "queue"],
  ["queue-4-4", "queue"],
  ["queue-batches", "queue"],
  ["consume", "queue"],
  ["pool", "pool"],
  ["timeout", "operators"],
  ["retry", "operators"],
  ["offload", "offload"],
  ["explore", "explore"]
]

export const ids: ReadonlyArray<string> = homes.map(([id]) => id)

const isWork = (value: unknown): value is Work =>
  typeof value === "object" && value !== null && "id" in value && "systems" in value

export const load = async (id: string): Promise<Work> => {
  const home = homes.find(([known]) => known === id)?.[1]
  if (home === undefined) throw new Error(`no work "${id}"; there are ${ids.join(", ")}`)
  const found = Object.values(await modules[home]!()).find((value) => isWork(value) && value.id === id)
  if (found === undefined) throw new Error(`${home} has no work "${id}"`)
  return found as Work
}
