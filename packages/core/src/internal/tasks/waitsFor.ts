/**
 * Deadlocks among tasks that wait for each other. Who waits for a lock, a permit or a task can go on as soon as one of
 * the holders can; who waits for a group, only when all of it can.
 */
import * as Option from "effect/Option"

import type { TreeNode } from "./treeNodes.ts"

/** Those that can never go on by themselves: all that they wait for is stuck, too. */
const findStuck = (nodes: ReadonlyArray<TreeNode>): Map<number, TreeNode> => {
  const stuck = new Map<number, TreeNode>()
  for (const node of nodes) {
    if (Option.isSome(node.waitingOn) && node.waitingOn.value.holders.length > 0) stuck.set(node.id, node)
  }
  for (let changed = true; changed;) {
    changed = false
    for (const node of stuck.values()) {
      const wait = Option.getOrThrow(node.waitingOn)
      const isStuck = (holder: { readonly id: Option.Option<number> }): boolean =>
        Option.isSome(holder.id) && stuck.has(holder.id.value)
      const goesOn =
        wait.operation === "TaskGroup.run" ? !wait.holders.some(isStuck) : !wait.holders.every(isStuck)
      if (!goesOn) continue
      stuck.delete(node.id)
      changed = true
    }
  }
  return stuck
}

/** One cycle for each knot of stuck nodes, each node waiting on the next. */
export const findDeadlocks = (
  nodes: ReadonlyArray<TreeNode>
): ReadonlyArray<[TreeNode, ...Array<TreeNode>]> => {
  const stuck = findStuck(nodes)
  const next = (node: TreeNode): TreeNode | undefined => {
    for (const holder of Option.getOrThrow(node.waitingOn).holders) {
      const found = Option.isSome(holder.id) ? stuck.get(holder.id.value) : undefined
      if (found !== undefined) return found
    }
    return undefined
  }
  const cycles: Array<[TreeNode, ...Array<TreeNode>]> = []
  const seen = new Set<TreeNode>()
  for (const first of stuck.values()) {
    const trail: Array<TreeNode> = []
    let node: TreeNode | undefined = first
    while (node !== undefined && !seen.has(node)) {
      seen.add(node)
      trail.push(node)
      node = next(node)
    }
    const start = node === undefined ? -1 : trail.indexOf(node)
    if (start !== -1) cycles.push(trail.slice(start) as [TreeNode, ...Array<TreeNode>])
  }
  return cycles
}
