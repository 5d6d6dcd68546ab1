/** Imports go one way: between the layers of core, between packages, and into Effect by module, not by barrel. */
import { posix } from "node:path"

import { importsOf, packageFiles, parse, walk } from "../lib/source.ts"
import type { Check, Problem, Source } from "../lib/source.ts"

/** Each may import from itself and those before it. */
const layers = ["internal", "cancellation", "tasks", "sync", "queues", "resources", "resilience"]

/** Which of the workspace's packages the source of a package may import. */
const packages: Readonly<Record<string, ReadonlyArray<string>>> = {
  core: [],
  testing: ["@skein/core"],
  node: ["@skein/core"],
  "oxlint-plugin": []
}

/** The folders of `internal` stand in the same order; what lies in `internal` itself is below them all. */
const layerOf = (file: string): number => {
  const [, , , top = "", below = ""] = file.split("/")
  if (top !== "internal") return layers.indexOf(top) * layers.length
  return Math.max(0, layers.indexOf(below))
}
const nameOf = (file: string): string => file.split("/").slice(3, -1).join("/")

const checkSource = (source: Source, name: string): ReadonlyArray<Problem> =>
  importsOf(source).flatMap(({ at, from }) => {
    const problem = (message: string) => [{ file: source.file, line: source.lineOf(at), message }]
    if (from === "effect") return problem(`library source imports "effect/Module", not the barrel "effect"`)
    if (
      from.startsWith("@skein/") &&
      packages[name]?.some((allowed) => from === allowed || from.startsWith(`${allowed}/`)) !== true
    ) {
      return problem(`packages/${name} may not import ${from}`)
    }
    if (!from.startsWith(".")) return []
    const target = posix.join(posix.dirname(source.file), from)
    if (!target.startsWith(`packages/${name}/src/`)) return problem(`${from} leaves the package's src`)
    if (!from.endsWith(".ts")) return problem(`${from}: relative imports carry their .ts extension`)
    const own = layerOf(source.file)
    const other = layerOf(target)
    if (name !== "core" || own < 0) return []
    if (other < 0) return problem(`${from}: a layer does not import the table of contents`)
    return other > own ? problem(`${nameOf(source.file)} may not import ${nameOf(target)} (${from})`) : []
  })

export const directions: Check = (root) => [
  ...packageFiles(root, "src").flatMap((file) => checkSource(parse(root, file), file.split("/")[1]!)),
  // What a user cannot import, an app and an example do not import either.
  ...[...walk(root, "apps", /\/src\/.*\.tsx?$/), ...packageFiles(root, "examples")].flatMap((file) => {
    const source = parse(root, file)
    const home = file.split("/").slice(0, 3).join("/")
    return importsOf(source)
      .filter(
        ({ from }) => from.startsWith(".") && !posix.join(posix.dirname(file), from).startsWith(`${home}/`)
      )
      .map(({ at, from }) => ({ file, line: source.lineOf(at), message: `${from} leaves ${home}` }))
  })
]
