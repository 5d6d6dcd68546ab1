/** Rows of docs/conformance and the tests that begin with their ids stand for each other. */
import { packageFiles, read, walk } from "../lib/source.ts"
import type { Check, Problem } from "../lib/source.ts"

const row = /^\| ?([A-Z]{2}-\d{3}) ?\|[^|]*\|(.*)\|$/

export const conformance: Check = (root) => {
  const tests = new Map<string, string>()
  for (const file of packageFiles(root, "test").filter((file) => file.includes("/conformance/"))) {
    for (const match of read(root, file).matchAll(/["'`]([A-Z]{2}-\d{3})\b/g)) tests.set(match[1]!, file)
  }
  const rows = new Set<string>()
  const found: Array<Problem> = []
  for (const file of walk(root, "docs/conformance", /\.md$/)) {
    for (const [i, line] of read(root, file).split("\n").entries()) {
      const match = row.exec(line)
      if (match === null) continue
      const id = match[1]!
      const report = (message: string) => found.push({ file, line: i + 1, message: `${id} ${message}` })
      if (rows.has(id)) report("stands here twice")
      rows.add(id)
      if (/^\s*tested\b/.test(match[2]!) && !tests.has(id)) report("says tested, and no test begins with it")
      if (match[2]!.trim() === "") report("has neither a test nor a reason")
    }
  }
  for (const [id, file] of tests)
    if (!rows.has(id)) found.push({ file, message: `${id} has no row in docs/conformance` })
  return found
}
