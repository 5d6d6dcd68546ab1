/** The task tree as text, after pstree. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

import type { TreeNode, TreeWait } from "./treeNodes.ts"

// Names come from users' data: a terminal must not obey them.
const escapeControls = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`
  })

const format = (duration: Duration.Duration): string =>
  Duration.format(Duration.millis(Math.round(Duration.toMillis(duration))))

const waiting = (wait: TreeWait, at: DateTime.Utc): string => {
  const since = format(
    Duration.millis(Math.max(0, DateTime.toEpochMillis(at) - DateTime.toEpochMillis(wait.since)))
  )
  const holders = wait.holders.map((holder) => escapeControls(holder.name))
  const shown = holders.length > 3 ? [...holders.slice(0, 3), `${holders.length - 3} more`] : holders
  const held = shown.length === 0 ? "" : `, held by ${shown.join(", ")}`
  return `waits on ${wait.operation} ${escapeControls(wait.resource)} for ${since}${held}`
}

const line = (node: TreeNode, at: DateTime.Utc): string => {
  // A group waits for its own tasks: the tree shows that by itself.
  const wait = Option.filter(node.waitingOn, (wait) => wait.operation !== "TaskGroup.run")
  const parts = [
    `${escapeControls(node.name)} ${node.status} ${format(node.age)}`,
    ...Option.match(wait, { onNone: () => [], onSome: (wait) => [waiting(wait, at)] }),
    ...Option.match(node.forkSite, {
      onNone: () => [],
      onSome: (site) => [`forked at ${escapeControls(site)}`]
    })
  ]
  return parts.join(", ")
}

export const renderTree = (nodes: ReadonlyArray<TreeNode>, at: DateTime.Utc): string => {
  const known = new Set(nodes.map((node) => node.id))
  const children = new Map<number | undefined, Array<TreeNode>>()
  for (const node of nodes) {
    const parent = Option.getOrUndefined(Option.filter(node.parent, (id) => known.has(id)))
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [node])
    else siblings.push(node)
  }
  const lines: Array<string> = []
  const todo = (children.get(undefined) ?? []).toReversed().map((node) => ({ node, lead: "", below: "" }))
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { node, lead, below } = next
    lines.push(lead + line(node, at))
    const inside = children.get(node.id) ?? []
    for (let i = inside.length - 1; i >= 0; i--) {
      const last = i === inside.length - 1
      todo.push({
        node: inside[i]!,
        lead: `${below}${last ? "└─ " : "├─ "}`,
        below: `${below}${last ? "   " : "│  "}`
      })
    }
  }
  return lines.join("\n")
}
