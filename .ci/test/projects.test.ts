import { existsSync } from "node:fs"
import { join } from "node:path"

import { expect, it } from "vitest"

import config from "../../vitest.workspace.ts"
import { packagesIn, read } from "../lib/source.ts"

const root = new URL("../..", import.meta.url).pathname

it("every package and app that has tests is a project, under the name of its folder", () => {
  const tested = [...packagesIn(root, "packages"), ...packagesIn(root, "apps")].filter((dir) =>
    existsSync(join(root, dir, "test"))
  )
  const projects = (config.test?.projects ?? []) as ReadonlyArray<{
    readonly test: { readonly name: string; readonly root: string }
  }>
  expect(projects.map(({ test }) => `${test.name} ${test.root}`).sort()).toEqual(
    [...tested.map((dir) => `${dir.split("/")[1]} ${dir}`), "ci .ci"].sort()
  )
})

it("scripts name the workspace file, which vitest does not look for by itself", () => {
  const { scripts } = JSON.parse(read(root, "package.json")) as {
    readonly scripts: Readonly<Record<string, string>>
  }
  for (const script of Object.values(scripts).filter((text) => text.includes("vitest"))) {
    expect(script).toContain("--config vitest.workspace.ts")
  }
})
