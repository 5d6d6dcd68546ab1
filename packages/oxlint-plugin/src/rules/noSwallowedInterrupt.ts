import { isDiscarded, isFunction, isNode, makeNames, resultOf } from "../internal/ast.ts"
import type { Names, Node, Rule } from "../internal/ast.ts"

const handlers = new Set([
  "Effect.catchCause",
  "Effect.matchCause",
  "Effect.matchCauseEffect",
  "Effect.matchCauseEager"
])
const onlyPrints = /^(Effect|Console)\.(log|error|warn|info|debug|trace)\w*$|^Cause\.(pretty|squash)$/
const message = (name: string): string =>
  `${name} takes interruptions and defects for ordinary failures here. Catch errors with Effect.catch, or ask Cause.hasInterrupts first.`

const identifiers = (node: Node, name: string): ReadonlyArray<Node> => {
  const found: Array<Node> = []
  const go = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(go)
    if (!isNode(value)) return
    if (value.type === "Identifier" && value["name"] === name) found.push(value)
    for (const key of Object.keys(value)) if (key !== "parent") go(value[key])
  }
  go(node)
  return found
}

/** True when the value goes into printing and nowhere else. */
const isOnlyPrinted = (names: Names, use: Node, handler: Node): boolean => {
  for (let node = use.parent; node !== undefined && node !== handler; node = node.parent) {
    if (node.type !== "CallExpression") continue
    const callee = node["callee"] as Node
    if (callee.type === "MemberExpression" && callee["object"].name === "console") return true
    return onlyPrints.test(names.resolve(callee) ?? "")
  }
  return false
}

const swallows = (names: Names, handler: Node): boolean => {
  if (!isFunction(handler)) return false
  const parameter = handler["params"][0] as Node | undefined
  if (parameter === undefined) return true
  if (parameter.type !== "Identifier") return false
  return identifiers(handler["body"], parameter["name"]).every((use) => isOnlyPrinted(names, use, handler))
}

/** Handlers of a whole Cause that do not look whether it was an interruption. */
export const noSwallowedInterrupt: Rule = {
  meta: { type: "problem", docs: { description: "Interruptions are not handled as failures" } },
  create: (context) => {
    const names = makeNames()
    const handlersOf = (call: Node): ReadonlyArray<Node> =>
      (call["arguments"] as ReadonlyArray<Node>).flatMap((argument) =>
        argument.type === "ObjectExpression"
          ? (argument["properties"] as ReadonlyArray<Node>)
              .filter((property) => property["key"]?.name === "onFailure")
              .map((property) => property["value"] as Node)
          : [argument]
      )
    return {
      ImportDeclaration: names.visitor,
      CallExpression: (node: Node) => {
        const name = names.resolve(node["callee"])
        if (name === undefined || !handlers.has(name)) return
        if (handlersOf(node).some((handler) => swallows(names, handler)))
          context.report({ node, message: message(name) })
      },
      MemberExpression: (node: Node) => {
        const name = names.resolve(node)
        if (name === "Effect.ignoreCause") return context.report({ node, message: message(name) })
        const result = name === "Effect.exit" ? resultOf(node) : undefined
        if (result?.parent?.type === "YieldExpression" && isDiscarded(result, () => false)) {
          context.report({ node, message: message("Effect.exit whose result is not used") })
        }
      }
    }
  }
}
