/** Reads the groups' registry into plain data. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

import { Group, roots } from "./group.ts"
import { escapeName } from "../node.ts"
import type { Node, Wait } from "../node.ts"
import { TaskNode, taskStatus } from "./taskNode.ts"

/** The shape of `TaskTree.Node`. */
export interface TreeNode {
  readonly id: number
  readonly name: string
  readonly path: string
  readonly parent: Option.Option<number>
  readonly status: "pending" | "running" | "cancelling" | "succeeded" | "failed" | "cancelled"
  readonly age: Duration.Duration
  readonly waitingOn: Option.Option<TreeWait>
  readonly forkSite: Option.Option<string>
}

export interface TreeWait {
  readonly operation: string
  readonly resource: string
  readonly since: DateTime.Utc
  readonly holders: ReadonlyArray<{ readonly id: Option.Option<number>; readonly name: string }>
}

const groupOf = (node: Node): Group => (node instanceof TaskNode ? node.group : (node as Group))

const startOf = (node: Node): number =>
  groupOf(node).openedAt + (node instanceof TaskNode ? node.startedAt : 0)

const statusOf = (node: Node): TreeNode["status"] => {
  if (node instanceof TaskNode) return taskStatus(node)
  return (node as Group).ending ? "cancelling" : "running"
}

const waitOf = (wait: Wait): TreeWait => ({
  operation: wait.operation,
  resource: wait.resource,
  since: DateTime.makeUnsafe(wait.since),
  holders: wait.holders().map((holder) => ({
    id: Option.map(Option.fromUndefinedOr(holder.node), (node) => node.id),
    name: holder.name
  }))
})

/** `path` and `parent` as found on the way down, so that depth costs nothing twice. */
export const describe = (node: Node, path = node.path, parent = node.above): TreeNode => {
  const group = groupOf(node)
  return {
    id: node.id,
    name: node.name,
    path,
    parent: Option.map(Option.fromUndefinedOr(parent), (above) => above.id),
    status: statusOf(node),
    age: Duration.millis(Math.max(0, group.clock.currentTimeMillisUnsafe() - startOf(node))),
    waitingOn:
      node.wait === undefined || node.wait.over === true ? Option.none() : Option.some(waitOf(node.wait)),
    forkSite: Option.fromUndefinedOr(node instanceof TaskNode ? node.forkSite : undefined)
  }
}

/** All that is alive, parents before children, oldest first. */
export const readTree = (): ReadonlyArray<TreeNode> => {
  const nodes: Array<TreeNode> = []
  const todo: Array<{ readonly node: Node; readonly above: Node | undefined; readonly prefix: string }> = []
  for (const group of [...roots].reverse()) todo.push({ node: group, above: undefined, prefix: "" })
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { node, above, prefix } = next
    const path = prefix + escapeName(node.name)
    nodes.push(describe(node, path, above))
    // Newest first, since the last one pushed is the next one read.
    const below: Array<Node> = []
    for (let group = node.groups as Group | undefined; group !== undefined; group = group.nextGroup)
      below.push(group)
    if (node instanceof Group) below.push(...node.tasks().reverse())
    below.sort((a, b) => startOf(b) - startOf(a))
    for (const child of below) todo.push({ node: child, above: node, prefix: `${path}/` })
  }
  return nodes
}
