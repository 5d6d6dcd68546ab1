import { isInsideEffect, makeNames } from "../internal/ast.ts"
import type { Node, Rule } from "../internal/ast.ts"

const blocking = /^(fs|crypto|child_process|zlib)\.\w+Sync$/

/** Synchronous I/O and crypto within an Effect stop every other fiber of the process. */
export const noBlockingCall: Rule = {
  meta: { type: "problem", docs: { description: "Effects do not block the event loop" } },
  create: (context) => {
    const names = makeNames()
    return {
      ImportDeclaration: names.visitor,
      CallExpression: (node: Node) => {
        const callee = node["callee"] as Node
        const waits =
          callee.type === "MemberExpression" &&
          callee["object"].name === "Atomics" &&
          callee["property"].name === "wait"
        const name = waits ? "Atomics.wait" : names.resolve(callee)
        if (name === undefined || !(waits || blocking.test(name)) || !isInsideEffect(names, node)) return
        context.report({
          node,
          message: `${name} blocks the event loop, and with it every fiber. Use the asynchronous form, or Offload.`
        })
      }
    }
  }
}
