/** What stands at the top level, and where versions are written. */
import { readdirSync } from "node:fs"

import { packagesIn, read } from "../lib/source.ts"
import type { Check } from "../lib/source.ts"

const allowed = new Set([
  "packages",
  "apps",
  "docs",
  "vitest.workspace.ts",
  "pnpm-workspace.yaml",
  "package.json",
  "pnpm-lock.yaml",
  "tsconfig.base.json",
  "README.md",
  "LICENSE",
  "CONTRIBUTING.md",
  "node_modules"
])

export const layout: Check = (root) =>
  readdirSync(root)
    // A database is what a run of the demo may leave.
    .filter((name) => !name.startsWith(".") && !allowed.has(name) && !/\.sqlite(-\w+)?$/.test(name))
    .map((name) => ({ file: name, message: "does not belong at the top level" }))

type Dependencies = Readonly<Record<string, string>>

/** Versions of what is installed stand in the catalog, exactly; ranges only where a user chooses (peers). */
export const versions: Check = (root) => [
  ...[
    "package.json",
    ...[...packagesIn(root, "packages"), ...packagesIn(root, "apps")].map((dir) => `${dir}/package.json`)
  ].flatMap((file) => {
    const manifest = JSON.parse(read(root, file)) as Record<string, Dependencies | undefined>
    return ["dependencies", "devDependencies", "optionalDependencies"]
      .flatMap((kind) => Object.entries(manifest[kind] ?? {}))
      .filter(([, version]) => version !== "catalog:" && version !== "workspace:^")
      .map(([name, version]) => ({ file, message: `${name}: ${version} belongs into the catalog` }))
  }),
  ...(read(root, "pnpm-workspace.yaml").split(/^catalog:\n/m)[1] ?? "")
    .split("\n")
    .filter((line) => /^ {2}\S+: \S/.test(line) && !/^ {2}\S+: \d+\.\d+\.\d+(-[\w.]+)?$/.test(line))
    .map((line) => ({ file: "pnpm-workspace.yaml", message: `${line.trim()} is not an exact version` }))
]
