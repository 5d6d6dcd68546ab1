/** Time and chance come from Effect's services, and Effect's private fields are touched in one file. */
import { memberName, packageFiles, parse, visit, walk } from "../lib/source.ts"
import type { Check, Node, Problem } from "../lib/source.ts"

const ambient = new Set([
  "Date.now",
  "Math.random",
  "performance.now",
  "globalThis.setTimeout",
  "globalThis.setInterval"
])
const timers = new Set(["setTimeout", "setInterval"])

const privateFields = new Set([
  "_stack",
  "_observers",
  "_exit",
  "_children",
  "_interruptedCause",
  "_running",
  "_yielded",
  "_parent",
  "_asyncContext",
  "_deferredInterrupt"
])
/** One file of the whole workspace; the other packages import it as `@skein/core/unstable/effect`. */
const home = "packages/core/src/internal/effect.ts"

const isCallOf = (node: Node, names: ReadonlySet<string>): boolean => {
  const callee = node["callee"] as Node | undefined
  return node.type === "CallExpression" && callee?.type === "Identifier" && names.has(String(callee["name"]))
}

export const clocks: Check = (root) =>
  packageFiles(root, "src")
    .filter((file) => !file.includes("/internal/") && !file.startsWith("packages/oxlint-plugin/"))
    .flatMap((file) => {
      const source = parse(root, file)
      const found: Array<Problem> = []
      visit(source.program, (node) => {
        const name = memberName(node)
        const what =
          name !== undefined && ambient.has(name)
            ? name
            : isCallOf(node, timers)
              ? String((node["callee"] as Node)["name"])
              : node.type === "NewExpression" &&
                  (node["callee"] as Node)["name"] === "Date" &&
                  (node["arguments"] as ReadonlyArray<unknown>).length === 0
                ? "new Date()"
                : undefined
        if (what !== undefined) {
          found.push({
            file,
            line: source.lineOf(node.start),
            message: `${what} outside internal/: use Clock or Random`
          })
        }
      })
      return found
    })

export const privates: Check = (root) =>
  [...packageFiles(root, "src"), ...walk(root, "apps", /\/src\/.*\.tsx?$/)]
    .filter((file) => file !== home)
    .flatMap((file) => {
      const source = parse(root, file)
      const found: Array<Problem> = []
      const report = (node: Node, what: string) =>
        found.push({
          file,
          line: source.lineOf(node.start),
          message: `${what} is private to Effect: only ${home} may use it`
        })
      visit(source.program, (node) => {
        const property = node["property"] as Node | undefined
        if (
          node.type === "MemberExpression" &&
          node["computed"] !== true &&
          privateFields.has(String(property?.["name"]))
        ) {
          if ((node["object"] as Node).type !== "ThisExpression") report(node, String(property?.["name"]))
        }
        if (
          node.type === "Literal" &&
          typeof node["value"] === "string" &&
          node["value"].startsWith("~effect/Effect/")
        ) {
          report(node, node["value"])
        }
      })
      return found
    })
