/**
 * Everything that is checked beside the tests. All steps run, also after a failure; the summary stands at the end.
 * `node .ci/verify.ts types lint` runs some of them.
 */
import { assembled } from "./assemble.ts"
import { checks } from "./checks/index.ts"
import { run } from "./lib/run.ts"
import type { Result, Step } from "./lib/run.ts"
import { show } from "./lib/source.ts"
import { demo } from "./steps/demo.ts"
import { packages } from "./steps/packages.ts"
import { snippets } from "./steps/snippets.ts"
import { floating, types } from "./steps/types.ts"

const fileChecks = Object.entries(checks).map(([name, check]): readonly [string, Step] => [
  name,
  async (root) => {
    const problems = check(root)
    return { ok: problems.length === 0, output: problems.map(show).join("\n") }
  }
])

const steps: ReadonlyArray<readonly [string, Step]> = [
  ["types", types],
  ["forgotten effects", floating],
  ["lint", (root) => run("oxlint", ["--deny-warnings"], { cwd: root })],
  ["format", (root) => run("oxfmt", ["--check", ".", ".ci"], { cwd: root })],
  ...fileChecks,
  ["assembled docs", assembled],
  ["snippets", snippets],
  ["demo in the README", demo],
  ["packages", packages]
]

const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "")
// The workspace's own programs first, also when this is not started through pnpm.
process.env["PATH"] = `${root}/node_modules/.bin:${process.env["PATH"] ?? ""}`
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !steps.some(([step]) => step === name))
if (unknown.length > 0) {
  console.error(`no such step: ${unknown.join(", ")}\nsteps: ${steps.map(([name]) => name).join(", ")}`)
  process.exit(2)
}

const safely = async (step: Step): Promise<Result> => {
  try {
    return await step(root)
  } catch (error) {
    return { ok: false, output: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

const summary: Array<string> = []
let failed = 0
for (const [name, step] of steps) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const started = performance.now()
  const { ok, output } = await safely(step)
  const line = `${ok ? "ok  " : "FAIL"} ${name.padEnd(28)} ${((performance.now() - started) / 1000).toFixed(1)} s`
  console.log(line)
  if (!ok) {
    failed += 1
    console.log(output.trimEnd().replace(/^/gm, "     "))
  }
  summary.push(line)
}
console.log(`\n${summary.join("\n")}\n\nverify: ${summary.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
