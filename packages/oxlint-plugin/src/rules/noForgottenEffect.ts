import { calleeName, isDiscarded, isDiscardingCallback, makeNames } from "../internal/ast.ts"
import type { Names, Node, Rule } from "../internal/ast.ts"

const effectful = new Set([
  "Effect",
  "Console",
  "TaskGroup",
  "Task",
  "Gather",
  "CancelScope",
  "Lock",
  "Semaphore",
  "CapacityLimiter",
  "Event",
  "Condition",
  "Barrier",
  "WorkQueue",
  "MemoryChannel",
  "Pool",
  "Retry",
  "RetryBudget",
  "Hedge",
  "Bulkhead",
  "Queue",
  "Deferred",
  "Ref",
  "Latch",
  "PubSub",
  "Fiber",
  "FiberSet",
  "Scope"
])
/** Of these modules, what gives no effect. */
const other = /\.(run[A-Z]?\w*|\w*Unsafe|is[A-Z]\w*|policy|match|fn\w*)$/

const isEffectName = (name: string | undefined): name is string => {
  if (name === undefined || !effectful.has(name.split(".")[0]!)) return false
  return !other.test(name) || (name.endsWith(".run") && name !== "Effect.run")
}

/** What an expression is an effect of: `Effect.log` for a call of it and for a pipe that starts or ends with one. */
const effectOf = (names: Names, node: Node): string | undefined => {
  if (node.type !== "CallExpression") {
    // `Effect.void`, `TaskTree.snapshot`
    const name = names.resolve(node)
    return name === "Effect.void" || name === "Effect.never" ? name : undefined
  }
  const callee = node["callee"] as Node
  if (callee.type === "MemberExpression" && callee["property"].name === "pipe") {
    const last = (node["arguments"] as ReadonlyArray<Node>).at(-1)
    const name =
      last === undefined
        ? undefined
        : last.type === "CallExpression"
          ? calleeName(names, last)
          : names.resolve(last)
    return isEffectName(name) ? name : undefined
  }
  const name = calleeName(names, node)
  return isEffectName(name) ? name : undefined
}

/** An effect that is built and never run, where the compiler's diagnostics are silent: `void`, timers, `forEach`. */
export const noForgottenEffect: Rule = {
  meta: { type: "problem", docs: { description: "An effect that is built is run" } },
  create: (context) => {
    const names = makeNames()
    const isEffect = (node: Node): boolean => names.resolve(node) !== undefined
    const check = (node: Node): void => {
      const parent = node.parent
      const name = effectOf(names, node)
      if (name === undefined || parent === undefined || parent.type === "YieldExpression") return
      // A plain statement is what `floatingEffect` of effect-tsgo reports.
      if (parent.type === "ExpressionStatement" || !isDiscarded(node, isEffect)) return
      context.report({
        node,
        message: `${name} builds an effect that nothing runs. Write yield*, or use Effect.forEach.`
      })
    }
    return {
      ImportDeclaration: names.visitor,
      CallExpression: check,
      MemberExpression: check,
      // A generator handed to a discarding callback is never driven.
      FunctionExpression: (node: Node) => {
        if (node["generator"] === true && isDiscardingCallback(node) && !isEffect(node.parent!["callee"])) {
          context.report({
            node,
            message: "nothing drives this generator. Use Effect.forEach or Effect.gen."
          })
        }
      }
    }
  }
}
