/** Who watches the tree. Nobody mostly: then a change costs one look at `watched`. */
import type { TaskNode } from "./taskNode.ts"
import type { Node } from "../node.ts"

export interface Watcher {
  readonly started: (node: Node) => void
  readonly statusChanged: (node: Node) => void
  readonly exited: (task: TaskNode) => void
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

export const started = (node: Node): void => watchers.forEach((watcher) => watcher.started(node))
export const statusChanged = (node: Node): void => watchers.forEach((watcher) => watcher.statusChanged(node))
export const exited = (task: TaskNode): void => watchers.forEach((watcher) => watcher.exited(task))
