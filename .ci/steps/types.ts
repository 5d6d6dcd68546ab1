/** The compiler, and Effect's own diagnostics on top of it. */
import { inTurn, run } from "../lib/run.ts"
import type { Result, Step } from "../lib/run.ts"
import { packagesIn } from "../lib/source.ts"

export const projects = (root: string): ReadonlyArray<string> => [
  ".ci",
  ...packagesIn(root, "packages"),
  ...packagesIn(root, "apps")
]

export const types: Step = (root) => run("tsc", ["-b", ...projects(root)], { cwd: root })

const diagnose = async (root: string, project: string): Promise<Result> => {
  const result = await run(
    "effect-tsgo",
    [
      "diagnostics",
      "--project",
      `${project}/tsconfig.json`,
      "--severity",
      "error,warning",
      "--strict",
      "--format",
      "text"
    ],
    { cwd: root }
  )
  // Without its plugin entry in the tsconfig it looks at nothing, and succeeds.
  const checked = Number(/Checked (\d+) files/.exec(result.output)?.[1] ?? 0)
  if (checked === 0) return { ok: false, output: `${project}: no file was checked\n${result.output}` }
  return result.ok ? { ok: true, output: "" } : result
}

export const floating: Step = (root) => inTurn(projects(root).map((project) => () => diagnose(root, project)))
