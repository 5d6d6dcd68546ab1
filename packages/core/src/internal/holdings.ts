/**
 * Who hears what is taken, to find what is not given back. Nobody mostly: then taking costs one look at `watched`.
 *
 * A lease is told of once, when it gets what it asked for; whether it still has it, it says itself. Bare permits are no
 * lease's, so those are told of when they are given back, too.
 */
import { currentFiber } from "./effect.ts"
import type { AnyFiber } from "./effect.ts"

/** Somebody was given something, and is to give it back. */
export interface Lease {
  readonly fiber: AnyFiber
  /** "Lock", "Semaphore", "Pool.lease", ... */
  readonly operation: string
  readonly resource: string
  /** How much of it, where that can be more or less. */
  readonly permits?: number
  /** False once it was given back. */
  readonly holding: boolean
}

/** Where bare permits come from. */
export interface Source {
  readonly operation: string
  readonly name: string
}

export interface Watcher {
  readonly took: (lease: Lease) => void
  readonly tookBare: (source: Source, permits: number, fiber: AnyFiber) => void
  /** `fiber` gives back; it need not be who took. */
  readonly gaveBare: (source: Source, permits: number, fiber: AnyFiber | undefined) => void
}

const watchers = new Set<Watcher>()
export let watched = false

export const watch = (watcher: Watcher): (() => void) => {
  watchers.add(watcher)
  watched = true
  return () => {
    watchers.delete(watcher)
    watched = watchers.size > 0
  }
}

export const took = (lease: Lease): void => watchers.forEach((watcher) => watcher.took(lease))

export const tookBare = (source: Source, permits: number, fiber: AnyFiber): void =>
  watchers.forEach((watcher) => watcher.tookBare(source, permits, fiber))

export const gaveBare = (source: Source, permits: number): void => {
  const fiber = currentFiber()
  watchers.forEach((watcher) => watcher.gaveBare(source, permits, fiber))
}
