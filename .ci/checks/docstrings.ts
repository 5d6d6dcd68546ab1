/** Every public export says what it is, in the house order, and what it claims about cancellation is tested. */
import { basename, posix } from "node:path"

import { packageFiles, parse, read, visit } from "../lib/source.ts"
import type { Check, Node, Problem, Source } from "../lib/source.ts"

const order = [
  "When to use",
  "Shape",
  "Units",
  "Errors",
  "Cancellation",
  "Ordering",
  "Cost",
  "Source",
  "Example"
]
const terms = ["Cancel-safe", "Completes anyway", "Hands over", "Not cancel-safe"]

/** Which files of the sources a file re-exports. */
const reexports = (root: string, file: string): ReadonlyArray<string> =>
  [...read(root, file).matchAll(/^export (?:\* as \w+|\*|(?:type )?\{[^}]*\}) from "(\.[^"]+)"/gm)].map(
    (match) => posix.join(posix.dirname(file), match[1]!)
  )

/** The files of which something can be imported: re-exported, through whatever files, by one at the top of `src`. */
const publicFiles = (root: string): ReadonlyArray<string> => {
  const all = new Set(packageFiles(root, "src"))
  const found = new Set<string>()
  const reach = (file: string): void => {
    if (found.has(file) || !all.has(file)) return
    found.add(file)
    reexports(root, file).forEach(reach)
  }
  for (const file of all) if (file.split("/").length === 4) reach(file)
  return [...found].filter((file) => !file.includes("/internal/") && basename(file) !== "index.ts").sort()
}

/** The docstring that ends right above `offset`. */
const docAbove = (source: Source, offset: number): string | undefined => {
  const comment = source.comments.findLast(
    (c) => c.end <= offset && source.text.slice(c.end, offset).trim() === ""
  )
  return comment?.type === "Block" && comment.value.startsWith("*") ? comment.value : undefined
}

const exported = (
  source: Source
): ReadonlyArray<{ readonly name: string; readonly node: Node; readonly doc: string | undefined }> =>
  (source.program["body"] as ReadonlyArray<Node>).flatMap((node) => {
    if (node.type !== "ExportNamedDeclaration" || node["declaration"] == null) return []
    const declaration = node["declaration"] as Node
    const declarators = (declaration["declarations"] as ReadonlyArray<Node> | undefined) ?? [declaration]
    const id = declarators[0]?.["id"] as Node | undefined
    return [{ name: String(id?.["name"] ?? "?"), node, doc: docAbove(source, node.start) }]
  })

const checkOrder = (doc: string): string | undefined => {
  const labels = [...doc.matchAll(/\*\*([A-Z][A-Za-z ]+?)(?: \/ \w+)?\*\*/g)]
    .map((match) => match[1]!)
    .filter((label) => order.includes(label))
  const sorted = labels.toSorted((a, b) => order.indexOf(a) - order.indexOf(b))
  return labels.join() === sorted.join()
    ? undefined
    : `sections are ${labels.join(", ")}; the house order is ${sorted.join(", ")}`
}

const checkTerm = (doc: string): string | undefined => {
  const text = /\*\*Cancellation\*\*([\s\S]*?)(?=\n[\s*]*\n|\n[\s*]*@|$)/.exec(doc)?.[1]
  // "as {@link other}" says it there.
  return text === undefined || terms.some((term) => text.includes(term)) || /\b[Aa]s (of )?{@link/.test(text)
    ? undefined
    : `**Cancellation** uses none of the terms ${terms.join(", ")}`
}

export const docstrings: Check = (root) =>
  publicFiles(root).flatMap((file) => {
    const source = parse(root, file)
    const seen = new Set<string>()
    return exported(source).flatMap(({ doc, name, node }): ReadonlyArray<Problem> => {
      const problem = (message: string) => [
        { file, line: source.lineOf(node.start), message: `${name}: ${message}` }
      ]
      // A type and a value of one name, or overloads, share the first docstring.
      if (seen.has(name)) return []
      seen.add(name)
      if (doc === undefined) return problem("exported without a docstring")
      return [checkOrder(doc), checkTerm(doc)].flatMap((message) =>
        message === undefined ? [] : problem(message)
      )
    })
  })

/** The names of the files that re-export a file, directly or through others: `TaskGroup` for `tasks/group/GroupForking.ts`. */
const fronts = (root: string): ((file: string) => ReadonlyArray<string>) => {
  const sources = packageFiles(root, "src").filter((file) => basename(file) !== "index.ts")
  const up = (file: string): ReadonlyArray<string> => [
    file,
    ...sources.filter((other) => reexports(root, other).includes(file)).flatMap(up)
  ]
  return (file) => up(file).map((name) => basename(name, ".ts"))
}

/** A module that says "Cancel-safe" has a sweep in a test file of its name. */
export const claims: Check = (root) => {
  const tests = packageFiles(root, "test")
  const namesOf = fronts(root)
  const swept = (module: string): boolean =>
    tests.some(
      (file) =>
        basename(file).split(".")[0]!.startsWith(module) && /\bsweep|InterruptSweep\b/.test(read(root, file))
    )
  return packageFiles(root, "src")
    .filter((file) => !file.includes("/internal/") && /(?<!Not )Cancel-safe/.test(read(root, file)))
    .filter((file) => !namesOf(file).some(swept))
    .map((file) => ({
      file,
      message: `says Cancel-safe, and no test file ${namesOf(file).at(-1)}*.test.ts sweeps it`
    }))
}

/** True for the part of a tree that a user sees: no bodies of functions, no values that have a type of their own. */
const isHidden = (node: Node, parents: ReadonlyArray<Node>): boolean => {
  const chain = [...parents, node]
  return chain.some((child, i) => {
    const parent = chain[i - 1]
    if (parent === undefined) return false
    if (/Function/.test(parent.type) && parent["body"] === child && child.type !== "TSTypeAnnotation")
      return true
    return (
      parent.type === "VariableDeclarator" &&
      parent["init"] === child &&
      (parent["id"] as Node)["typeAnnotation"] != null
    )
  })
}

/** True where `any` only bounds something: `T extends Task<any, any>`, `A extends (...args: any) => infer B ? ...`, `Exclude<R, Box<any>>`. */
const isBound = (node: Node, parents: ReadonlyArray<Node>): boolean => {
  const chain = [...parents, node]
  return chain.some((child, i) => {
    const parent = chain[i - 1]
    return (
      (parent?.type === "TSTypeParameter" && parent["constraint"] === child) ||
      (parent?.type === "TSConditionalType" && parent["extendsType"] === child) ||
      (child.type === "TSTypeReference" &&
        /^(Exclude|Extract)$/.test(String((child["typeName"] as Node)["name"])))
    )
  })
}

/** `any` in the type of what a user can import takes other types away silently. */
export const anys: Check = (root) =>
  publicFiles(root).flatMap((file) => {
    const source = parse(root, file)
    const found: Array<Problem> = []
    for (const { doc, name, node: statement } of exported(source)) {
      if (doc?.includes("@internal") === true) continue
      visit(statement["declaration"], (node, parents) => {
        if (node.type !== "TSAnyKeyword" || isHidden(node, parents) || isBound(node, parents)) return
        found.push({ file, line: source.lineOf(node.start), message: `any in the type of ${name}` })
      })
    }
    return found
  })
