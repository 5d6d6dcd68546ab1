import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

import { onTestFinished } from "vitest"

import { show } from "../lib/source.ts"
import type { Check } from "../lib/source.ts"

/** A workspace with just these files, gone after the test. */
export const workspace = (files: Readonly<Record<string, string>>): string => {
  const root = mkdtempSync(join(tmpdir(), "skein-ci-"))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const packages = Object.keys(files).map((file) => file.split("/").slice(0, 2).join("/"))
  const manifests = packages
    .filter((dir) => /^(packages|apps)\//.test(dir))
    .map((dir) => [`${dir}/package.json`, `{"type":"module"}`])
  const all: Record<string, string> = {
    "package.json": `{"type":"module"}`,
    "pnpm-workspace.yaml": "",
    ...Object.fromEntries(manifests),
    ...files
  }
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  return root
}

/** What a check says about these files. */
export const findings = (check: Check, files: Readonly<Record<string, string>>): ReadonlyArray<string> =>
  check(workspace(files)).map(show)
