import { isInsideEffect, makeNames } from "../internal/ast.ts"
import type { Node, Rule } from "../internal/ast.ts"

const combinators: Readonly<Record<string, string>> = {
  all: "Gather.all",
  allSettled: "Gather.settled",
  race: "Gather.race",
  any: "Gather.firstSuccess"
}

/** `Promise.all` and its kin within an Effect: they cancel nothing and drop every failure but the first. */
export const noPromiseAllInEffect: Rule = {
  meta: { type: "problem", docs: { description: "Effects are gathered by Gather, not by Promise" } },
  create: (context) => {
    const names = makeNames()
    return {
      ImportDeclaration: names.visitor,
      CallExpression: (node: Node) => {
        const callee = node["callee"] as Node
        if (callee.type !== "MemberExpression" || callee["object"].name !== "Promise") return
        const instead = combinators[callee["property"].name as string]
        if (instead === undefined || !isInsideEffect(names, node)) return
        const name = `Promise.${callee["property"].name}`
        context.report({
          node,
          message: `${name} in an Effect cancels nothing and loses failures. Use ${instead}.`
        })
      }
    }
  }
}
