import { isDiscarded, makeNames, nextStep, resultOf } from "../internal/ast.ts"
import type { Node, Rule } from "../internal/ast.ts"

const always = new Set(["Effect.forkDetach"])
const whenUnused = new Set(["Effect.forkChild", "Effect.forkScoped", "Effect.forkIn", "Effect.runFork"])
const discarding = new Set(["Effect.asVoid", "Effect.as", "Effect.ignore"])
const advice =
  "its failure is silent. Use TaskGroup.fork (TaskGroup.runtime in callbacks, Runner.main for the entry point)"

/** A fork whose failure nobody can see: `Effect.forkDetach`, and forks whose fiber is not used. */
export const noUnownedFork: Rule = {
  meta: { type: "problem", docs: { description: "Forks have an owner that looks at their exit" } },
  create: (context) => {
    const names = makeNames()
    const isEffect = (node: Node): boolean => names.resolve(node) !== undefined
    // `asVoid(fork)` and `fork.pipe(asVoid)`
    const isThrownAway = (operator: Node, result: Node | undefined): boolean => {
      if (result === undefined) {
        const next = nextStep(operator)
        return discarding.has(names.resolve(next?.type === "CallExpression" ? next["callee"] : next) ?? "")
      }
      const outer = result.parent
      // `fork(x).pipe(asVoid)`
      const pipe =
        outer?.type === "MemberExpression" && outer["property"].name === "pipe" ? outer.parent : undefined
      const first = pipe?.["arguments"]?.[0] as Node | undefined
      if (discarding.has(names.resolve(first?.type === "CallExpression" ? first["callee"] : first) ?? ""))
        return true
      if (outer?.type === "CallExpression" && discarding.has(names.resolve(outer["callee"]) ?? ""))
        return true
      return isDiscarded(result, isEffect)
    }
    return {
      ImportDeclaration: names.visitor,
      MemberExpression: (node: Node) => {
        const name = names.resolve(node)
        if (name === undefined) return
        if (always.has(name))
          context.report({ node, message: `${name}: nobody owns this fiber and ${advice}.` })
        else if (whenUnused.has(name) && isThrownAway(node, resultOf(node))) {
          context.report({ node, message: `${name}: the fiber is not used, so ${advice}.` })
        }
      }
    }
  }
}
