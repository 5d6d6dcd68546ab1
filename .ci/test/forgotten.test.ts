import { symlinkSync } from "node:fs"
import { join } from "node:path"

import { describe, expect, it } from "vitest"

import { run } from "../lib/run.ts"
import { read } from "../lib/source.ts"
import { workspace } from "./workspace.ts"

const root = new URL("../..", import.meta.url).pathname
const bin = (name: string): string => join(root, "node_modules/.bin", name)
const suppression =
  /^\s*\/\/ (?:oxlint-disable-next-line skein\/([\w-]+)|@effect-diagnostics-next-line (\w+):off)$/

/** The example without its suppressions, and what must be reported in which line. */
const exposed = (file: string) => {
  const lines: Array<string> = []
  const expected: Array<string> = []
  for (const line of read(root, file).split("\n")) {
    const match = suppression.exec(line)
    if (match === null) lines.push(line)
    else expected.push(`${lines.length + 1} ${match[1] ?? match[2]}`)
  }
  return { text: lines.join("\n"), expected }
}

const reported = async (text: string): Promise<ReadonlyArray<string>> => {
  const compilerOptions = { composite: false, noEmit: true, declaration: false, declarationMap: false }
  const dir = workspace({
    "example.ts": text,
    "tsconfig.json": JSON.stringify({
      extends: join(root, "tsconfig.base.json"),
      compilerOptions,
      files: ["example.ts"]
    })
  })
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"))
  const linted = await run(bin("oxlint"), ["-c", join(root, ".oxlintrc.json"), "-f", "unix", "example.ts"], {
    cwd: dir
  })
  const diagnosed = await run(
    bin("effect-tsgo"),
    [
      "diagnostics",
      "--project",
      "tsconfig.json",
      "--severity",
      "error,warning",
      "--strict",
      "--format",
      "text"
    ],
    { cwd: dir }
  )
  return [
    ...[...linted.output.matchAll(/^example\.ts:(\d+):\d+: .*skein\(([\w-]+)\)/gm)].map(
      (m) => `${m[1]} ${m[2]}`
    ),
    ...[...diagnosed.output.matchAll(/example\.ts\((\d+),\d+\): error effect\((\w+)\)/g)].map(
      (m) => `${m[1]} ${m[2]}`
    )
  ]
}

describe("mistakes in the examples", () => {
  for (const [name, count] of [
    ["02-floating", 4],
    ["21-unowned", 2]
  ] as const) {
    it(`${name}: each is reported where it is, and nothing else`, { timeout: 120_000 }, async () => {
      const { expected, text } = exposed(`packages/core/examples/${name}.ts`)
      expect(expected).toHaveLength(count)
      expect([...(await reported(text))].sort()).toEqual([...expected].sort())
    })
  }
})
