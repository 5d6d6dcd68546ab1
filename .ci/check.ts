/** Prints what the file checks find; `node .ci/check.ts [name ...]` runs some of them. */
import { checks } from "./checks/index.ts"
import { show } from "./lib/source.ts"

const wanted = process.argv.slice(2)
const root = new URL("..", import.meta.url).pathname
let found = 0
for (const [name, check] of Object.entries(checks)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const problems = check(root)
  found += problems.length
  console.log(
    `${problems.length === 0 ? "ok  " : "FAIL"} ${name}${problems.length === 0 ? "" : ` (${problems.length})`}`
  )
  for (const problem of problems) console.log(`     ${show(problem)}`)
}
process.exitCode = found === 0 ? 0 : 1
