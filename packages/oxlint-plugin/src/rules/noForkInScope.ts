import { calleeName, isFunction, makeNames } from "../internal/ast.ts"
import type { Names, Node, Rule } from "../internal/ast.ts"

const forks = new Set(["TaskGroup.fork", "TaskGroup.tryFork", "TaskGroup.start"])
const owners = new Set(["TaskGroup.run", "TaskGroup.collect", "TaskGroup.supervise"])
const narrow = new Set([
  "Effect.scoped",
  "CancelScope.run",
  "CancelScope.failAfter",
  "CancelScope.moveOnAfter"
])

/** Operators that are applied around `node`: enclosing calls, and later steps of the pipe it stands in. */
const around = (names: Names, node: Node): ReadonlyArray<string> => {
  const found: Array<string> = []
  let child = node
  for (
    let current = node.parent;
    current !== undefined && current !== null;
    child = current, current = current.parent
  ) {
    if (current.type !== "CallExpression") {
      // A function that is not handed over at once is a helper: its caller decides what is around it.
      const call = current.parent
      if (
        isFunction(current) &&
        !(call?.type === "CallExpression" && (call["arguments"] as Array<Node>).includes(current))
      )
        break
      continue
    }
    const callee = current["callee"] as Node
    const args = current["arguments"] as ReadonlyArray<Node>
    const isPipe = callee.type === "MemberExpression" && callee["property"].name === "pipe"
    const later = callee === child ? (isPipe ? args : []) : isPipe ? args.slice(args.indexOf(child) + 1) : []
    for (const step of later) {
      const name = step.type === "CallExpression" ? calleeName(names, step) : names.resolve(step)
      if (name !== undefined) found.push(name)
    }
    const name = isPipe ? undefined : calleeName(names, current)
    if (name !== undefined && callee !== child) {
      found.push(name)
      // Trailing arguments of `Effect.fn` are steps, too.
      if (name === "Effect.fn") found.push(...args.slice(1).flatMap((step) => names.resolve(step) ?? []))
    }
  }
  return found
}

/** A task outlives the `Effect.scoped` or `CancelScope` around its fork, and loses the resources opened there. */
export const noForkInScope: Rule = {
  meta: {
    type: "problem",
    docs: { description: "Tasks are not forked inside a scope that closes before they end" }
  },
  create: (context) => {
    const names = makeNames()
    return {
      ImportDeclaration: names.visitor,
      CallExpression: (node: Node) => {
        const name = names.resolve(node["callee"])
        if (name === undefined || !forks.has(name)) return
        const outer = around(names, node).find((operator) => narrow.has(operator) || owners.has(operator))
        if (outer === undefined || !narrow.has(outer)) return
        context.report({
          node,
          message: `${name} inside ${outer}: the task goes on after it, without its resources or deadline. Put ${outer} outside the group or inside the task.`
        })
      }
    }
  }
}
