import { execFile } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

import { describe, expect, it } from "vitest"

const packages = fileURLToPath(new URL("../..", import.meta.url))
const numbered = /^\d\d-[\w-]+\.ts$/

const examples = readdirSync(packages)
  .map((name) => join(packages, name, "examples"))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => numbered.test(file))
      .sort()
      .map((file) => join(folder, file))
  )

const { FORCE_COLOR: _, ...env } = process.env

const execute = (
  file: string
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [file],
      { cwd: dirname(file), timeout: 60_000, env: { ...env, NO_COLOR: "1" } },
      (error, stdout, stderr) =>
        resolve({
          code: error === null ? 0 : typeof error.code === "number" ? error.code : -1,
          stdout,
          stderr
        })
    )
  })

describe("examples", () => {
  it("are found", () => {
    expect(examples.length).toBeGreaterThan(0)
  })

  for (const file of examples) {
    it.concurrent(
      `${file.slice(packages.length)} prints what its .out file says`,
      // Real programs with real clocks: a machine that is busy may be too slow once.
      { timeout: 90_000, retry: 2 },
      async ({ expect }) => {
        const { code, stderr, stdout } = await execute(file)
        expect(stdout, stderr).toBe(readFileSync(file.replace(/\.ts$/, ".out"), "utf8"))
        expect(code, stderr).toBe(0)
      }
    )
  }
})
