import { existsSync, symlinkSync } from "node:fs"
import { join } from "node:path"

import { describe, expect, it } from "vitest"

import { conformance, cookbook, decisions } from "../assemble.ts"
import { examples } from "../checks/examples.ts"
import { read } from "../lib/source.ts"
import { compare, normalise } from "../steps/demo.ts"
import { packages } from "../steps/packages.ts"
import { checkSnippets, snippetsOf } from "../steps/snippets.ts"
import { floating, types } from "../steps/types.ts"
import { findings, workspace } from "./workspace.ts"

const root = new URL("../..", import.meta.url).pathname
const slow = 120_000
const bins = `${root}node_modules/.bin`
if (!process.env["PATH"]!.startsWith(bins)) process.env["PATH"] = `${bins}:${process.env["PATH"]}`

const base = read(root, "tsconfig.base.json")
const project = JSON.stringify({
  extends: "../../tsconfig.base.json",
  compilerOptions: { composite: false, noEmit: true, declaration: false, declarationMap: false, types: [] },
  include: ["src"]
})

/** A workspace of one package with one file, with what this one has installed. */
const single = (text: string, config = base): string => {
  const dir = workspace({
    "tsconfig.base.json": config,
    ".ci/tsconfig.json": project.replace("../../", "../"),
    ".ci/src/a.ts": 'export * as Effect from "effect/Effect"\n',
    "packages/core/tsconfig.json": project,
    "packages/core/src/a.ts": text
  })
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"))
  return dir
}

describe("types", () => {
  it("fails on an error in any package", { timeout: slow }, async () => {
    expect(await types(single("export const a: string = 'a'\n"))).toEqual({ ok: true, output: "" })
    const { ok, output } = await types(single("export const a: string = 1\n"))
    expect(ok).toBe(false)
    expect(output).toContain("packages/core/src/a.ts(1,14): error TS2322")
  })
})

describe("floating", () => {
  const forgotten =
    'import * as Effect from "effect/Effect"\nexport const a = Effect.void\nEffect.log("never run")\n'

  it("fails on an effect that nobody yields", { timeout: slow }, async () => {
    expect(
      (await floating(single(forgotten.replace("\nEffect.log", "\nexport const b = Effect.log")))).ok
    ).toBe(true)
    const { ok, output } = await floating(single(forgotten))
    expect(ok).toBe(false)
    expect(output).toContain("a.ts(3,1): error effect(floatingEffect)")
  })

  it("fails when the diagnostics are not switched on", { timeout: slow }, async () => {
    const config = JSON.parse(base) as { compilerOptions: { plugins?: unknown } }
    delete config.compilerOptions.plugins
    const { ok, output } = await floating(single(forgotten, JSON.stringify(config)))
    expect(ok).toBe(false)
    expect(output).toContain("packages/core: no file was checked")
  })
})

describe("snippets", () => {
  const fenced = (info: string, code: string): string => `\`\`\`${info}\n${code}\n\`\`\`\n`
  const check = (text: string) => checkSnippets(root.slice(0, -1), snippetsOf("docs/x.md", text))

  it("takes blocks fenced as ts, with the output after them", () => {
    const text = `# A\n\n${fenced("ts", "console.log(1)")}\nprints\n\n${fenced("output", "1")}${fenced("sh", "ls")}${fenced("ts no-run", "a()")}`
    expect(snippetsOf("docs/x.md", text)).toEqual([
      { file: "docs/x.md", line: 3, code: "console.log(1)\n", runs: true, output: "1\n" },
      { file: "docs/x.md", line: 15, code: "a()\n", runs: false, output: undefined }
    ])
  })

  it("fails on a type error, a crash and another output", { timeout: slow }, async () => {
    const good = fenced(
      "ts",
      'import { Effect } from "effect"\nconsole.log(Effect.runSync(Effect.succeed(1)))'
    )
    expect(await check(good + fenced("output", "1"))).toEqual({ ok: true, output: "" })
    const { ok, output } = await check(
      [
        good + fenced("output", "2"),
        fenced("ts", "const a: string = 1"),
        fenced("ts", "process.exit(3)"),
        fenced("ts no-run", "process.exit(4)")
      ].join("\n")
    )
    expect(ok).toBe(false)
    expect(output).toContain("docs-x-md-9.ts(1,7): error TS2322")
    expect(output).toContain("docs/x.md:1: promised\n2\n\nprinted\n1\n")
    expect(output).toContain("docs/x.md:13: the program failed")
    expect(output).not.toContain("docs/x.md:17")
  })
})

