/** The little of the syntax tree and of the linter's interface that the rules use; ESLint's shapes, which oxlint keeps. */

/** A node of an ESTree with parents. */
export interface Node {
  readonly type: string
  readonly parent?: Node | undefined
  readonly [key: string]: any
}

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string"

/** What a rule gets. */
export interface RuleContext {
  readonly report: (problem: { readonly node: any; readonly message: string }) => void
}

/** A rule as oxlint and ESLint load it. */
export interface Rule {
  readonly meta: {
    readonly type: "problem"
    readonly docs: { readonly description: string }
  }
  readonly create: (context: RuleContext) => { readonly [selector: string]: (node: any) => void }
}

/** Local names of a file and the module each stands for: `Effect`, `TaskGroup`, `fs`, `fs.readFileSync`. */
export interface Names {
  readonly visitor: (node: Node) => void
  /** `Effect.forkChild` for a reference to it, whatever the import is called here; else undefined. */
  readonly resolve: (node: Node | undefined | null) => string | undefined
}

const builtin = /^(?:node:)?(fs|fs\/promises|crypto|child_process|zlib)$/

/** Follows imports of Effect, of Skein and of the Node modules that block. */
export const makeNames = (): Names => {
  const locals = new Map<string, string>()
  return {
    visitor: (node) => {
      const from = String(node["source"].value)
      const blocking = builtin.exec(from)?.[1]
      const module = /^effect\/(?:.*\/)?(\w+)$/.exec(from)?.[1]
      const barrel = from === "effect" || from.startsWith("@skein/")
      for (const specifier of node["specifiers"] as ReadonlyArray<Node>) {
        const local = String(specifier["local"].name)
        const imported = specifier.type === "ImportSpecifier" ? String(specifier["imported"].name) : undefined
        if (blocking !== undefined)
          locals.set(local, imported === undefined ? blocking : `${blocking}.${imported}`)
        else if (barrel && imported !== undefined) locals.set(local, imported)
        else if (module !== undefined)
          locals.set(local, imported === undefined ? module : `${module}.${imported}`)
      }
    },
    resolve: (node) => {
      if (node?.type === "Identifier") return locals.get(node["name"])
      if (node?.type !== "MemberExpression" || node["computed"] === true) return undefined
      const object = node["object"] as Node
      const base = object.type === "Identifier" ? locals.get(object["name"]) : undefined
      return base === undefined ? undefined : `${base}.${node["property"].name}`
    }
  }
}

/** The function a call names, through `f(options)(effect)` as well. */
export const calleeName = (names: Names, call: Node): string | undefined => {
  const callee = call["callee"] as Node
  return callee.type === "CallExpression" ? calleeName(names, callee) : names.resolve(callee)
}

export const isFunction = (node: Node | undefined): boolean =>
  node?.type === "ArrowFunctionExpression" ||
  node?.type === "FunctionExpression" ||
  node?.type === "FunctionDeclaration"

/** True inside a function that is handed to Effect: a generator, a callback of `sync`, `map`, `promise` and so on. */
export const isInsideEffect = (names: Names, node: Node): boolean => {
  let inFunction = false
  for (
    let current: Node | undefined = node;
    current !== undefined && current !== null;
    current = current.parent
  ) {
    if (isFunction(current)) inFunction = true
    if (current.type !== "CallExpression" || !inFunction) continue
    const callee = calleeName(names, current)
    // What runs an effect takes no code of it.
    if (callee?.startsWith("Effect.") === true && !callee.startsWith("Effect.run")) return true
  }
  return false
}

const isPipe = (node: Node | undefined): boolean =>
  node?.type === "CallExpression" &&
  ((node["callee"].type === "MemberExpression" && node["callee"].property.name === "pipe") ||
    (node["callee"].type === "Identifier" && node["callee"].name === "pipe"))

/**
 * The expression that the result of an operator belongs to: the call itself, or the whole pipe where the operator is its
 * last step. Undefined where a later step of the pipe takes the result.
 */
export const resultOf = (operator: Node): Node | undefined => {
  let node = operator
  while (node.parent?.type === "CallExpression" && node.parent["callee"] === node) node = node.parent
  const pipe = node.parent
  if (!isPipe(pipe) || pipe!["callee"] === node) return node
  const steps = pipe!["arguments"] as ReadonlyArray<Node>
  return steps.at(-1) === node ? pipe : undefined
}

/** The step of the pipe that follows an operator. */
export const nextStep = (operator: Node): Node | undefined => {
  let node = operator
  while (node.parent?.type === "CallExpression" && node.parent["callee"] === node) node = node.parent
  if (!isPipe(node.parent)) return undefined
  const steps = node.parent!["arguments"] as ReadonlyArray<Node>
  return steps[steps.indexOf(node) + 1]
}

const callbackTakers = new Set([
  "on",
  "once",
  "addListener",
  "addEventListener",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "nextTick",
  "forEach",
  "finally"
])

/** True where what a callback returns is thrown away: listeners, timers, `forEach`. */
export const isDiscardingCallback = (fn: Node): boolean => {
  const call = fn.parent
  if (call?.type !== "CallExpression" || call["callee"] === fn) return false
  const callee = call["callee"] as Node
  if (callee.type === "Identifier") return callbackTakers.has(callee["name"])
  return callee.type === "MemberExpression" && callbackTakers.has(callee["property"].name)
}

/** True where nobody can see the value of this expression: a statement, `void`, the body of a discarding callback. */
export const isDiscarded = (expression: Node, isEffectNamespace: (node: Node) => boolean): boolean => {
  const parent = expression.parent
  if (parent === undefined || parent === null) return false
  if (parent.type === "ExpressionStatement") return true
  if (parent.type === "UnaryExpression" && parent["operator"] === "void") return true
  if (parent.type === "YieldExpression" || parent.type === "AwaitExpression")
    return isDiscarded(parent, isEffectNamespace)
  if (isFunction(parent) && parent["body"] === expression) {
    // `Stream.forEach`, `Array.forEach` of Effect take the value; `xs.forEach` does not.
    const callee = parent.parent?.["callee"] as Node | undefined
    const own = callee?.type === "MemberExpression" && isEffectNamespace(callee)
    return isDiscardingCallback(parent) && !own
  }
  return false
}
