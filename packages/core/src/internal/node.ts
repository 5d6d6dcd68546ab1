/**
 * What runs on a fiber (a task, the body of a group, the work of a cancel scope), what it waits on, and its place in the tree.
 */
import type * as Fiber from "effect/Fiber"

import { Frame, frameOf, parentOf } from "./effect.ts"
import { envOf } from "./env.ts"

/** Somebody who holds something others wait for. */
export interface Holder {
  /** None for a fiber that belongs to no group. */
  readonly node: Node | undefined
  /** The node's path, or the fiber's name. */
  readonly name: string
}

/**
 * Why a fiber is suspended. Wait-queue entries implement it themselves, so that waiting costs no further object:
 * everything but `since` is computed when somebody looks.
 */
export interface Wait {
  /** "Lock", "Pool.lease", "Task.join", ... */
  readonly operation: string
  /** Name of the lock, pool, queue or task. */
  readonly resource: string
  /** Milliseconds on the fiber's clock. */
  readonly since: number
  readonly holders: () => ReadonlyArray<Holder>
  /** It has what it waited for, and may even be among the holders; its fiber has not gone on yet. */
  readonly over?: boolean
}

/** A frame that keeps what its fiber waits on. */
export abstract class WaitingFrame extends Frame {
  abstract wait: Wait | undefined
  /** The frame whose fiber waits for this one (a scope's work inside a task); tasks and bodies have none. */
  abstract readonly up: WaitingFrame | undefined
  /** Of a scope's work: the fiber that entered the scope. */
  declare readonly owner?: Fiber.Fiber<any, any>
  /** Of a scope's work: what its owner is asked does not reach it, or not at once. */
  get shields(): boolean {
    return false
  }
  /** The task or body this belongs to. */
  abstract readonly node: Node | undefined
}

/** A task or the body of a group: what the task tree shows. */
export abstract class Node extends WaitingFrame {
  abstract readonly id: number
  /** Groups that were opened inside this node and are not complete, newest first. */
  abstract groups: Node | undefined
  abstract readonly name: string
  /** Whose end, or cancellation, is this one's, too. */
  abstract readonly parent: Node | undefined

  get up(): undefined {
    return undefined
  }
  get node(): Node {
    return this
  }
  /** The node this one is shown under; the same all its life. */
  get above(): Node | undefined {
    return this.parent
  }
  /** Names from the root, joined with "/"; a "/" inside a name is written "%2F". */
  get path(): string {
    let path = escapeName(this.name)
    for (let node = this.above; node !== undefined; node = node.above)
      path = `${escapeName(node.name)}/${path}`
    return path
  }
}

export const escapeName = (name: string): string => (name.includes("/") ? name.replaceAll("/", "%2F") : name)

/** The fiber's own; of a fiber without one, the innermost time limit that runs on it. */
export const waitingFrameOf = (fiber: Fiber.Fiber<any, any>): WaitingFrame | undefined => {
  const frame = frameOf(fiber)
  if (frame !== undefined) return frame instanceof WaitingFrame ? frame : undefined
  const scope: unknown = envOf(fiber).scope
  return scope instanceof WaitingFrame && scope.fiber === fiber ? scope : undefined
}

/** The task or body that runs on this fiber, also through the scopes it entered; undefined for other fibers. */
export const nodeOf = (fiber: Fiber.Fiber<any, any>): Node | undefined => waitingFrameOf(fiber)?.node

/** The same, or what runs on the closest fiber above it. Children forked by a task or body belong to it. */
export const nodeAbove = (fiber: Fiber.Fiber<any, any>): Node | undefined => {
  for (let at: Fiber.Fiber<any, any> | undefined = fiber; at !== undefined; at = parentOf(at)) {
    const node = nodeOf(at)
    if (node !== undefined) return node
  }
  return undefined
}

/** Names a fiber for people: its task's path; else the path of the task or group around and the fiber's number. */
export const describeFiber = (fiber: Fiber.Fiber<any, any>): string => {
  const node = nodeOf(fiber)
  if (node !== undefined) return node.path
  const above = nodeAbove(fiber) ?? envOf(fiber).group
  return above === undefined ? `fiber:${fiber.id}` : `${above.path}/fiber:${fiber.id}`
}

export const holderOf = (fiber: Fiber.Fiber<any, any>): Holder => ({
  node: nodeOf(fiber),
  name: describeFiber(fiber)
})

/** Call when the fiber suspends; the tree and timeouts then show why. Pair with {@link endWait}. */
export const beginWait = (fiber: Fiber.Fiber<any, any>, wait: Wait): void => {
  for (let frame = waitingFrameOf(fiber); frame !== undefined; frame = frame.up) frame.wait = wait
}

/** Call when it was resumed or interrupted; forgets only this wait. */
export const endWait = (fiber: Fiber.Fiber<any, any>, wait: Wait): void => {
  for (let frame = waitingFrameOf(fiber); frame !== undefined; frame = frame.up) {
    if (frame.wait === wait) frame.wait = undefined
  }
}
