/** Files of the workspace and their syntax trees, for the checks. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

import { parseSync } from "oxc-parser"
import type { ParseResult } from "oxc-parser"

/** One finding; a check returns all it has. */
export interface Problem {
  readonly file: string
  readonly line?: number
  readonly message: string
}

export type Check = (root: string) => ReadonlyArray<Problem>

export const show = (problem: Problem): string =>
  `${problem.file}${problem.line === undefined ? "" : `:${problem.line}`}: ${problem.message}`

/** A node of the syntax tree, as far as the checks look at it. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

export interface Source {
  readonly file: string
  readonly text: string
  readonly program: Node
  readonly comments: ParseResult["comments"]
  readonly module: ParseResult["module"]
  readonly lineOf: (offset: number) => number
}

const ignored = new Set(["node_modules", "dist", ".git", "coverage"])

/** Paths below `folder`, relative to `root` with forward slashes, sorted. */
export const walk = (root: string, folder: string, pattern: RegExp): ReadonlyArray<string> => {
  const found: Array<string> = []
  const visit = (path: string): void => {
    for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
      const child = path === "." ? entry.name : `${path}/${entry.name}`
      if (entry.isDirectory()) {
        if (!ignored.has(entry.name)) visit(child)
      } else if (pattern.test(child)) found.push(child)
    }
  }
  if (existsSync(join(root, folder))) visit(folder)
  return found.sort()
}

/** The packages below a folder of the workspace. */
export const packagesIn = (root: string, folder: string): ReadonlyArray<string> =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder))
        .filter((name) => existsSync(join(root, folder, name, "package.json")))
        .sort()
        .map((name) => `${folder}/${name}`)
    : []

/** TypeScript files of a subfolder (`src`, `test`, `examples`) of every package. */
export const packageFiles = (root: string, subfolder: string): ReadonlyArray<string> =>
  packagesIn(root, "packages").flatMap((dir) => walk(root, `${dir}/${subfolder}`, /\.tsx?$/))

export const read = (root: string, file: string): string => readFileSync(join(root, file), "utf8")

export const parse = (root: string, file: string): Source => {
  const text = read(root, file)
  const result = parseSync(file, text)
  const fatal = result.errors[0]
  if (fatal !== undefined) throw new Error(`${file} does not parse: ${fatal.message}`)
  return {
    file,
    text,
    program: result.program as unknown as Node,
    comments: result.comments,
    module: result.module,
    lineOf: (offset) => text.slice(0, offset).split("\n").length
  }
}

/** Calls `enter` on every node, parents first. */
export const visit = (node: unknown, enter: (node: Node, parents: ReadonlyArray<Node>) => void): void => {
  const parents: Array<Node> = []
  const go = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(go)
    if (typeof value !== "object" || value === null || typeof (value as Node).type !== "string") return
    const current = value as Node
    enter(current, parents)
    parents.push(current)
    for (const key of Object.keys(current)) if (key !== "parent") go(current[key])
    parents.pop()
  }
  go(node)
}

/** Where a file imports or re-exports from, with the offset of the statement; types count as well. */
export const importsOf = (source: Source): ReadonlyArray<{ readonly from: string; readonly at: number }> => {
  const found: Array<{ from: string; at: number }> = []
  visit(source.program, (node) => {
    const from = node["source"] as Node | undefined | null
    if (
      /^(Import|ExportNamed|ExportAll)(Declaration|Expression)$/.test(node.type) &&
      typeof from?.["value"] === "string"
    ) {
      found.push({ from: from["value"] as string, at: node.start })
    }
    if (node.type === "TSImportType") {
      const named = (node["source"] ?? node["argument"]) as Node | undefined
      if (typeof named?.["value"] === "string") found.push({ from: named["value"] as string, at: node.start })
    }
  })
  return found
}

/** `Date.now` for a member expression with plain names, else undefined. */
export const memberName = (node: Node): string | undefined => {
  if (node.type !== "MemberExpression" || node["computed"] === true) return undefined
  const object = node["object"] as Node
  const property = node["property"] as Node
  return object.type === "Identifier" ? `${String(object["name"])}.${String(property["name"])}` : undefined
}