describe("packages", () => {
  it("fails on a package whose exports lead nowhere", { timeout: slow }, async () => {
    const manifest = {
      name: "bad",
      version: "1.0.0",
      license: "MIT",
      type: "module",
      files: ["dist"],
      exports: "./dist/index.js"
    }
    const dir = workspace({
      "packages/bad/package.json": JSON.stringify(manifest),
      "packages/bad/dist/other.js": ""
    })
    expect(existsSync(join(dir, "packages/bad/dist"))).toBe(true)
    const { ok, output } = await packages(dir)
    expect(ok).toBe(false)
    expect(output).toContain("index.js")
    expect(output).toContain("does not exist")
  })
})

describe("examples", () => {
  it("wants what it prints and a place in the cookbook, and an example for each entry", () => {
    expect(
      findings(examples, {
        "packages/core/examples/03-gather.ts": "",
        "packages/core/examples/03-gather.out": "",
        "packages/core/examples/helper.ts": "",
        "docs/cookbook/04-settled.md": ""
      })
    ).toEqual([
      "packages/core/examples/03-gather.ts: docs/cookbook/03-gather.md is missing",
      "docs/cookbook/04-settled.md: no package has examples/04-settled.ts"
    ])
  })
})

describe("assemble", () => {
  const dir = () =>
    workspace({
      "docs/cookbook/03-gather.md":
        "# Gather\n\nIn Python `gather`. See [the file](../../packages/core/examples/03-gather.ts).",
      "docs/cookbook/04-settled.md": "## Settled: all of them\n\nSee [gather](03-gather.md).",
      "packages/core/examples/03-gather.ts": "console.log(1)\n",
      "packages/core/examples/03-gather.out": "1\n",
      "docs/adr/0001-first.md": "# 0001 First things first\n",
      "docs/conformance/lock.md": "# Lock\n\n| id |\n"
    })

  it("shows the example that runs, and what it prints, below its fragment", () => {
    const text = cookbook(dir())
    expect(text).toContain("- [Gather](#gather)\n- [Settled: all of them](#settled-all-of-them)\n")
    expect(text).toContain(
      "## Gather\n\nIn Python `gather`. See [the file](../packages/core/examples/03-gather.ts).\n\n```ts\nconsole.log(1)\n```\n\nprints\n\n```text\n1\n```\n"
    )
    expect(text).toContain("See [gather](cookbook/03-gather.md)")
  })

  it("lists the decisions by their titles", () => {
    expect(decisions(dir())).toMatch(/\n- \[0001 First things first\]\(0001-first\.md\)\n$/)
  })

  it("puts the areas of conformance under each other", () => {
    expect(conformance(dir())).toMatch(/^# Conformance\n[\s\S]*\n## Lock\n\n\| id \|\n$/)
  })
})

describe("demo", () => {
  const printed =
    "BROKEN http://127.0.0.1:4711/a\n  why: slow\n\nBROKEN http://127.0.0.1:1/\n\n1 at http://127.0.0.1:5000/ in 3.1 s\n"
  const readme = (shown: string) => `# A\n\n<!-- demo -->\n\n\`\`\`text\n${shown}\n\`\`\`\n`

  it("names ports and times alike", () => {
    expect(normalise(printed)).toBe(
      "BROKEN http://127.0.0.1:8081/a\n  why: slow\n\nBROKEN http://127.0.0.1:1/\n\n1 at http://127.0.0.1:8080/ in T"
    )
  })

  it("takes a part of what is printed, and nothing else", () => {
    const result = { ok: false, output: printed }
    expect(
      compare(readme("BROKEN http://127.0.0.1:1/\n\n...\n\n1 at http://127.0.0.1:8080/ in 9 s"), result)
    ).toEqual({
      ok: true,
      output: ""
    })
    expect(compare(readme("BROKEN http://127.0.0.1:2/"), result).output).toContain(
      "did not print:\nBROKEN http://127.0.0.1:2/\n"
    )
    expect(compare("# A", result).output).toContain("no block of text")
  })
})
