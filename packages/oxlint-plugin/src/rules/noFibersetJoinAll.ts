import { makeNames } from "../internal/ast.ts"
import type { Node, Rule } from "../internal/ast.ts"

const why: Readonly<Record<string, string>> = {
  "FiberSet.join": "never returns when all succeed, and cancels no sibling on failure",
  "FiberMap.join": "never returns when all succeed, and cancels no sibling on failure",
  "FiberSet.awaitEmpty": "succeeds although a fiber failed",
  "FiberMap.awaitEmpty": "succeeds although a fiber failed",
  "Effect.awaitAllChildren": "succeeds although a child failed",
  "Fiber.joinAll": "leaves the others running when one fails"
}

/** Ways to wait for several fibers that lose failures or hang. */
export const noFibersetJoinAll: Rule = {
  meta: { type: "problem", docs: { description: "Waiting for several fibers loses no failure and ends" } },
  create: (context) => {
    const names = makeNames()
    return {
      ImportDeclaration: names.visitor,
      MemberExpression: (node: Node) => {
        const name = names.resolve(node)
        const reason = name === undefined ? undefined : why[name]
        if (reason !== undefined)
          context.report({ node, message: `${name} ${reason}. Use TaskGroup.run or Gather.all.` })
      }
    }
  }
}
